// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace llmgw::generator {

/// What a field of the data files holds, and so how it is checked and written.
enum class Kind {
    id,             // lower-case letters, digits and ".-_"
    text,           // any text
    date,           // "2026-11-23"
    url,            // https://…, without a slash at the end
    wire,           // one of kWireNames
    count,          // a whole number from 1
    milli,          // a number with at most three digits behind the point; written in thousandths
    flag,           // true or false
    can,            // true or false, with "unknown" where it is absent
    texts,          // a list of texts
    prices,         // an object of decimals: dollars per million
    units,          // an object of decimals: dollars for one unit of that name
    tiers,          // a list of kTierFields
    service_tiers,  // a list of kServiceTierFields
    endpoints,      // an object of regions and their addresses
    mappings,       // a list of kMappingFields
};

/// A field of a data file. A new one needs a row here, in the order of its struct in catalog.h.
struct Field {
    std::string_view name;
    Kind kind;
    bool required = false;
    std::string_view member = {};  ///< its name in catalog.h where that differs
};

inline constexpr std::array kProviderFields{
    Field{"id", Kind::id, true},
    Field{"name", Kind::text, true},
    Field{"wire", Kind::wire, true},
    Field{"base_url", Kind::url},
    Field{"env", Kind::texts},
    Field{"website", Kind::url},
    Field{"status_page", Kind::url},
    Field{"headquarters", Kind::text},
    Field{"rejects", Kind::texts},
    Field{"max_temperature", Kind::milli, false, "max_temperature_milli"},
    Field{"service_tiers", Kind::service_tiers},
    Field{"default_region", Kind::text},
    Field{"regions", Kind::endpoints},
};

inline constexpr std::array kServiceTierFields{
    Field{"id", Kind::id, true},
    Field{"multiplier", Kind::milli, true, "multiplier_milli"},
};

inline constexpr std::array kModelFields{
    Field{"id", Kind::id, true},         Field{"name", Kind::text, true},
    Field{"released", Kind::date, true}, Field{"stability", Kind::text},
    Field{"free", Kind::flag},           Field{"aliases", Kind::texts},
    Field{"output", Kind::texts, true},  Field{"mappings", Kind::mappings, true},
};

inline constexpr std::array kMappingFields{
    Field{"provider", Kind::id, true},
    Field{"upstream_id", Kind::text, true},
    Field{"usd_per_million", Kind::prices, false, "prices"},
    Field{"tiers", Kind::tiers},
    Field{"usd_per_unit", Kind::units, false, "unit_prices"},
    Field{"context", Kind::count},
    Field{"max_output", Kind::count},
    Field{"streaming", Kind::can},
    Field{"vision", Kind::can},
    Field{"tools", Kind::can},
    Field{"parallel_tools", Kind::can},
    Field{"json_mode", Kind::can},
    Field{"json_schema", Kind::can},
    Field{"reasoning", Kind::can},
    Field{"web_search", Kind::can},
    Field{"audio_in", Kind::can},
    Field{"document_in", Kind::can},
    Field{"responses_api", Kind::can},
    Field{"responses_only", Kind::flag},
    Field{"reasoning_efforts", Kind::texts},
    Field{"tool_choices", Kind::texts},
    Field{"supported_parameters", Kind::texts},
    Field{"rejects", Kind::texts},
    Field{"regions", Kind::texts},
    Field{"service_tiers", Kind::texts},
    Field{"max_temperature", Kind::milli, false, "max_temperature_milli"},
    Field{"stability", Kind::text},
    Field{"quantization", Kind::text},
    Field{"deprecated_at", Kind::date},
    Field{"deactivated_at", Kind::date},
};

inline constexpr std::array kTierFields{
    Field{"up_to_tokens", Kind::count},
    Field{"usd_per_million", Kind::prices, true, "prices"},
};

inline constexpr std::array<std::string_view, 9> kPrices{
    "input",       "output",       "cached_input", "cache_write",  "cache_write_1h",
    "image_input", "image_output", "audio_input",  "audio_output",
};

}  // namespace llmgw::generator
