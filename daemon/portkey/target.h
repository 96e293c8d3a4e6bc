// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/gateway/exchange.h"

namespace llmgw {

/// Has a request take the route that its headers of Portkey's say, if they do. False: the headers
/// were refused, and so the request has been answered. `key_route`: as of InferenceRequest.
Task<bool> take_portkey_target(Exchange& exchange, const InferenceCall& call,
                               std::string_view key_route);

}  // namespace llmgw
