// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/pipeline.h"

#include <utility>

#include "common/base/clock.h"
#include "daemon/gateway/ask_providers.h"
#include "daemon/gateway/cache_step.h"
#include "daemon/gateway/call_log.h"
#include "daemon/gateway/exchange.h"
#include "daemon/gateway/failure_answer.h"
#include "daemon/gateway/serve_route.h"
#include "daemon/portkey/selection.h"
#include "daemon/portkey/target.h"

namespace llmgw {

namespace {

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
    Asked asked;
    co_await find_answer(exchange, call, *plan, asked);
    if (asked.refusal) {
        co_await answer_error(exchange, *asked.refusal);
    } else if (asked.answers()) {
        co_await pass_on(exchange, call, asked);
    } else if (exchange.client.gone()) {
        exchange.core.stats.errors++;
        exchange.outcome.error = "request_cancelled";
    } else if (asked.candidate != nullptr) {
        co_await answer_failure(exchange, call, *asked.candidate, asked.last);
    } else {
        const Error error = exchange.core.router.all_resting(offers, unix_ms());
        co_await answer_error(exchange, error);
    }
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

// Whether a request may take a route. Usually it is all that routes cost the others.
bool may_take_route(const Exchange& exchange, const InferenceCall& call) {
    return exchange.route || !exchange.snapshot->routes.empty() || is_route_name(call.model);
}

// Answers by a route. False when the request takes none.
Task<bool> take_route(Exchange& exchange, const std::shared_ptr<const InferenceCall>& call,
                      std::string_view key_route) {
    if (!exchange.route) {
        auto found = find_route(*exchange.snapshot, key_route, call->model);
        if (!found) {
            co_await answer_error(exchange, found.error());
            co_return true;
        }
        exchange.route = std::move(*found);
        if (exchange.route && exchange.portkey) {
            exchange.route =
                with_portkey_headers(*exchange.snapshot, *exchange.route, *exchange.portkey);
        }
    }
    if (exchange.route) {
        co_await serve_route(exchange, call);
    }
    co_return exchange.route != nullptr;
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
    if (settings.cache.enabled) {
        CacheableCall cacheable;
        cacheable.call = call;
        cacheable.target = behind_aliases(*exchange.snapshot, call->model);
        cacheable.ask = &serve_shared;
        const CacheStep step = co_await serve_from_cache(exchange, std::move(cacheable));
        if (step != CacheStep::to_ask) {
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
    exchange.route = std::move(request.route);
    core.stats.requests++;
    const bool brings_model = exchange.portkey || exchange.route || !request.key_route.empty();
    auto parsed = InferenceCall::parse(request.endpoint, std::move(request.body),
                                       brings_model ? ModelField::optional : ModelField::required);
    std::shared_ptr<const InferenceCall> call;
    if (parsed) {
        bool accepted = true;
        if (exchange.portkey) {
            accepted = co_await take_portkey_target(exchange, **parsed, request.key_route);
        }
        call = std::move(*parsed);
        bool served = !accepted;
        if (accepted && may_take_route(exchange, *call)) {
            served = co_await take_route(exchange, call, request.key_route);
        }
        if (!served) {
            co_await serve_call(exchange, call);
        }
    } else {
        co_await answer_error(exchange, parsed.error());
    }
    log_request(exchange, request.endpoint, call.get());
}

}  // namespace llmgw
