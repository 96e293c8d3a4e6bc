// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "daemon/gateway/attempt.h"
#include "daemon/gateway/exchange.h"
#include "daemon/gateway/usage.h"

namespace llmgw {

/// What is known of an answer once it is relayed.
struct Outcome {
    std::optional<Usage> usage;
    std::optional<Cost> cost;
    bool complete = false;  ///< the client has got all of it
};

/// Sends a whole answer, with the additions.
Task<Outcome> relay_plain(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                          const Attempt& attempt);

/// Relays a stream of events as they arrive. A provider that fails in the middle becomes an error
/// event, without `[DONE]`; a client that reads slowly slows the provider down; one that leaves
/// ends the call.
Task<Outcome> relay_stream(Exchange& exchange, const InferenceCall& call,
                           const Candidate& candidate, Attempt& attempt);

}  // namespace llmgw
