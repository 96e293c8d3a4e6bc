// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/ask_providers.h"

#include <utility>

#include "common/base/clock.h"
#include "daemon/gateway/relay.h"
#include "daemon/gateway/session_key.h"
#include "daemon/log.h"

namespace llmgw {

namespace {

// Whether somebody may be asked after `asked` has not answered.
bool may_follow(const Candidate& candidate, const Candidate& asked, const Attempt& last) {
    if (last.next != NextAttempt::larger_context) {
        return last.next == NextAttempt::anybody;
    }
    return candidate.mapping != nullptr && asked.mapping != nullptr && asked.mapping->context > 0 &&
           candidate.mapping->context > asked.mapping->context;
}

void log_failed(const Exchange& exchange, const Attempt& failed) {
    log(LogLevel::warn, "a provider failed",
        {{"request_id", exchange.request_id},
         {"provider", std::string(exchange.attempts.back().provider)},
         {"error", failed.error.message}});
}

void account(Exchange& exchange) {
    const Outcome& outcome = exchange.outcome;
    Stats& stats = exchange.core.stats;
    stats.errors += outcome.complete ? 0 : 1;
    // What is only estimated of a failed answer is shown, and not charged.
    const bool charged = outcome.complete || (outcome.usage && !outcome.usage->estimated);
    if (outcome.usage && charged) {
        stats.prompt_tokens += outcome.usage->prompt();
        stats.completion_tokens += outcome.usage->completion();
    }
    if (outcome.cost && charged) {
        stats.cost += outcome.cost->total;
    }
    if (log_enabled(LogLevel::debug)) {
        const AttemptRecord& answered = exchange.attempts.back();
        log(LogLevel::debug, outcome.complete ? "answered" : "cut off",
            {{"request_id", exchange.request_id},
             {"provider", std::string(answered.provider)},
             {"model", std::string(answered.model)},
             {"cost", outcome.cost ? to_decimal(outcome.cost->total) : "unknown"},
             {"usage", std::string(outcome.usage_source())}});
    }
}

}  // namespace

RouteQuery route_query(Exchange& exchange, const InferenceCall& call) {
    RouteQuery query;
    query.model = call.model;
    query.session = session_key(exchange.head, call);
    query.strategy = call.strategy;
    query.needs = needs_of(call);
    query.no_fallback = exchange.no_fallback;
    query.seed = exchange.core.random();
    return query;
}

Task<std::optional<Error>> strict_refusal(Exchange& exchange, const InferenceCall& call,
                                          const Candidate& candidate) {
    if (!exchange.snapshot->settings.strict || candidate.mock) {
        co_return std::nullopt;
    }
    const auto made = co_await make_provider_call(exchange, call, candidate);
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

Task<void> find_answer(Exchange& exchange, const InferenceCall& call, const Plan& plan,
                       Asked& out) {
    Router& router = exchange.core.router;
    const std::size_t before = exchange.attempts.size();
    for (const Candidate* candidate : plan.order) {
        if (exchange.attempts.size() - before == plan.max_attempts || exchange.client.gone() ||
            exchange.time_left().count() <= 0) {
            break;
        }
        if (out.candidate != nullptr && !may_follow(*candidate, *out.candidate, out.last)) {
            continue;
        }
        if (exchange.snapshot->settings.strict) {
            out.refusal = co_await strict_refusal(exchange, call, *candidate);
            if (out.refusal) {
                co_return;
            }
        }
        const bool is_first = out.candidate == nullptr;
        auto turn = router.begin(plan, *candidate, is_first ? plan.made_at : unix_ms());
        if (!turn) {
            continue;
        }
        if (!is_first) {
            out.last = Attempt();
        }
        out.candidate = candidate;
        co_await attempt(exchange, call, *candidate, out.last);
        if (out.answers()) {
            router.answering(*turn);
            out.turn = turn;
            co_return;
        }
        router.report(*turn, out.last.report, unix_ms());
        exchange.active = nullptr;
        if (out.last.next == NextAttempt::anybody) {
            log_failed(exchange, out.last);
        }
    }
}

Task<void> pass_on(Exchange& exchange, const InferenceCall& call, Asked& asked) {
    exchange.answering = asked.candidate;
    co_await relay(exchange, call, *asked.candidate, asked.last);
    account(exchange);
    if (asked.turn) {
        exchange.core.router.report(*asked.turn, asked.last.report, unix_ms());
    }
    exchange.active = nullptr;
}

}  // namespace llmgw
