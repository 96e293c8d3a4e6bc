// SPDX-License-Identifier: Apache-2.0
#include "cli/models.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/model_rows.h"
#include "cli/models_json.h"
#include "cli/output.h"
#include "cli/secret_input.h"
#include "cli/session.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace llmgw {
namespace {

/// The providers there is a key for, and the built-in one.
Result<std::vector<std::string>> usable_providers() {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto stored = session->store->provider_keys();
    if (!stored) {
        return tl::unexpected(stored.error());
    }
    std::vector<std::string> names = {"mock"};
    for (const auto& key : *stored) {
        if (key.enabled) {
            names.push_back(key.provider);
        }
    }
    for (const auto& key : environment_keys(*stored)) {
        names.push_back(key.provider);
    }
    return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// A filter that no model can pass is a typing error, not an empty list.
Result<void> check_filters(const ModelsListOptions& options) {
    if (!options.provider.empty() && catalog::find_provider(options.provider) == nullptr) {
        std::vector<std::string> names;
        for (const auto& provider : catalog::providers()) {
            names.emplace_back(provider.id);
        }
        return fail(Errc::not_found,
                    "the catalog has no provider '" + printable(options.provider) + "'",
                    suggest(options.provider, names, "llmgw providers catalog"));
    }
    std::vector<std::string> kinds;
    for (const auto& model : catalog::models()) {
        for (const auto kind : model.output) {
            if (!contains(kinds, kind)) {
                kinds.emplace_back(kind);
            }
        }
    }
    if (!options.output.empty() && !contains(kinds, options.output)) {
        std::string list;
        for (const auto& kind : kinds) {
            list += (list.empty() ? "" : ", ") + kind;
        }
        return fail(Errc::usage, "no model makes '" + printable(options.output) + "'",
                    "--output takes one of " + list);
    }
    return {};
}

std::string joined(const std::vector<std::string_view>& words) {
    std::string text;
    for (const auto word : words) {
        text += (text.empty() ? "" : ",") + std::string(word);
    }
    return text.empty() ? "-" : text;
}

/// Many providers would push the other columns off a terminal; a file gets them all.
std::string provider_names(const ModelRow& row, bool terminal) {
    constexpr std::size_t kShown = 3;
    std::vector<std::string_view> names;
    for (const auto* mapping : row.mappings) {
        if (!terminal || names.size() < kShown) {
            names.push_back(mapping->provider);
        }
    }
    const std::size_t more = row.mappings.size() - names.size();
    return joined(names) + (more == 0 ? "" : " +" + std::to_string(more));
}

void print_table(const GlobalOptions& global, const std::vector<ModelRow>& rows) {
    const bool terminal = is_terminal(STDOUT_FILENO);
    Table table({"MODEL", "PROVIDERS", "CONTEXT", "IN$/M", "OUT$/M", "CAPS"});
    for (const auto& row : rows) {
        const auto& prices = cheapest(row).prices;
        auto caps = abilities(row);
        // Nearly everything streams: on a terminal that would only be noise.
        if (terminal) {
            std::erase(caps, "streaming");
        }
        table.add({{std::string(row.model->id)},
                   {provider_names(row, terminal)},
                   {.text = show_tokens(largest_context(row), terminal), .right = true},
                   {.text = show_rate(prices.input), .right = true},
                   {.text = show_rate(prices.output), .right = true},
                   {joined(caps), Style::dim}});
    }
    table.print(global);
}

}  // namespace

std::vector<std::string> capability_names() {
    std::vector<std::string> names;
    for (const auto& capability : capabilities()) {
        names.emplace_back(capability.name);
    }
    return names;
}

Result<int> run_models_list(const GlobalOptions& global, const ModelsListOptions& options) {
    if (options.aliases) {
        return run_models_aliases(global);
    }
    if (auto checked = check_filters(options); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    const auto usable = usable_providers();
    if (!usable) {
        return tl::unexpected(usable.error());
    }
    const auto rows = select_models(options, *usable, today());
    if (global.json) {
        write_out(model_list_json(rows, *usable));
        return 0;
    }
    if (rows.empty()) {
        note(global, options.available && options.words.empty()
                         ? "no model can be used yet; next: llmgw providers add openai"
                         : "no model is like that; llmgw models list shows all");
        return 0;
    }
    print_table(global, rows);
    return 0;
}

}  // namespace llmgw
