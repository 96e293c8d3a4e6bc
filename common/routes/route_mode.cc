// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "common/routes/route.h"

namespace llmgw {

namespace {

constexpr std::pair<RouteMode, std::string_view> kModes[] = {
    {RouteMode::single, "single"},
    {RouteMode::fallback, "fallback"},
    {RouteMode::loadbalance, "loadbalance"},
    {RouteMode::conditional, "conditional"},
};

}  // namespace

std::string_view route_mode_name(RouteMode mode) {
    for (const auto& [known, name] : kModes) {
        if (known == mode) {
            return name;
        }
    }
    LLMGW_ASSERT(false);
}

std::optional<RouteMode> find_route_mode(std::string_view name) {
    for (const auto& [mode, known] : kModes) {
        if (known == name) {
            return mode;
        }
    }
    return std::nullopt;
}

}  // namespace llmgw
