// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/cache/cached_answer.h"
#include "daemon/gateway/additions.h"
#include "daemon/gateway/exchange.h"

namespace llmgw {

/// What a client gets with an answer.
struct AnswerExtras {
    std::string fields;  ///< header lines
    Additions additions;
};

/// Sends a complete answer in the form that the client wants, whichever it has. False, and nothing
/// is sent, when it cannot be had in that form.
Task<bool> send_stored(Exchange& exchange, const InferenceCall& call, const CachedAnswer& answer,
                       const AnswerExtras& extras);

/// An answer that is a hit: sets Exchange::hit and sends it.
Task<bool> send_hit(Exchange& exchange, const InferenceCall& call, const CachedAnswer& answer,
                    std::optional<double> similarity);

/// What belongs to a hit.
[[nodiscard]] AnswerExtras hit_extras(const Exchange& exchange, const InferenceCall& call);

}  // namespace llmgw
