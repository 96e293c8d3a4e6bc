// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/gateway/core.h"
#include "daemon/gateway/inference_call.h"
#include "daemon/http/client.h"
#include "daemon/http/head.h"
#include "daemon/net/task.h"

namespace llmgw {

/// One authenticated inference request, from its bytes to the end of its answer: check, resolve
/// the model, try the providers in turn, relay, account. `head` and `client` stay until it ends.
Task<void> serve_inference(Core& core, Endpoint endpoint, const RequestHead& head, std::string body,
                           Client& client);

}  // namespace llmgw
