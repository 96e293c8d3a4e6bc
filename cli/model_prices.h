// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/catalog/catalog.h"

namespace llmgw {

/// The call that `models show` works out as an example.
inline constexpr std::uint64_t kExampleInput = 1000;
inline constexpr std::uint64_t kExampleOutput = 500;

/// What that call costs; nullopt when a price that it needs is not known.
[[nodiscard]] std::optional<Money> example_cost(const Mapping& mapping);

/// Everything a call can cost at one provider, line by line: tokens, tiers, other units, service
/// tiers and the example.
[[nodiscard]] std::string prices_text(const Mapping& mapping, bool terminal);

}  // namespace llmgw
