// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "common/routes/route.h"

namespace llmgw {

inline constexpr std::pair<std::string_view, RouteMode> kRouteModes[] = {
    {"single", RouteMode::single},
    {"fallback", RouteMode::fallback},
    {"loadbalance", RouteMode::loadbalance},
    {"conditional", RouteMode::conditional}};

/// As documents and logs call it.
[[nodiscard]] constexpr std::string_view route_mode_name(RouteMode mode) {
    for (const auto& [name, value] : kRouteModes) {
        if (value == mode) {
            return name;
        }
    }
    return "";
}

[[nodiscard]] constexpr std::optional<RouteMode> find_route_mode(std::string_view text) {
    for (const auto& [name, value] : kRouteModes) {
        if (name == text) {
            return value;
        }
    }
    return std::nullopt;
}

}  // namespace llmgw
