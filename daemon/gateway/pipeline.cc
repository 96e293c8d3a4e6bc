// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/pipeline.h"

#include <utility>

#include "common/base/clock.h"
#include "daemon/gateway/attempt.h"
#include "daemon/gateway/cache_step.h"
#include "daemon/gateway/call_log.h"
#include "daemon/gateway/exchange.h"
#include "daemon/gateway/failure_answer.h"
#include "daemon/gateway/relay.h"
#include "daemon/gateway/session_key.h"
#include "daemon/log.h"
#include "daemon/portkey/target.h"

namespace llmgw {

namespace {

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

// With `strict`: why a request that would have to be changed is refused instead.
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
    if (outcome.usage) {
        stats.prompt_tokens += outcome.usage->prompt();
        stats.completion_tokens += outcome.usage->completion();
    }
    if (outcome.cost) {
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

// Asks one provider after the other until one answers.
Task<void> ask_providers(Exchange& exchange, const InferenceCall& call, const Offers& offers,
                         const Plan& plan) {
    Router& router = exchange.core.router;
    const Candidate* asked = nullptr;
    Attempt last;
    for (const Candidate* candidate : plan.order) {
        if (exchange.attempts.size() == plan.max_attempts || exchange.client.gone() ||
            exchange.time_left().count() <= 0) {
            break;
        }
        if (asked != nullptr && !may_follow(*candidate, *asked, last)) {
            continue;
        }
        const auto refusal = co_await strict_refusal(exchange, call, *candidate);
        if (refusal) {
            co_await answer_error(exchange, *refusal);
            co_return;
        }
        auto turn = router.begin(plan, *candidate, unix_ms());
        if (!turn) {
            continue;
        }
        asked = candidate;
        last = Attempt();
        co_await attempt(exchange, call, *candidate, last);
        if (last.answer) {
            router.answering(*turn);
            exchange.answering = candidate;
            co_await relay(exchange, call, *candidate, last);
            account(exchange);
        }
        router.report(*turn, last.report, unix_ms());
        exchange.active = nullptr;
        if (last.answer) {
            co_return;
        }
        if (last.next == NextAttempt::anybody) {
            log_failed(exchange, last);
        }
    }
    if (exchange.client.gone()) {
        exchange.core.stats.errors++;
        exchange.outcome.error = "request_cancelled";
    } else if (asked != nullptr) {
        co_await answer_failure(exchange, call, *asked, last);
    } else {
        const Error error = router.all_resting(offers, unix_ms());
        co_await answer_error(exchange, error);
    }
}

// Ranks those who could answer, and asks them.
Task<void> route_call(Exchange& exchange, const InferenceCall& call, const RouteQuery& query,
                      const Offers& offers) {
    const auto plan = exchange.core.router.plan(exchange.snapshot, offers, query, unix_ms());
    if (!plan) {
        co_await answer_error(exchange, plan.error());
        co_return;
    }
    exchange.decision = plan->decision;
    const GoneWatch watch(exchange.client, [&exchange] {
        if (exchange.active != nullptr) {
            exchange.active->cancel();
        }
    });
    co_await ask_providers(exchange, call, offers, *plan);
}

// The call that several requests share.
Task<void> serve_shared(Exchange& exchange, const InferenceCall& call) {
    const RouteQuery query = route_query(exchange, call);
    const auto offers = resolve_model(*exchange.snapshot, call.model, query.needs);
    if (offers) {
        co_await route_call(exchange, call, query, *offers);
    } else {
        co_await answer_error(exchange, offers.error());
    }
}

Task<void> serve_call(Exchange& exchange, const std::shared_ptr<const InferenceCall>& call) {
    const Settings& settings = exchange.snapshot->settings;
    if (call->stream) {
        exchange.stream.emplace(exchange, std::chrono::milliseconds(settings.heartbeat_ms));
    }
    const RouteQuery query = route_query(exchange, *call);
    const auto offers = resolve_model(*exchange.snapshot, call->model, query.needs);
    if (!offers) {
        co_await answer_error(exchange, offers.error());
        co_return;
    }
    if (exchange.core.cache.enabled()) {
        const bool served = co_await serve_from_cache(exchange, call, &serve_shared);
        if (served) {
            co_return;
        }
    }
    co_await route_call(exchange, *call, query, *offers);
}

}  // namespace

Task<void> serve_inference(Core& core, InferenceRequest request, Client& client) {
    Exchange exchange(core, client, request.head);
    exchange.gateway_key = std::move(request.gateway_key);
    exchange.portkey = std::move(request.portkey);
    core.stats.requests++;
    using ModelField = InferenceCall::ModelField;
    auto parsed =
        InferenceCall::parse(request.endpoint, std::move(request.body),
                             exchange.portkey ? ModelField::optional : ModelField::required);
    std::shared_ptr<const InferenceCall> call;
    if (parsed) {
        bool accepted = true;
        if (exchange.portkey) {
            accepted = co_await take_portkey_target(exchange, **parsed);
        }
        call = std::move(*parsed);
        if (accepted) {
            co_await serve_call(exchange, call);
        }
    } else {
        co_await answer_error(exchange, parsed.error());
    }
    log_request(exchange, request.endpoint, call.get());
}

}  // namespace llmgw
