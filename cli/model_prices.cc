// SPDX-License-Identifier: Apache-2.0
#include "cli/model_prices.h"

#include "cli/model_rows.h"

namespace llmgw {
namespace {

std::string price_line(const Prices& prices) {
    std::string line =
        "in " + show_rate(prices.input) + ", out " + show_rate(prices.output) + " $/M";
    const struct {
        const char* name;
        const std::optional<Rate>& rate;
    } others[] = {{"cached", prices.cached_input},           {"cache write", prices.cache_write},
                  {"cache write 1h", prices.cache_write_1h}, {"image in", prices.image_input},
                  {"image out", prices.image_output},        {"audio in", prices.audio_input},
                  {"audio out", prices.audio_output}};
    for (const auto& [name, rate] : others) {
        line += rate ? std::string(", ") + name + " " + show_rate(rate) : "";
    }
    return line;
}

/// US dollars for one unit; the files have at most nine digits behind the point for it.
std::string show_unit_price(Rate rate) {
    constexpr std::int64_t kMillion = 1'000'000;
    return "$" + to_decimal(Money{rate.nano_per_million / kMillion});
}

/// "flex 0.5x, priority 2.5x"
std::string service_tiers_line(const Mapping& mapping) {
    std::string line;
    for (const std::string_view tier : mapping.service_tiers) {
        const auto factor = catalog::service_tier_factor(mapping.provider, tier);
        constexpr std::int64_t kNanoPerMilli = 1'000'000;
        line += (line.empty() ? "" : ", ") + std::string(tier) + " " +
                (factor ? to_decimal(Money{*factor * kNanoPerMilli}) : "?") + "x";
    }
    return line;
}

}  // namespace

std::optional<Money> example_cost(const Mapping& mapping) {
    const Prices& prices = catalog::prices_for(mapping, kExampleInput);
    if (!prices.input || !prices.output || !catalog::paid_by_tokens(mapping, prices)) {
        return std::nullopt;
    }
    CostSum sum;
    sum.add(kExampleInput, *prices.input);
    sum.add(kExampleOutput, *prices.output);
    sum.add(1, catalog::unit_price(mapping, "request").value_or(Rate{}));
    return sum.total();
}

std::string prices_text(const Mapping& mapping, bool terminal) {
    std::string text;
    if (mapping.tiers.empty()) {
        text += "  price     " + price_line(mapping.prices) + "\n";
    }
    for (const auto& tier : mapping.tiers) {
        text += &tier == mapping.tiers.data() ? "  price     " : "            ";
        text += price_line(tier.prices);
        if (tier.up_to_tokens != 0) {
            text += ", prompts up to " + show_tokens(tier.up_to_tokens, terminal) + " tokens\n";
        } else {
            text += ", longer prompts\n";
        }
    }
    for (const auto& price : mapping.unit_prices) {
        text +=
            "  each      " + std::string(price.unit) + " " + show_unit_price(price.per_unit) + "\n";
    }
    if (!mapping.service_tiers.empty()) {
        text += "  tiers     " + service_tiers_line(mapping) + "\n";
    }
    const auto cost = example_cost(mapping);
    return text +
           "  example   1,000 in + 500 out tokens: " + (cost ? "$" + to_decimal(*cost) : "?") +
           "\n";
}

}  // namespace llmgw
