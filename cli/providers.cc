// SPDX-License-Identifier: Apache-2.0
#include "cli/providers.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/output.h"
#include "cli/provider_rows.h"
#include "cli/rests.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {
namespace {

/// For verbs that change what is stored: a key of the environment is not theirs to change.
Result<ProviderRow> find_stored(Store& store, const std::string& label) {
    auto row = find_provider_row(store, label);
    if (row && !row->stored) {
        return fail(Errc::failed,
                    "'" + label + "' is not stored: its key comes from " + row->key.source_ref,
                    "unset the variable, or store a key: llmgw providers add " + label);
    }
    return row;
}

Result<int> set_enabled(const GlobalOptions& global, const std::string& label, bool enabled) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    // One of the environment can only end its rest.
    auto row =
        enabled ? find_provider_row(*session->store, label) : find_stored(*session->store, label);
    if (!row) {
        return tl::unexpected(std::move(row.error()));
    }
    auto done = row->stored ? session->store->set_provider_enabled(label, enabled) : true;
    if (!done) {
        return tl::unexpected(std::move(done.error()));
    }
    row->key.enabled = enabled;
    // What it had to rest for may be mended.
    if (auto renewed = enabled ? renew_key(*session->store, *row) : Result<void>(); !renewed) {
        return tl::unexpected(std::move(renewed.error()));
    }
    if (global.json) {
        write_out(provider_json_text(*row));
    } else {
        note(global, (enabled ? "enabled " : "disabled ") + label +
                         (enabled ? "" : "; again with: llmgw providers enable " + label));
    }
    return 0;
}

std::string joined(const std::span<const std::string_view> words) {
    std::string text;
    for (const auto word : words) {
        text += (text.empty() ? "" : " ") + std::string(word);
    }
    return text;
}

std::size_t model_count(std::string_view provider) {
    const auto models = catalog::models();
    return static_cast<std::size_t>(std::count_if(
        models.begin(), models.end(),
        [&](const Model& model) { return catalog::find_mapping(model, provider) != nullptr; }));
}

bool has_words(const Provider& provider, const std::vector<std::string>& words) {
    const std::string text = to_lower(std::string(provider.id) + " " + std::string(provider.name));
    return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
        return text.find(to_lower(word)) != std::string::npos;
    });
}

Json provider_json(const Provider& provider) {
    Json regions = Json::array();
    for (const auto& endpoint : provider.regions) {
        regions.push_back(std::string(endpoint.region));
    }
    Json variables = Json::array();
    for (const auto variable : provider.env) {
        variables.push_back(std::string(variable));
    }
    const auto text = [](std::string_view value) {
        return value.empty() ? Json(nullptr) : Json(std::string(value));
    };
    return {{"id", std::string(provider.id)},
            {"name", std::string(provider.name)},
            {"models", model_count(provider.id)},
            {"wire", std::string(catalog::wire_name(provider.wire))},
            {"can_send", catalog::can_send(provider.wire)},
            {"base_url", text(provider.base_url)},
            {"env", std::move(variables)},
            {"regions", std::move(regions)},
            {"website", text(provider.website)}};
}

}  // namespace

Result<int> run_providers_list(const GlobalOptions& global) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto rows = provider_rows(*session->store);
    if (!rows) {
        return tl::unexpected(rows.error());
    }
    if (global.json) {
        write_out(provider_list_json_text(*rows));
        return 0;
    }
    if (rows->empty()) {
        note(global, "no provider has a key yet; next: llmgw providers add openai");
        for (const LocalServer& server : find_local_servers()) {
            note(global, server.provider + " answers at " + server.base_url +
                             "; next: llmgw providers add " + server.provider);
        }
        return 0;
    }
    Table table({"LABEL", "PROVIDER", "BASE-URL", "KEY", "STATE"});
    for (const auto& row : *rows) {
        const auto state = provider_state(row);
        const bool ready = row.key.enabled && row.rests.empty();
        table.add({{row.key.label},
                   {row.key.provider},
                   {row.key.base_url.empty() ? "-" : row.key.base_url},
                   {key_description(row.key)},
                   {state, ready ? Style::plain : Style::yellow}});
    }
    table.print(global);
    return 0;
}

Result<int> run_providers_show(const GlobalOptions& global, const ProviderLabel& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto row = find_provider_row(*session->store, options.label);
    if (!row) {
        return tl::unexpected(row.error());
    }
    if (global.json) {
        write_out(provider_json_text(*row));
        return 0;
    }
    const auto& key = row->key;
    const bool terminal = is_terminal(STDOUT_FILENO);
    std::string text = "label     " + key.label + "\nprovider  " + key.provider + "\naddress   " +
                       (key.base_url.empty() ? "-" : key.base_url) + "\nkey       " +
                       key_description(key) + "\nstate     " + provider_state(*row) +
                       "\nweight    " + std::to_string(key.weight) + "\n";
    text += key.region.empty() ? "" : "region    " + printable(key.region) + "\n";
    for (const auto& [name, value] : key.options) {
        text += "option    " + printable(name) + "=" + printable(value) + "\n";
    }
    for (const auto& rest : row->rests) {
        text += "rest      " + rest_text(rest) + "\n";
    }
    text += row->stored ? "added     " + show_time(key.created_at, terminal) + "\n" : "";
    write_out(text);
    return 0;
}

Result<int> run_providers_enable(const GlobalOptions& global, const ProviderLabel& options) {
    return set_enabled(global, options.label, true);
}

Result<int> run_providers_disable(const GlobalOptions& global, const ProviderLabel& options) {
    return set_enabled(global, options.label, false);
}

Result<int> run_providers_remove(const GlobalOptions& global, const ProviderLabel& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto row = find_stored(*session->store, options.label);
    if (!row) {
        return tl::unexpected(row.error());
    }
    if (!options.yes) {
        const auto sure = confirm(global, "Remove " + options.label + " and its key?", "--yes");
        if (!sure) {
            return tl::unexpected(sure.error());
        }
        if (!*sure) {
            return fail(Errc::failed, "nothing was removed");
        }
    }
    if (auto removed = session->store->remove_provider_key(options.label); !removed) {
        return tl::unexpected(std::move(removed.error()));
    }
    // Who has the label next, such as a key in the environment, has to rest for nothing.
    if (auto renewed = session->store->renew_provider_key(options.label, unix_ms()); !renewed) {
        return tl::unexpected(std::move(renewed.error()));
    }
    if (global.json) {
        write_out(provider_json_text(*row));
    } else {
        note(global, "removed " + options.label);
    }
    return 0;
}

Result<int> run_providers_catalog(const GlobalOptions& global,
                                  const ProvidersCatalogOptions& options) {
    std::vector<const Provider*> found;
    for (const auto& provider : catalog::providers()) {
        if (has_words(provider, options.words)) {
            found.push_back(&provider);
        }
    }
    std::sort(found.begin(), found.end(),
              [](const Provider* a, const Provider* b) { return a->id < b->id; });
    if (global.json) {
        Json list = Json::array();
        for (const auto* provider : found) {
            list.push_back(provider_json(*provider));
        }
        write_out(print_json(list, 2) + "\n");
        return 0;
    }
    Table table({"ID", "NAME", "MODELS", "WIRE", "SENDS", "VARIABLE"});
    for (const auto* provider : found) {
        const bool sends = catalog::can_send(provider->wire);
        table.add({{std::string(provider->id)},
                   {std::string(provider->name)},
                   {.text = std::to_string(model_count(provider->id)), .right = true},
                   {std::string(catalog::wire_name(provider->wire))},
                   {sends ? "yes" : "not yet", sends ? Style::plain : Style::dim},
                   {provider->env.empty() ? "-" : joined(provider->env)}});
    }
    table.print(global);
    return 0;
}

}  // namespace llmgw
