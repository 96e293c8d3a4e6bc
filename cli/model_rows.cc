// SPDX-License-Identifier: Apache-2.0
#include "cli/model_rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"

namespace llmgw {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Can can(const Mapping& mapping, const std::string& capability) {
    for (const auto& each : capabilities()) {
        if (each.name == capability) {
            return mapping.*each.field;
        }
    }
    return Can::unknown;
}

bool wanted(const Mapping& mapping, const ModelsListOptions& options, const std::string& date,
            const std::vector<std::string>& usable) {
    if (!options.provider.empty() && mapping.provider != options.provider) {
        return false;
    }
    if (!options.all && !catalog::is_active(mapping, date)) {
        return false;
    }
    if (options.available && !contains(usable, mapping.provider)) {
        return false;
    }
    return std::all_of(
        options.capabilities.begin(), options.capabilities.end(),
        [&](const std::string& capability) { return can(mapping, capability) == Can::yes; });
}

bool wanted(const Model& model, const ModelsListOptions& options) {
    std::string text = std::string(model.id) + " " + std::string(model.name);
    for (const auto alias : model.aliases) {
        text += " " + std::string(alias);
    }
    text = to_lower(text);
    const bool has_words = std::all_of(
        options.words.begin(), options.words.end(),
        [&](const std::string& word) { return text.find(to_lower(word)) != std::string::npos; });
    const bool has_output =
        options.output.empty() ||
        std::find(model.output.begin(), model.output.end(), options.output) != model.output.end();
    return has_words && has_output;
}

void sort_rows(std::vector<ModelRow>& rows, const std::string& order) {
    std::sort(rows.begin(), rows.end(),
              [](const ModelRow& a, const ModelRow& b) { return a.model->id < b.model->id; });
    if (order == "price") {
        std::stable_sort(rows.begin(), rows.end(), [](const ModelRow& a, const ModelRow& b) {
            const auto left = catalog::blended_price(cheapest(a).prices);
            const auto right = catalog::blended_price(cheapest(b).prices);
            return left && (!right || *left < *right);  // unknown ones last
        });
    } else if (order == "context") {
        std::stable_sort(rows.begin(), rows.end(), [](const ModelRow& a, const ModelRow& b) {
            return largest_context(a) > largest_context(b);
        });
    } else if (order == "released") {
        std::stable_sort(rows.begin(), rows.end(), [](const ModelRow& a, const ModelRow& b) {
            return a.model->released > b.model->released;
        });
    }
}

}  // namespace

std::span<const Capability> capabilities() {
    static constexpr std::array<Capability, 11> kCapabilities = {{
        {"streaming", &Mapping::streaming},
        {"vision", &Mapping::vision},
        {"tools", &Mapping::tools},
        {"parallel-tools", &Mapping::parallel_tools},
        {"json", &Mapping::json_mode},
        {"schema", &Mapping::json_schema},
        {"reasoning", &Mapping::reasoning},
        {"web-search", &Mapping::web_search},
        {"audio", &Mapping::audio_in},
        {"document", &Mapping::document_in},
        {"responses", &Mapping::responses_api},
    }};
    return kCapabilities;
}

const Mapping& cheapest(const ModelRow& row) {
    return **std::min_element(row.mappings.begin(), row.mappings.end(),
                              [](const Mapping* a, const Mapping* b) {
                                  const auto left = catalog::blended_price(a->prices);
                                  const auto right = catalog::blended_price(b->prices);
                                  return left && (!right || *left < *right);
                              });
}

std::uint64_t largest_context(const ModelRow& row) {
    std::uint64_t context = 0;
    for (const auto* mapping : row.mappings) {
        context = std::max(context, mapping->context);
    }
    return context;
}

std::vector<std::string_view> abilities(const ModelRow& row) {
    std::vector<std::string_view> names;
    for (const auto& capability : capabilities()) {
        const bool able = std::any_of(
            row.mappings.begin(), row.mappings.end(),
            [&](const Mapping* mapping) { return mapping->*capability.field == Can::yes; });
        if (able) {
            names.push_back(capability.name);
        }
    }
    return names;
}

std::string show_rate(const std::optional<Rate>& rate) {
    return rate ? to_decimal(Money{rate->nano_per_million}) : "?";
}

std::string show_tokens(std::uint64_t tokens, bool terminal) {
    constexpr std::uint64_t kThousand = 1000;
    if (tokens == 0) {
        return "?";
    }
    if (!terminal || tokens < kThousand) {
        return std::to_string(tokens);
    }
    const std::uint64_t thousands = tokens / kThousand;
    return thousands % kThousand == 0 ? std::to_string(thousands / kThousand) + "M"
                                      : std::to_string(thousands) + "k";
}

std::vector<ModelRow> select_models(const ModelsListOptions& options,
                                    const std::vector<std::string>& usable,
                                    const std::string& date) {
    std::vector<ModelRow> rows;
    for (const auto& model : catalog::models()) {
        if (!wanted(model, options)) {
            continue;
        }
        ModelRow row{.model = &model, .mappings = {}};
        for (const auto& mapping : model.mappings) {
            if (wanted(mapping, options, date, usable)) {
                row.mappings.push_back(&mapping);
            }
        }
        if (!row.mappings.empty()) {
            rows.push_back(std::move(row));
        }
    }
    sort_rows(rows, options.sort);
    return rows;
}

}  // namespace llmgw
