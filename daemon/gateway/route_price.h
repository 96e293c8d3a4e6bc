// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "common/catalog/catalog.h"
#include "common/store/settings.h"
#include "daemon/routing/score.h"

namespace llmgw {

/// What decides who is cheaper for a request: nano-dollars for a million tokens, half of them input
/// and half output; where prompts are large and so mostly the same as before, as much from the
/// cache and as little output as routing.cache_hit_rate and routing.output_ratio say. nullopt: a
/// price that is needed is unknown.
[[nodiscard]] std::optional<double> route_price(const Mapping& mapping, const RouteRequest& request,
                                                const RoutingSettings& settings);

}  // namespace llmgw
