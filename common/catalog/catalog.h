// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/money.h"

namespace llmgw {

/// The format a provider's API speaks. Not all of them can be sent to: see can_send().
enum class Wire : std::uint8_t {
    openai,
    anthropic,
    gemini,
    vertex,
    vertex_anthropic,
    bedrock,
    azure,
    azure_anthropic,
    cohere,
    media,    // image, video or speech APIs of their own
    unknown,  // the catalog knows the provider's models, but no API address
    mock,     // the built-in provider: answered inside llmgw, without any network
};

/// A provider's region and the host that serves it.
struct RegionEndpoint {
    std::string_view region;
    std::string_view url;
};

/// A service tier (`flex`, `priority`) and its factor on token prices, in thousandths.
struct ServiceTier {
    std::string_view id;
    std::int64_t multiplier_milli;
};

/// One provider of the catalog. Everything points into the binary's read-only data.
struct Provider {
    std::string_view id;    ///< "openai": the prefix of PROVIDER/MODEL
    std::string_view name;  ///< "OpenAI"
    Wire wire;
    std::string_view base_url;  ///< with its version path; empty when it depends on the account
    std::span<const std::string_view> env;  ///< variables that usually hold its key, best first
    std::string_view website;
    std::string_view status_page;
    std::string_view headquarters;  ///< ISO 3166 country
    /// Top-level request fields its API answers with an error: dropped, and named to the client.
    std::span<const std::string_view> rejects;
    std::int64_t max_temperature_milli;  ///< 0: the format's own limit
    std::span<const ServiceTier> service_tiers;
    std::string_view default_region;
    std::span<const RegionEndpoint> regions;
};

/// Prices of one model at one provider; an absent one is unknown, never free.
struct Prices {
    std::optional<Rate> input;
    std::optional<Rate> output;
    std::optional<Rate> cached_input;
    std::optional<Rate> cache_write;
    std::optional<Rate> cache_write_1h;
    std::optional<Rate> image_input;
    std::optional<Rate> image_output;
    std::optional<Rate> audio_input;
    std::optional<Rate> audio_output;
};

/// Prices that hold for a whole request with up to so many prompt tokens (0: any number).
struct PriceTier {
    std::uint64_t up_to_tokens;
    Prices prices;
};

/// A price for something else than tokens, such as one request or one web search.
struct UnitPrice {
    std::string_view unit;
    Rate per_unit;  ///< nano-dollars for a million of them, as everywhere
};

/// What a model can do at a provider. `unknown` is not `no`: such a request is still sent.
enum class Can : std::uint8_t { unknown, no, yes };

/// One model as one provider serves it.
struct Mapping {
    std::string_view provider;
    std::string_view upstream_id;  ///< what goes into the request's `model`
    Prices prices;
    std::span<const PriceTier> tiers;  ///< ascending; replace `prices` where they apply
    std::span<const UnitPrice> unit_prices;
    std::uint64_t context = 0;     ///< tokens; 0: unknown
    std::uint64_t max_output = 0;  ///< tokens; 0: unknown
    Can streaming, vision, tools, parallel_tools, json_mode, json_schema, reasoning, web_search,
        audio_in, document_in, responses_api;
    bool responses_only = false;  ///< offered by the Responses API alone: not by chat completions
    std::span<const std::string_view> reasoning_efforts;
    std::span<const std::string_view> tool_choices;
    /// Request fields that the provider takes for this model; empty: not known.
    std::span<const std::string_view> supported_parameters;
    /// Top-level request fields that it answers with an error, beside those of Provider::rejects.
    std::span<const std::string_view> rejects;
    std::span<const std::string_view> regions;
    std::span<const std::string_view> service_tiers;
    std::int64_t max_temperature_milli = 0;
    std::string_view stability;       ///< "", "unstable", "experimental", "beta"…
    std::string_view quantization;    ///< "", "fp8"…
    std::string_view deprecated_at;   ///< "" or a date, "2026-07-20"
    std::string_view deactivated_at;  ///< "" or a date; from then on it is not offered
};

/// One model of the catalog.
struct Model {
    std::string_view id;
    std::string_view name;
    std::string_view family;
    std::string_view released;  ///< a date
    std::string_view stability;
    bool free = false;
    std::span<const std::string_view> aliases;
    std::span<const std::string_view> output;  ///< "text", "image", "embedding"…
    std::span<const Mapping> mappings;         ///< in the data file's order, one a provider
};

/// The providers and models that llmgw knows: data from common/catalog/data, checked and compiled
/// into the binary, so nothing is read at start. Any thread may call it.
namespace catalog {

/// Both in the order of their ids.
[[nodiscard]] std::span<const Provider> providers();
[[nodiscard]] std::span<const Model> models();

/// nullptr when there is none of that id. Lookups are binary searches, without allocation.
[[nodiscard]] const Provider* find_provider(std::string_view id);
/// By id or by one of the model's aliases.
[[nodiscard]] const Model* find_model(std::string_view id_or_alias);
/// The mapping of `model` at `provider`, or nullptr.
[[nodiscard]] const Mapping* find_mapping(const Model& model, std::string_view provider);
/// The model whose id or alias that is, or else the one that the provider calls so, with its
/// mapping.
struct ModelAtProvider {
    const Model* model = nullptr;
    const Mapping* mapping = nullptr;
};
[[nodiscard]] ModelAtProvider find_at_provider(std::string_view provider, std::string_view model);

/// Whether the mapping is still offered on a day ("2026-11-23").
[[nodiscard]] bool is_active(const Mapping& mapping, std::string_view today);

/// What decides "cheapest": (input + output) / 2 for a million tokens; nullopt when unknown.
[[nodiscard]] std::optional<Rate> blended_price(const Prices& prices);

/// The prices that hold for a request with so many prompt tokens.
[[nodiscard]] const Prices& prices_for(const Mapping& mapping, std::uint64_t prompt_tokens);

/// The price of one unit other than tokens ("request", "web_search"); nullopt when it has none.
[[nodiscard]] std::optional<Rate> unit_price(const Mapping& mapping, std::string_view unit);

/// Whether tokens and requests are all that a model is paid by, with these of its prices: not
/// seconds of video, characters of speech or pieces of images.
[[nodiscard]] bool paid_by_tokens(const Mapping& mapping, const Prices& prices);

/// A service tier's factor on a provider's token prices, in thousandths; nullopt for a tier whose
/// prices are not known. The usual tier, which is also the empty one, has 1000.
[[nodiscard]] std::optional<std::uint32_t> service_tier_factor(std::string_view provider,
                                                               std::string_view tier);

/// Whether this version can send requests in a provider's format.
[[nodiscard]] bool can_send(Wire wire);
[[nodiscard]] std::string_view wire_name(Wire wire);

}  // namespace catalog
}  // namespace llmgw
