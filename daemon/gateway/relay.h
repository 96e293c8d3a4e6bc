// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/gateway/attempt.h"
#include "daemon/gateway/exchange.h"

namespace llmgw {

/// Passes a provider's answer on to the client, and completes the exchange's outcome and the
/// attempt's report. A whole answer goes out at once. Events of a stream go out as they arrive: a
/// provider that fails in the middle becomes an error event, without `[DONE]`; a client that reads
/// slowly slows the provider down; one that leaves ends the call.
Task<void> relay(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                 Attempt& attempt);

}  // namespace llmgw
