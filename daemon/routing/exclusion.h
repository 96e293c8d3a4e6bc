// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace llmgw {

/// Why a provider cannot answer a request, or is not asked.
enum class Exclusion : std::uint8_t {
    none,
    disabled,          // by the user
    unusable,          // its secret or address is not usable
    unsupported_wire,  // a format that this version cannot send
    no_key,            // the catalog's provider has no key here
    deactivated,       // no longer offered
    unstable,          // marked so in the catalog
    priority_zero,     // by the user
    no_vision,
    no_tools,
    no_json_schema,
    no_reasoning,
    no_audio,
    no_documents,
    no_streaming,
    context_too_small,
    other_region,
    rate_limited,  // rests: the provider asked for it
    refused,       // rests: the key was not taken
    failing,       // rests: it failed too often
};

/// One sentence about it, without a subject: "does not take images".
[[nodiscard]] std::string_view describe(Exclusion exclusion);
/// "no_vision", and back.
[[nodiscard]] std::string_view exclusion_name(Exclusion exclusion);
[[nodiscard]] std::optional<Exclusion> read_exclusion(std::string_view name);

/// Whether it passes by itself: the key rests.
[[nodiscard]] constexpr bool is_rest(Exclusion exclusion) {
    return exclusion == Exclusion::rate_limited || exclusion == Exclusion::refused ||
           exclusion == Exclusion::failing;
}

}  // namespace llmgw
