// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "daemon/gateway/exchange.h"

namespace llmgw {

/// The route that a request takes: of its gateway key, or of the model's name, be it `route/NAME`,
/// `route/NAME/MODEL` or an alias of one. nullptr: none. Errors: there is no such route, or the key
/// may not take it.
[[nodiscard]] Result<std::shared_ptr<const RouteCall>> find_route(const Snapshot& snapshot,
                                                                  std::string_view key_route,
                                                                  std::string_view model);

/// Takes a request through Exchange::route, target by target, until one answers. The answer of the
/// last one is the route's, be it good or bad.
Task<void> serve_route(Exchange& exchange, std::shared_ptr<const InferenceCall> call);

}  // namespace llmgw
