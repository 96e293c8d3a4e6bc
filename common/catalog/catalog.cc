// SPDX-License-Identifier: Apache-2.0
#include "common/catalog/catalog.h"

#include <algorithm>
#include <tuple>

#include "common/catalog/tables.h"
#include "common/catalog/wire_names.h"

namespace llmgw::catalog {

namespace {

/// The mapping of `model` at `provider` with its model; both nullptr when there is none.
ModelAtProvider at_provider(const Model* model, std::string_view provider) {
    const Mapping* mapping = model == nullptr ? nullptr : find_mapping(*model, provider);
    return mapping == nullptr ? ModelAtProvider{} : ModelAtProvider{model, mapping};
}

}  // namespace

std::span<const Provider> providers() {
    return tables::kProviders;
}

std::span<const Model> models() {
    return tables::kModels;
}

const Provider* find_provider(std::string_view id) {
    const auto all = tables::kProviders;
    const auto found = std::lower_bound(
        all.begin(), all.end(), id,
        [](const Provider& provider, std::string_view wanted) { return provider.id < wanted; });
    return found != all.end() && found->id == id ? &*found : nullptr;
}

const Model* find_model(std::string_view id_or_alias) {
    const auto all = tables::kModelNames;
    const auto found =
        std::lower_bound(all.begin(), all.end(), id_or_alias,
                         [](const tables::ModelName& entry, std::string_view wanted) {
                             return entry.name < wanted;
                         });
    return found != all.end() && found->name == id_or_alias ? &tables::kModels[found->model]
                                                            : nullptr;
}

const Mapping* find_mapping(const Model& model, std::string_view provider) {
    const auto found =
        std::find_if(model.mappings.begin(), model.mappings.end(),
                     [provider](const Mapping& mapping) { return mapping.provider == provider; });
    return found != model.mappings.end() ? &*found : nullptr;
}

ModelAtProvider find_at_provider(std::string_view provider, std::string_view model) {
    // An id says which model is meant; two models may share an upstream_id.
    if (const auto found = at_provider(find_model(model), provider); found.model != nullptr) {
        return found;
    }
    const auto all = tables::kUpstreamNames;
    const auto found =
        std::lower_bound(all.begin(), all.end(), std::tie(provider, model),
                         [](const tables::UpstreamName& entry, const auto& wanted) {
                             return std::tie(entry.provider, entry.upstream_id) < wanted;
                         });
    if (found == all.end() || found->provider != provider || found->upstream_id != model) {
        return {};
    }
    const Model& named = tables::kModels[found->model];
    return {&named, &named.mappings[found->mapping]};
}

bool is_active(const Mapping& mapping, std::string_view today) {
    return mapping.deactivated_at.empty() || today < mapping.deactivated_at;
}

std::optional<Rate> blended_price(const Prices& prices) {
    if (!prices.input || !prices.output) {
        return std::nullopt;
    }
    return Rate{(prices.input->nano_per_million + prices.output->nano_per_million) / 2};
}

const Prices& prices_for(const Mapping& mapping, std::uint64_t prompt_tokens) {
    for (const PriceTier& tier : mapping.tiers) {
        if (tier.up_to_tokens == 0 || prompt_tokens <= tier.up_to_tokens) {
            return tier.prices;
        }
    }
    return mapping.tiers.empty() ? mapping.prices : mapping.tiers.back().prices;
}

std::optional<Rate> unit_price(const Mapping& mapping, std::string_view unit) {
    for (const UnitPrice& price : mapping.unit_prices) {
        if (price.unit == unit) {
            return price.per_unit;
        }
    }
    return std::nullopt;
}

bool paid_by_tokens(const Mapping& mapping, const Prices& prices) {
    if (mapping.unit_prices.empty() || prices.input != Rate{0} || prices.output != Rate{0}) {
        return true;
    }
    // Tokens are free: a price for anything else but searches is what is paid instead.
    return unit_price(mapping, "request").has_value() ||
           std::all_of(mapping.unit_prices.begin(), mapping.unit_prices.end(),
                       [](const UnitPrice& price) { return price.unit == "web_search"; });
}

std::optional<std::uint32_t> service_tier_factor(std::string_view provider, std::string_view tier) {
    // What OpenAI, Anthropic and Groq answer when nothing special was asked for.
    if (tier.empty() || tier == "default" || tier == "standard" || tier == "on_demand") {
        return CostSum::kOne;
    }
    if (const Provider* const found = find_provider(provider)) {
        for (const ServiceTier& known : found->service_tiers) {
            if (known.id == tier) {
                return static_cast<std::uint32_t>(known.multiplier_milli);
            }
        }
    }
    return std::nullopt;
}

bool can_send(Wire wire) {
    return wire == Wire::openai || wire == Wire::anthropic || wire == Wire::gemini ||
           wire == Wire::mock;
}

std::string_view wire_name(Wire wire) {
    return kWireNames[static_cast<std::size_t>(wire)];
}

}  // namespace llmgw::catalog
