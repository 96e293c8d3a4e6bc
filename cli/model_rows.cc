// SPDX-License-Identifier: Apache-2.0
#include "cli/model_rows.h"

#include <algorithm>
#include <array>

namespace llmgw {

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

}  // namespace llmgw
