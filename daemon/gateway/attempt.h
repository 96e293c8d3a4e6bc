// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/gateway/exchange.h"
#include "daemon/providers/adapted_request.h"

namespace llmgw {

/// The upstream request as it is sent, secret included, up to its empty line.
[[nodiscard]] std::string upstream_head(const Candidate& candidate, const AdaptedRequest& request,
                                        const InferenceCall& call, const RequestHead& client_head,
                                        std::string_view secret);

/// How a call to one provider went.
struct Attempt {
    /// Set when the provider answers the request: an open stream, or a whole body in `body`.
    std::unique_ptr<UpstreamAnswer> answer;
    std::string body;
    std::vector<JsonField> fields;  ///< of a whole body; they point into it
    /// The body is server-sent events: `body` holds the first of them, the rest is to be read.
    bool streaming = false;

    /// Otherwise: what to tell the client if no other provider does better. A refusal that belongs
    /// to the request (`final`) ends the search.
    Error error;
    bool final = false;
    int refused_status = 0;    ///< the provider's own status and body, to be passed on as they are
    std::string retry_fields;  ///< Retry-After and rate-limit headers
    std::string changes;       ///< for `x-llmgw-changed`
};

/// Sends a request to one provider and waits until it is known whether the provider answers it:
/// for a stream its first event, for a plain answer all of it. Adds its record to the exchange.
Task<void> attempt(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                   Attempt& out);

/// Headers of an upstream's answer that the client gets too, as header lines.
[[nodiscard]] std::string passed_on_fields(const ResponseHead& head);

}  // namespace llmgw
