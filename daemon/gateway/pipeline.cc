// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/pipeline.h"

#include <algorithm>
#include <utility>

#include "daemon/api/errors.h"
#include "daemon/gateway/attempt.h"
#include "daemon/gateway/exchange.h"
#include "daemon/gateway/provider_call.h"
#include "daemon/gateway/relay.h"
#include "daemon/gateway/resolve.h"
#include "daemon/log.h"

namespace llmgw {

namespace {

// How many of the candidates may be tried.
std::size_t attempt_limit(const Exchange& exchange, std::size_t candidates) {
    if (exchange.no_fallback) {
        return std::min<std::size_t>(1, candidates);
    }
    const auto retries = static_cast<std::size_t>(exchange.snapshot->settings.routing.max_retries);
    return std::min(candidates, retries + 1);
}

// With `strict`: why a request that would have to be changed is refused instead.
Task<std::optional<Error>> strict_refusal(Exchange& exchange, const InferenceCall& call,
                                          const Candidate& candidate) {
    auto made = adapt_call(call, candidate, exchange.images);
    if (lacks_images(made)) {
        co_await fetch_images(exchange, call);
        made = adapt_call(call, candidate, exchange.images);
    }
    if (!made) {
        co_return std::nullopt;  // the attempt tells why
    }
    const AdaptedRequest& adapted = made->request;
    if (adapted.dropped.empty() && adapted.clamped.empty()) {
        co_return std::nullopt;
    }
    Error error;
    error.kind = Errc::invalid_request;
    error.code = "unsupported_parameter";
    error.param = adapted.dropped.empty() ? adapted.clamped.front() : adapted.dropped.front();
    error.message = std::string(candidate.provider_name()) +
                    " does not take the request as it is: " + adapted.changes();
    error.hint = "llmgw config set strict false lets llmgw change it";
    co_return error;
}

// "openai (500), groq (no answer)": the attempts for a person.
std::string list_attempts(const Exchange& exchange) {
    std::string text;
    for (const AttemptRecord& attempt : exchange.attempts) {
        text += (text.empty() ? "" : ", ") + attempt.provider + " (" +
                (attempt.status == 0 ? attempt.error : std::to_string(attempt.status)) + ")";
    }
    return text;
}

// Tells the client why nobody answered: the provider's own refusal when there was only one.
Task<void> answer_failure(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                          Attempt& last) {
    std::string fields = exchange.answer_fields(candidate, last.changes) + last.retry_fields;
    exchange.core.stats.errors++;
    AnswerHead head;
    // A request that no provider can be asked is not their failure.
    const bool only_one = exchange.attempts.size() == 1 || last.error.kind == Errc::invalid_request;
    if (last.refused_status != 0 && (last.final || only_one)) {
        head.status = last.refused_status;
    } else {
        Error error = last.error;
        if (!only_one) {
            error.kind = Errc::upstream;
            error.code = "all_providers_failed";
            error.message = "every provider that was tried failed: " + list_attempts(exchange) +
                            "; the last: " + last.error.message;
            fields += "x-should-retry: false\r\n";
        }
        head.status = http_status(error);
        last.body =
            error_document(error, exchange.plain ? "" : exchange.metadata(call.model, candidate));
    }
    head.fields = std::move(fields);
    std::vector<std::string_view> body(1, last.body);
    co_await exchange.client.answer(head, std::move(body));
}

// Where the token counts come from, for the log.
std::string usage_source(const Outcome& outcome) {
    if (!outcome.usage) {
        return "unknown";
    }
    return outcome.usage->estimated ? "estimated" : "provider";
}

void account(Exchange& exchange, const Candidate& candidate, const Outcome& outcome) {
    Stats& stats = exchange.core.stats;
    stats.errors += outcome.complete ? 0 : 1;
    if (outcome.usage) {
        stats.prompt_tokens += outcome.usage->prompt();
        stats.completion_tokens += outcome.usage->completion();
    }
    if (outcome.cost) {
        stats.cost += outcome.cost->total;
    }
    if (log_enabled(LogLevel::debug)) {
        log(LogLevel::debug, outcome.complete ? "answered" : "cut off",
            {{"request_id", exchange.request_id},
             {"provider", std::string(candidate.provider_name())},
             {"model", std::string(candidate.model_name())},
             {"cost", outcome.cost ? to_decimal(outcome.cost->total) : "unknown"},
             {"usage", usage_source(outcome)}});
    }
}

Task<void> relay(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                 Attempt& answered) {
    Outcome outcome;
    if (answered.streaming) {
        exchange.core.stats.streams++;
        outcome = co_await relay_stream(exchange, call, candidate, answered);
        exchange.core.stats.streams--;
    } else {
        outcome = co_await relay_plain(exchange, call, candidate, answered);
    }
    account(exchange, candidate, outcome);
}

void log_failed(const Exchange& exchange, const Attempt& failed) {
    log(LogLevel::warn, "a provider failed",
        {{"request_id", exchange.request_id},
         {"provider", exchange.attempts.back().provider},
         {"error", failed.error.message}});
}

}  // namespace

Task<void> serve_inference(Core& core, Endpoint endpoint, const RequestHead& head, std::string body,
                           Client& client) {
    Exchange exchange(core, client, head);
    core.stats.requests++;
    const auto call = InferenceCall::parse(endpoint, std::move(body));
    if (!call) {
        co_await answer_error(exchange, call.error());
        co_return;
    }
    const auto offers = resolve_model(*exchange.snapshot, (*call)->model, needs_of(**call));
    if (!offers) {
        co_await answer_error(exchange, offers.error());
        co_return;
    }
    const std::vector<Candidate>& candidates = offers->candidates;
    const GoneWatch watch(client, [&exchange] {
        if (exchange.active != nullptr) {
            exchange.active->cancel();
        }
    });
    const std::size_t limit = attempt_limit(exchange, candidates.size());
    for (std::size_t i = 0; i < limit; i++) {
        const Candidate& candidate = candidates[i];
        if (exchange.snapshot->settings.strict && !candidate.mock) {
            const auto refusal = co_await strict_refusal(exchange, **call, candidate);
            if (refusal) {
                co_await answer_error(exchange, *refusal);
                co_return;
            }
        }
        Attempt tried;
        if (!client.gone()) {
            co_await attempt(exchange, **call, candidate, tried);
        }
        if (tried.answer) {
            co_await relay(exchange, **call, candidate, tried);
            exchange.active = nullptr;
            co_return;
        }
        if (client.gone()) {
            core.stats.errors++;
            co_return;
        }
        if (!tried.final) {
            log_failed(exchange, tried);
        }
        if (tried.final || i + 1 == limit || exchange.time_left().count() <= 0) {
            co_await answer_failure(exchange, **call, candidate, tried);
            co_return;
        }
    }
}

}  // namespace llmgw
