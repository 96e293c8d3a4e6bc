// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/cache_step.h"

#include <charconv>
#include <string>
#include <utility>

#include "daemon/cache/near.h"
#include "daemon/gateway/flight_reader.h"
#include "daemon/gateway/stored_answer.h"

namespace llmgw {

namespace {

constexpr std::int64_t kMinTtl = 10;
constexpr std::int64_t kMaxTtl = 365LL * 24 * 3600;

// `x-llmgw-cache-ttl` in milliseconds; nullopt inside: not sent.
Result<std::optional<std::int64_t>> own_ttl(std::string_view header) {
    if (header.empty()) {
        return std::optional<std::int64_t>();
    }
    std::int64_t seconds = 0;
    const auto [end, error] =
        std::from_chars(header.data(), header.data() + header.size(), seconds);
    const bool whole = error == std::errc() && end == header.data() + header.size();
    if (!whole || (seconds != 0 && (seconds < kMinTtl || seconds > kMaxTtl))) {
        return fail(Errc::invalid_request,
                    "x-llmgw-cache-ttl must be 0, or a whole number of seconds from 10 to "
                    "31536000 (a year)");
    }
    return std::optional(seconds * 1000);
}

// Whom an answer is for, and with Portkey's headers which part of the cache it is in.
std::string scope_of(const Exchange& exchange) {
    std::string scope;
    if (exchange.core.cache.settings().scope == CacheScope::private_to_key) {
        scope = exchange.gateway_key;
    }
    if (exchange.portkey && !exchange.portkey->cache_namespace.empty()) {
        scope += '\n';
        scope += exchange.portkey->cache_namespace;
    }
    return scope;
}

// Sends what is stored. Whether there was something.
Task<bool> serve_stored(Exchange& exchange, const InferenceCall& call, const FlightPlan& plan) {
    ResponseCache& cache = exchange.core.cache;
    const SharedAnswer answer = co_await cache.lookup(plan.key);
    if (answer) {
        const bool sent = co_await send_hit(exchange, call, *answer, std::nullopt);
        if (sent) {
            cache.hit(plan.key, *answer);
        }
        co_return sent;
    }
    if (!plan.near) {
        co_return false;
    }
    const NearAnswer near = co_await cache.lookup_near(*plan.near);
    if (!near.answer) {
        co_return false;
    }
    const bool sent = co_await send_hit(exchange, call, *near.answer, near.similarity);
    if (sent) {
        cache.hit(plan.key, *near.answer);
    }
    co_return sent;
}

}  // namespace

Task<CacheStep> serve_from_cache(Exchange& exchange, CacheableCall cacheable) {
    Core& core = exchange.core;
    if (exchange.no_cache) {
        exchange.cache_use = "bypass";
        co_return CacheStep::to_ask;
    }
    const auto ttl = own_ttl(exchange.cache_ttl);
    if (!ttl) {
        co_await answer_error(exchange, ttl.error());
        co_return CacheStep::answered;
    }
    const std::shared_ptr<const InferenceCall> call = cacheable.call;
    const std::string scope = scope_of(exchange);
    const KeyedRequest keyed{*call, cacheable.target, scope};
    const auto key = core.hasher.key(keyed);
    if (!key) {
        co_return CacheStep::to_ask;
    }
    FlightPlan plan;
    plan.key = *key;
    plan.call = call;
    plan.ttl_ms = *ttl ? *ttl : cacheable.ttl_ms;
    plan.gateway_key = exchange.gateway_key;
    plan.ask = std::move(cacheable.ask);
    if (core.cache.settings().near) {
        plan.near = near_print(core.hasher, keyed);
    }
    exchange.cache_use = "miss";
    const bool refresh = exchange.portkey && exchange.portkey->refresh;
    if (!refresh && !core.flights.find(plan.key)) {
        const bool served = co_await serve_stored(exchange, *call, plan);
        if (served) {
            co_return CacheStep::answered;
        }
        // While cache.db was asked, an identical request may have got its answer.
        const SharedAnswer answer = core.cache.peek(plan.key);
        if (answer && !core.flights.find(plan.key)) {
            const bool sent = co_await send_hit(exchange, *call, *answer, std::nullopt);
            if (sent) {
                core.cache.hit(plan.key, *answer);
                co_return CacheStep::answered;
            }
        }
    }
    if (auto flight = core.flights.find(plan.key)) {
        const bool served = co_await join_flight(exchange, *call, std::move(flight));
        co_return served ? CacheStep::answered : CacheStep::to_ask;
    }
    core.cache.missed();
    const auto flight = Flight::start(exchange, std::move(plan));
    const bool served = co_await read_own_flight(exchange, *call, flight);
    if (served) {
        co_return CacheStep::answered;
    }
    if (!exchange.route) {
        co_await answer_flight_failure(exchange, *flight);
        co_return CacheStep::answered;
    }
    co_return CacheStep::asked;
}

}  // namespace llmgw
