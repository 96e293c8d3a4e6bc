// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "daemon/gateway/attempt.h"
#include "daemon/gateway/exchange.h"
#include "daemon/gateway/router.h"

namespace llmgw {

/// What has come of asking providers: one that answers, or why there is none.
struct Asked {
    const Candidate* candidate = nullptr;  ///< who was asked last; nullptr: nobody
    Attempt last;                          ///< has an answer when it gives one
    std::optional<Turn> turn;              ///< of that answer: not reported yet
    std::optional<Error> refusal;          ///< what the client is told instead of all that

    [[nodiscard]] bool answers() const { return last.answer != nullptr; }
};

/// What a request says about its routing.
[[nodiscard]] RouteQuery route_query(Exchange& exchange, const InferenceCall& call);

/// With `strict`: why a request that would have to be changed for a provider is refused instead.
Task<std::optional<Error>> strict_refusal(Exchange& exchange, const InferenceCall& call,
                                          const Candidate& candidate);

/// Asks one provider of the plan after the other until one answers.
Task<void> find_answer(Exchange& exchange, const InferenceCall& call, const Plan& plan, Asked& out);

/// Gives the client the answer that was found, counts it, and reports it to the router.
Task<void> pass_on(Exchange& exchange, const InferenceCall& call, Asked& asked);

}  // namespace llmgw
