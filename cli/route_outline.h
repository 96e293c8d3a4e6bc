// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/routes/route.h"

namespace llmgw {

/// A route for people: its nodes as a tree, a line each, and what each one does.
[[nodiscard]] std::string route_outline(const RouteNode& root);

/// "fallback", or what a route of one target asks.
[[nodiscard]] std::string route_summary(const RouteNode& root);

/// How many targets a route has that ask somebody.
[[nodiscard]] std::size_t count_leaves(const RouteNode& root);

}  // namespace llmgw
