// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/route_leaf.h"

#include <algorithm>
#include <utility>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "daemon/api/errors.h"
#include "daemon/net/nap.h"

namespace llmgw {

namespace {

// Portkey's: it waits 1, 2, 4, 8 and 16 seconds, and no longer than a minute for Retry-After.
constexpr int kMostDoublings = 4;
constexpr std::int64_t kLongestRetryAfterMs = 60'000;

bool is_among(const std::vector<int>& list, const LeafStatuses& statuses) {
    return std::any_of(statuses.begin(), statuses.end(), [&](int status) {
        return std::find(list.begin(), list.end(), status) != list.end();
    });
}

// What a failure counts as where a route lists statuses. Portkey knows no failures without one: no
// connection is its 500, and llmgw's own limits of time are unknown to it.
LeafStatuses statuses_of(const Asked& asked) {
    const Attempt& last = asked.last;
    if (asked.answers()) {
        return {last.report.status};
    }
    if (asked.refusal) {
        const int status = http_status(*asked.refusal);
        return status == 503 ? LeafStatuses{503, 429} : LeafStatuses{status};
    }
    if (last.timed_out) {
        return {408};
    }
    if (last.told_status != 0) {
        return {last.told_status};
    }
    if (last.error.kind == Errc::timeout) {
        return {504, 408};
    }
    const int status = http_status(last.error);
    return last.error.kind == Errc::upstream ? LeafStatuses{500, 502} : LeafStatuses{status};
}

// Asks whom llmgw's router chooses, with all its failover.
Task<void> ask_router(Exchange& exchange, LeafCall& leaf) {
    Router& router = exchange.core.router;
    RouteQuery query = route_query(exchange, *leaf.call);
    query.model = leaf.model;
    const auto plan = router.plan(exchange.snapshot, leaf.target.offers, query, unix_ms());
    if (!plan) {
        leaf.asked.refusal = plan.error();
        co_return;
    }
    exchange.decision = plan->decision;
    co_await find_answer(exchange, *leaf.call, *plan, leaf.asked);
    if (leaf.asked.candidate == nullptr && !leaf.asked.refusal) {
        leaf.asked.refusal = router.all_resting(leaf.target.offers, unix_ms());
    }
}

// Asks one key, whatever is known of it: the route says so.
Task<void> ask_key(Exchange& exchange, LeafCall& leaf) {
    Router& router = exchange.core.router;
    Asked& asked = leaf.asked;
    const Candidate& candidate =
        draw_candidate(leaf.target.offers, exchange.core.random(),
                       [&](const Candidate& one) { return router.rests(one, unix_ms()); });
    asked.refusal = co_await strict_refusal(exchange, *leaf.call, candidate);
    if (asked.refusal) {
        co_return;
    }
    if (!leaf.target.own_keys) {
        asked.turn = router.begin_anyway(exchange.snapshot, candidate, unix_ms());
    }
    asked.candidate = &candidate;
    co_await attempt(exchange, *leaf.call, candidate, asked.last);
    if (!asked.turn) {
        co_return;
    }
    if (asked.answers()) {
        router.answering(*asked.turn);
    } else {
        router.report(*asked.turn, asked.last.report, unix_ms());
        asked.turn.reset();
    }
}

// A good answer that nobody gets.
void discard(Exchange& exchange, Asked& asked) {
    if (asked.turn) {
        exchange.core.router.report(*asked.turn, CallReport(), unix_ms());
    }
    exchange.active = nullptr;
    asked = Asked();
}

// How long to wait before a retry; nullopt: there is no time for it.
std::optional<std::int64_t> pause_before(const Exchange& exchange, const LeafCall& leaf, int retry,
                                         std::int64_t waited) {
    const CallReport& report = leaf.asked.last.report;
    std::int64_t pause = exchange.snapshot->settings.routing.route_backoff_ms
                         << std::min(retry, kMostDoublings);
    if (leaf.step->leaf.retry.use_retry_after && report.status == 429 && report.wait_ms) {
        pause = *report.wait_ms;
        if (waited + pause > kLongestRetryAfterMs) {
            return std::nullopt;
        }
    }
    return pause < exchange.time_left().count() ? std::optional(pause) : std::nullopt;
}

// Asks until there is an answer that is wanted, or no retry left.
Task<void> ask_patiently(Exchange& exchange, LeafCall& leaf, Nap& nap) {
    const RouteRetry& retry = leaf.step->leaf.retry;
    std::int64_t waited = 0;
    for (int made = 0;; made++) {
        exchange.route_progress.retries = made;
        leaf.asked = Asked();
        if (leaf.target.routed) {
            co_await ask_router(exchange, leaf);
        } else {
            co_await ask_key(exchange, leaf);
        }
        leaf.statuses = statuses_of(leaf.asked);
        if (exchange.client.gone() || !is_among(retry.statuses, leaf.statuses)) {
            co_return;
        }
        if (made >= retry.attempts) {
            exchange.route_progress.retries = retry.attempts > 0 ? -1 : 0;
            co_return;
        }
        const auto pause = pause_before(exchange, leaf, made, waited);
        if (!pause) {
            co_return;
        }
        discard(exchange, leaf.asked);
        waited += *pause;
        co_await nap.sleep(std::chrono::milliseconds(*pause));
        if (exchange.client.gone()) {
            co_return;
        }
    }
}

std::string timeout_document(std::int64_t timeout_ms) {
    JsonWriter json;
    json.begin_object().key("error").begin_object();
    json.key("message").string(
        "Request exceeded the timeout sent in the request: " + std::to_string(timeout_ms) + "ms");
    json.key("type").string("timeout_error").key("param").null().key("code").null();
    json.end_object().end_object();
    return json.take();
}

}  // namespace

void LeafCall::refuse(Error error) {
    statuses = {http_status(error)};
    asked.refusal = std::move(error);
}

Task<void> ask_leaf(Exchange& exchange, std::shared_ptr<LeafCall> leaf) {
    Nap nap(exchange.core.loop);
    const GoneWatch watch(exchange.client, [&exchange, &nap] {
        nap.wake();
        if (exchange.active != nullptr) {
            exchange.active->cancel();
        }
    });
    exchange.terms = &leaf->terms;
    co_await ask_patiently(exchange, *leaf, nap);
    if (leaf->asked.answers()) {
        if (is_among(leaf->passed_over, leaf->statuses)) {
            discard(exchange, leaf->asked);
        } else {
            leaf->answered = true;
            co_await pass_on(exchange, *leaf->call, leaf->asked);
            leaf->asked.last.answer.reset();
        }
    }
    exchange.active = nullptr;
    exchange.terms = nullptr;
}

Task<void> answer_leaf_failure(Exchange& exchange, LeafCall& leaf) {
    Asked& asked = leaf.asked;
    Attempt& last = asked.last;
    if (asked.refusal) {
        co_await answer_error(exchange, *asked.refusal);
        co_return;
    }
    exchange.core.stats.errors++;
    exchange.outcome.error = exchange.attempts.back().error;
    AnswerHead head;
    head.fields = exchange.answer_fields(*asked.candidate, last.changes) + last.retry_fields;
    if (exchange.attempts.size() > 1) {
        head.fields += "x-should-retry: false\r\n";
    }
    if (last.timed_out) {
        head.status = 408;
        last.body = timeout_document(leaf.terms.timeout_ms);
    } else if (last.told_status >= 400) {
        head.status = last.told_status;
    } else {
        head.status = http_status(last.error);
    }
    if (last.body.empty()) {
        last.body = error_document(
            last.error, exchange.plain ? "" : exchange.metadata(leaf.call->model, asked.candidate));
    }
    std::vector<std::string_view> body(1, last.body);
    co_await exchange.answer(head, std::move(body));
}

}  // namespace llmgw
