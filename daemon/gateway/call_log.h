// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/gateway/exchange.h"
#include "daemon/gateway/inference_call.h"

namespace llmgw {

/// Hands a request that is over to the log, if there is one: its outcome, and each failed attempt
/// before the last, which the outcome stands for. `call` is nullptr for a request that could not be
/// read.
void log_request(const Exchange& exchange, Endpoint endpoint, const InferenceCall* call);

}  // namespace llmgw
