// SPDX-License-Identifier: Apache-2.0
#include "cli/models_json.h"

#include <algorithm>
#include <cstdlib>

#include "cli/model_prices.h"
#include "common/base/json_io.h"

namespace llmgw {
namespace {

Json text_or_null(std::string_view text) {
    return text.empty() ? Json(nullptr) : Json(std::string(text));
}

Json count_or_null(std::uint64_t count) {
    return count == 0 ? Json(nullptr) : Json(count);
}

/// Dollars as a number that prints as the exact decimal: prices have far fewer digits than a double
/// holds.
Json rate_json(const std::optional<Rate>& rate) {
    if (!rate) {
        return nullptr;
    }
    if (rate->nano_per_million % 1'000'000'000 == 0) {
        return rate->nano_per_million / 1'000'000'000;
    }
    return std::strtod(show_rate(rate).c_str(), nullptr);
}

template <typename Texts>
Json list_json(const Texts& texts) {
    Json list = Json::array();
    for (const auto& text : texts) {
        list.push_back(std::string(text));
    }
    return list;
}

/// US dollars for a million tokens.
Json prices_json(const Prices& prices) {
    return {{"input", rate_json(prices.input)},
            {"output", rate_json(prices.output)},
            {"cached_input", rate_json(prices.cached_input)},
            {"cache_write", rate_json(prices.cache_write)},
            {"cache_write_1h", rate_json(prices.cache_write_1h)},
            {"image_input", rate_json(prices.image_input)},
            {"image_output", rate_json(prices.image_output)},
            {"audio_input", rate_json(prices.audio_input)},
            {"audio_output", rate_json(prices.audio_output)}};
}

Json capabilities_json(const Mapping& mapping) {
    Json document = Json::object();
    for (const auto& capability : capabilities()) {
        const Can can = mapping.*capability.field;
        document[std::string(capability.name)] =
            can == Can::unknown ? Json(nullptr) : Json(can == Can::yes);
    }
    return document;
}

Json tiers_json(const Mapping& mapping) {
    Json tiers = Json::array();
    for (const auto& tier : mapping.tiers) {
        tiers.push_back({{"up_to_tokens", count_or_null(tier.up_to_tokens)},
                         {"usd_per_million", prices_json(tier.prices)}});
    }
    return tiers;
}

Json unit_prices_json(const Mapping& mapping) {
    Json units = Json::object();
    for (const auto& price : mapping.unit_prices) {
        units[std::string(price.unit)] = rate_json(price.per_unit);
    }
    return units;
}

Json service_tier_multipliers_json(const Mapping& mapping) {
    Json multipliers = Json::object();
    for (const auto tier : mapping.service_tiers) {
        const auto factor = catalog::service_tier_factor(mapping.provider, tier);
        constexpr std::int64_t kNanoPerMilli = 1'000'000;
        multipliers[std::string(tier)] =
            rate_json(factor ? std::optional(Rate{*factor * kNanoPerMilli}) : std::nullopt);
    }
    return multipliers;
}

Json example_json(const Mapping& mapping) {
    const auto cost = example_cost(mapping);
    return {{"input_tokens", kExampleInput},
            {"output_tokens", kExampleOutput},
            {"cost_usd", rate_json(cost ? std::optional(Rate{cost->nano}) : std::nullopt)}};
}

Json mapping_json(const Mapping& mapping, const std::string& today) {
    return {{"provider", std::string(mapping.provider)},
            {"upstream_id", std::string(mapping.upstream_id)},
            {"active", catalog::is_active(mapping, today)},
            {"context", count_or_null(mapping.context)},
            {"max_output", count_or_null(mapping.max_output)},
            {"usd_per_million", prices_json(mapping.prices)},
            {"tiers", tiers_json(mapping)},
            {"usd_per_million_units", unit_prices_json(mapping)},
            {"service_tier_multipliers", service_tier_multipliers_json(mapping)},
            {"example", example_json(mapping)},
            {"capabilities", capabilities_json(mapping)},
            {"reasoning_efforts", list_json(mapping.reasoning_efforts)},
            {"supported_parameters", list_json(mapping.supported_parameters)},
            {"regions", list_json(mapping.regions)},
            {"service_tiers", list_json(mapping.service_tiers)},
            {"stability", text_or_null(mapping.stability)},
            {"quantization", text_or_null(mapping.quantization)},
            {"deprecated_at", text_or_null(mapping.deprecated_at)},
            {"deactivated_at", text_or_null(mapping.deactivated_at)}};
}

Json model_head(const Model& model) {
    return {{"id", std::string(model.id)},
            {"name", text_or_null(model.name)},
            {"family", text_or_null(model.family)},
            {"released", text_or_null(model.released)},
            {"stability", text_or_null(model.stability)},
            {"free", model.free},
            {"aliases", list_json(model.aliases)},
            {"output", list_json(model.output)}};
}

}  // namespace

std::string model_list_json(const std::vector<ModelRow>& rows,
                            const std::vector<std::string>& usable) {
    Json list = Json::array();
    for (const auto& row : rows) {
        Json providers = Json::array();
        bool available = false;
        for (const auto* mapping : row.mappings) {
            providers.push_back(std::string(mapping->provider));
            available = available ||
                        std::find(usable.begin(), usable.end(), mapping->provider) != usable.end();
        }
        const auto& prices = cheapest(row).prices;
        Json document = model_head(*row.model);
        document["providers"] = std::move(providers);
        document["context"] = count_or_null(largest_context(row));
        document["input_usd_per_million"] = rate_json(prices.input);
        document["output_usd_per_million"] = rate_json(prices.output);
        document["capabilities"] = list_json(abilities(row));
        document["available"] = available;
        list.push_back(std::move(document));
    }
    return print_json(list, 2) + "\n";
}

std::string model_json(const Model& model, const std::string& today) {
    Json document = model_head(model);
    Json mappings = Json::array();
    for (const auto& mapping : model.mappings) {
        mappings.push_back(mapping_json(mapping, today));
    }
    document["mappings"] = std::move(mappings);
    return print_json(document, 2) + "\n";
}

}  // namespace llmgw
