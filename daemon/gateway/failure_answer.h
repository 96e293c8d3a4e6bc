// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/gateway/attempt.h"
#include "daemon/gateway/exchange.h"

namespace llmgw {

/// Tells the client why nobody has answered: the last provider's own refusal when it is about the
/// request, or when nobody else was asked; else one error that lists all attempts.
Task<void> answer_failure(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                          Attempt& last);

}  // namespace llmgw
