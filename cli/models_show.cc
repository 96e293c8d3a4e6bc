// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <utility>

#include "cli/model_prices.h"
#include "cli/model_rows.h"
#include "cli/models.h"
#include "cli/models_json.h"
#include "cli/output.h"
#include "cli/routes.h"
#include "cli/secret_input.h"
#include "cli/session.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace llmgw {
namespace {

constexpr std::string_view kRoutePrefix = "route/";

std::vector<std::string> model_names(const std::vector<ModelAlias>& aliases) {
    std::vector<std::string> names;
    names.reserve(aliases.size() + catalog::models().size());
    for (const auto& alias : aliases) {
        names.push_back(alias.name);
    }
    for (const auto& model : catalog::models()) {
        names.emplace_back(model.id);
        names.insert(names.end(), model.aliases.begin(), model.aliases.end());
    }
    return names;
}

Error unknown_model(const std::string& name, const std::vector<ModelAlias>& aliases) {
    const auto slash = name.find('/');
    const std::string word = slash == std::string::npos ? name : name.substr(slash + 1);
    const std::string shown = looks_like_secret(name) ? "" : " '" + printable(name) + "'";
    return fail(Errc::not_found, "there is no model" + shown,
                suggest(word, model_names(aliases), "llmgw models list shows them"))
        .value();
}

/// A model of the catalog, by id, by alias of the catalog, or as PROVIDER/MODEL.
const Model* model_of(const std::string& name) {
    if (const auto* model = catalog::find_model(name)) {
        return model;
    }
    const auto slash = name.find('/');
    return slash == std::string::npos
               ? nullptr
               : catalog::find_at_provider(name.substr(0, slash), name.substr(slash + 1)).model;
}

std::string mapping_text(const Mapping& mapping, const std::string& today, bool terminal) {
    std::string text =
        "\n" + std::string(mapping.provider) + "/" + std::string(mapping.upstream_id);
    text += catalog::is_active(mapping, today) ? "" : "  (no longer offered)";
    text += mapping.stability.empty() ? "\n" : "  (" + std::string(mapping.stability) + ")\n";
    text += prices_text(mapping, terminal);
    text += "  context   " + show_tokens(mapping.context, terminal) + ", answers up to " +
            show_tokens(mapping.max_output, terminal) + "\n";
    std::string able;
    for (const auto& capability : capabilities()) {
        if (mapping.*capability.field == Can::yes) {
            able += (able.empty() ? "" : ", ") + std::string(capability.name);
        }
    }
    text += "  can       " + (able.empty() ? "?" : able) + "\n";
    text += mapping.deprecated_at.empty()
                ? ""
                : "  deprecated on " + std::string(mapping.deprecated_at) + "\n";
    text += mapping.deactivated_at.empty()
                ? ""
                : "  ends on       " + std::string(mapping.deactivated_at) + "\n";
    return text;
}

std::string model_text(const Model& model, const std::string& today, bool terminal) {
    std::string text = std::string(model.id) + "  " + std::string(model.name) + "\n";
    const auto add = [&](const char* name, const std::string& value) {
        text += value.empty() ? "" : std::string(name) + value + "\n";
    };
    std::string aliases;
    for (const auto alias : model.aliases) {
        aliases += (aliases.empty() ? "" : ", ") + std::string(alias);
    }
    std::string output;
    for (const auto kind : model.output) {
        output += (output.empty() ? "" : ", ") + std::string(kind);
    }
    add("family    ", std::string(model.family));
    add("released  ", std::string(model.released));
    add("aliases   ", aliases);
    add("makes     ", output);
    for (const auto& mapping : model.mappings) {
        text += mapping_text(mapping, today, terminal);
    }
    return text;
}

/// What an alias may stand for: anything the gateway resolves, but not another alias, so that one
/// look-up is enough and no circle can be made.
Result<void> check_target(Store& store, const std::string& target,
                          const std::vector<ModelAlias>& aliases) {
    for (const auto& alias : aliases) {
        if (alias.name == target) {
            return fail(Errc::usage, "'" + target + "' is an alias itself",
                        "name its model instead: " + alias.target);
        }
    }
    if (target == "auto" || model_of(target) != nullptr) {
        return {};
    }
    if (target.starts_with(kRoutePrefix)) {
        const std::string name = target.substr(kRoutePrefix.size());  // maybe with a model behind
        const auto route = find_route(store, name.substr(0, name.find('/')));
        return route ? Result<void>() : tl::unexpected(route.error());
    }
    const auto slash = target.find('/');
    const std::string first = target.substr(0, slash);
    if (slash != std::string::npos && slash + 1 < target.size()) {
        const std::string label = first.starts_with("@") ? first.substr(1) : first;
        const auto key = store.provider_key(label);
        if (!key) {
            return tl::unexpected(key.error());
        }
        // What a stored provider serves is for it to know.
        if (key->has_value() || first == "mock") {
            return {};
        }
    }
    return tl::unexpected(unknown_model(target, aliases));
}

}  // namespace

Result<int> run_models_aliases(const GlobalOptions& global) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto aliases = session->store->aliases();
    if (!aliases) {
        return tl::unexpected(aliases.error());
    }
    Json list = Json::array();
    Table table({"ALIAS", "MODEL"});
    for (const auto& alias : *aliases) {
        list.push_back({{"name", alias.name}, {"target", alias.target}});
        table.add({{alias.name}, {alias.target}});
    }
    if (global.json) {
        write_out(print_json(list, 2) + "\n");
    } else if (table.empty()) {
        note(global, "there is no alias yet; next: llmgw models alias NAME MODEL");
    } else {
        table.print(global);
    }
    return 0;
}

Result<int> run_models_show(const GlobalOptions& global, const ModelName& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto aliases = session->store->aliases();
    if (!aliases) {
        return tl::unexpected(aliases.error());
    }
    std::string name = options.name;
    for (const auto& alias : *aliases) {
        name = alias.name == options.name ? alias.target : name;
    }
    if (name.starts_with(kRoutePrefix)) {
        return fail(Errc::usage, "'" + printable(name) + "' is a route, not a model",
                    "llmgw routes show " + printable(name.substr(kRoutePrefix.size())));
    }
    const Model* model = model_of(name);
    if (model == nullptr) {
        return tl::unexpected(unknown_model(name, *aliases));
    }
    const std::string date = today();
    write_out(global.json ? model_json(*model, date)
                          : model_text(*model, date, is_terminal(STDOUT_FILENO)));
    return 0;
}

Result<int> run_models_alias(const GlobalOptions& global, const ModelsAliasOptions& options) {
    if (auto checked = check_name("an alias", options.name); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    if (options.name == "auto" || catalog::find_model(options.name) != nullptr) {
        return fail(Errc::usage, "'" + options.name + "' is a model already",
                    "choose another name");
    }
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto aliases = session->store->aliases();
    if (!aliases) {
        return tl::unexpected(aliases.error());
    }
    if (auto checked = check_target(*session->store, options.target, *aliases); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    if (auto set = session->store->set_alias({options.name, options.target}); !set) {
        return tl::unexpected(std::move(set.error()));
    }
    if (global.json) {
        write_out(print_json({{"name", options.name}, {"target", options.target}}, 2) + "\n");
    } else {
        note(global, options.name + " now means " + options.target + "; next: llmgw chat -m " +
                         options.name);
    }
    return 0;
}

Result<int> run_models_unalias(const GlobalOptions& global, const ModelName& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto removed = session->store->remove_alias(options.name);
    if (!removed) {
        return tl::unexpected(removed.error());
    }
    if (!*removed) {
        std::vector<std::string> names;
        for (const auto& alias : session->store->aliases().value_or(std::vector<ModelAlias>{})) {
            names.push_back(alias.name);
        }
        return fail(Errc::not_found, "there is no alias '" + printable(options.name) + "'",
                    suggest(options.name, names, "llmgw models list --aliases shows them"));
    }
    if (global.json) {
        write_out(print_json({{"name", options.name}, {"removed", true}}, 2) + "\n");
    } else {
        note(global, "removed the alias " + options.name);
    }
    return 0;
}

}  // namespace llmgw
