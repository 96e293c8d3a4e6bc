// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/gateway/route_call.h"
#include "daemon/gateway/snapshot.h"
#include "daemon/portkey/inline_config.h"
#include "daemon/portkey/request_headers.h"

namespace llmgw {

/// What a request says besides these headers.
struct PortkeyBody {
    std::string_view model;      ///< empty: it has none
    std::string_view key_route;  ///< that all requests of its gateway key take; empty: none
};

/// The route that a request with Portkey's headers takes: of a saved config, of one that it brings,
/// or one of a single target, which the headers name; nullptr: they name nobody. Fails with what
/// Portkey refuses, too, and with what is inline while `portkey.inline_config` is off.
[[nodiscard]] Result<std::shared_ptr<const RouteCall>> select_by_portkey(
    const Snapshot& snapshot, InlineConfigs& configs, const PortkeyRequest& request,
    const PortkeyBody& body);

/// A route with what a request's headers say of its targets: they come before the config's.
[[nodiscard]] std::shared_ptr<const RouteCall> with_portkey_headers(const Snapshot& snapshot,
                                                                    const RouteCall& route,
                                                                    const PortkeyRequest& request);

}  // namespace llmgw
