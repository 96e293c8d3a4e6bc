// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/gateway/exchange.h"
#include "daemon/gateway/provider_call.h"
#include "daemon/gateway/refusal.h"

namespace llmgw {

/// How a call to one provider went.
struct Attempt {
    /// Set when the provider answers the request: an open stream, or a whole body in `body`.
    std::unique_ptr<UpstreamAnswer> answer;
    std::string body;
    std::vector<JsonField> fields;  ///< of a whole body; they point into it
    /// The body is server-sent events: `body` holds the first of them, the rest is to be read.
    bool streaming = false;

    /// Otherwise: what to tell the client if no other provider does better, and who may be asked.
    Error error;
    NextAttempt next = NextAttempt::anybody;
    int refused_status = 0;  ///< the provider's own status and body, to be passed on as they are
    /// What the provider's refusal means in OpenAI's format, also where it is not passed on by
    /// itself: then `body` has its words all the same. 0: there was none.
    int told_status = 0;
    bool timed_out = false;    ///< it did not begin to answer within CallTerms::timeout_ms
    std::string retry_fields;  ///< Retry-After and rate-limit headers
    std::string changes;       ///< for `x-llmgw-changed`

    /// For the router: complete when it failed, else up to where the answer begins.
    CallReport report;
    Exchange::Clock::time_point began;  ///< when the answer, or its first content, was there
};

/// Sends a request to one provider and waits until it is known whether the provider answers it:
/// for a stream its first content, for a plain answer all of it. Adds its record to the exchange.
Task<void> attempt(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                   Attempt& out);

/// A request as one provider gets it, with its images fetched if it needs them. Errors as
/// adapt_call().
Task<Result<ProviderCall>> make_provider_call(Exchange& exchange, const InferenceCall& call,
                                              const Candidate& candidate);

}  // namespace llmgw
