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

/// What a request with Portkey's headers asks for.
struct PortkeyTarget {
    std::string model;  ///< as if the body had named it: "route/NAME/MODEL" for a saved config
    std::shared_ptr<RouteCall> route;  ///< made of the headers; nullptr: the model says it all
};

/// What a request says besides these headers.
struct PortkeyBody {
    std::string_view model;      ///< empty: it has none
    std::string_view key_route;  ///< that all requests of its gateway key take; empty: none
};

/// Fails with what Portkey refuses, too, and with what
/// is inline while `portkey.inline_config` is off.
[[nodiscard]] Result<PortkeyTarget> select_by_portkey(const Snapshot& snapshot,
                                                      InlineConfigs& configs,
                                                      const PortkeyRequest& request,
                                                      const PortkeyBody& body);

/// A route with what a request's headers say of its targets: they come before the config's.
[[nodiscard]] std::shared_ptr<const RouteCall> with_portkey_headers(const Snapshot& snapshot,
                                                                    const RouteCall& route,
                                                                    const PortkeyRequest& request);

}  // namespace llmgw
