// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/failure_answer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/api/errors.h"

namespace llmgw {

namespace {

// "openai (500), groq (network_error)": the attempts for a person.
std::string list_attempts(const Exchange& exchange) {
    std::string text;
    for (const AttemptRecord& attempt : exchange.attempts) {
        text += text.empty() ? "" : ", ";
        text += attempt.provider;
        text += " (";
        text += attempt.status == 0 ? std::string(attempt.error) : std::to_string(attempt.status);
        text += ')';
    }
    return text;
}

// When it may be worth asking again, if it was a rate limit that ended the search: the first of the
// providers to be ready.
std::string wait_fields(const Exchange& exchange) {
    std::optional<std::int64_t> shortest;
    for (const AttemptRecord& attempt : exchange.attempts) {
        if (attempt.wait_ms) {
            shortest = std::min(shortest.value_or(*attempt.wait_ms), *attempt.wait_ms);
        }
    }
    if (!shortest || !exchange.attempts.back().wait_ms) {
        return {};
    }
    return "retry-after: " + std::to_string((*shortest + 999) / 1000) +
           "\r\nretry-after-ms: " + std::to_string(*shortest) + "\r\n";
}

}  // namespace

Task<void> answer_failure(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                          Attempt& last) {
    exchange.core.stats.errors++;
    exchange.outcome.error = exchange.attempts.back().error;
    // A request that no provider can be asked is not their failure.
    const bool only_one = exchange.attempts.size() == 1 || last.error.kind == Errc::invalid_request;
    AnswerHead head;
    head.fields = exchange.answer_fields(candidate, last.changes);
    if (last.refused_status != 0 && (only_one || last.next != NextAttempt::anybody)) {
        head.status = last.refused_status;
        head.fields += last.retry_fields;
    } else {
        Error error = last.error;
        head.fields += only_one ? last.retry_fields : wait_fields(exchange);
        if (!only_one) {
            error.kind = Errc::upstream;
            error.code = "all_providers_failed";
            error.message = "every provider that was tried failed: " + list_attempts(exchange) +
                            "; the last: " + last.error.message;
            head.fields += "x-should-retry: false\r\n";
        }
        head.status = http_status(error);
        last.body =
            error_document(error, exchange.plain ? "" : exchange.metadata(call.model, &candidate));
    }
    std::vector<std::string_view> body(1, last.body);
    co_await exchange.answer(head, std::move(body));
}

}  // namespace llmgw
