// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "daemon/gateway/core.h"
#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/route_call.h"
#include "daemon/http/client.h"
#include "daemon/http/head.h"
#include "daemon/net/task.h"
#include "daemon/portkey/request_headers.h"

namespace llmgw {

struct InferenceRequest {
    Endpoint endpoint;
    const RequestHead& head;
    std::string body;
    /// The Vault::short_id() of the gateway key; empty without one, or while nothing needs it.
    std::string gateway_key;
    /// What its headers for Portkey say; none without one, or with `portkey.compat` off.
    std::unique_ptr<PortkeyRequest> portkey;
    std::string key_route;  ///< the name of the route that all requests of that key take
    /// A route that came with the request, whatever its model and its key say.
    std::shared_ptr<const RouteCall> route;
};

/// One authenticated inference request, from its bytes to the end of its answer: check, resolve
/// the model, try the providers in turn, relay, account. `request.head` and `client` stay until it
/// ends.
Task<void> serve_inference(Core& core, InferenceRequest request, Client& client);

}  // namespace llmgw
