// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/router.h"

#include <doctest/doctest.h>

#include <chrono>
#include <map>

#include "daemon/api/errors.h"
#include "daemon/gateway/route_price.h"
#include "tests/unit/router_trial.h"

using namespace llmgw;
using llmgw::test::RouterTrial;
using Verdict = CallReport::Verdict;

namespace {

using Names = std::vector<std::string_view>;
constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60'000;

/// A request that was routed.
struct Routed {
    Offers offers;
    Result<Plan> plan;

    [[nodiscard]] Names order() const {
        REQUIRE(plan);
        Names labels;
        for (const Candidate* const candidate : plan->order) {
            labels.push_back(candidate->access->label);
        }
        return labels;
    }
    [[nodiscard]] std::string_view first() const { return order().front(); }
    [[nodiscard]] RouteReason reason() const {
        REQUIRE(plan);
        return plan->decision->ranking.reason;
    }
};

Routed route(RouterTrial& trial, std::string_view pinned = {}) {
    Routed routed{trial.offers(pinned), {}};
    routed.plan = trial.router().plan(trial.snapshot(), routed.offers, trial.query, trial.now);
    return routed;
}

CallReport report(Verdict verdict, int status) {
    CallReport report;
    report.verdict = verdict;
    report.status = status;
    return report;
}

// Calls a key, whatever the ranking says.
void call(RouterTrial& trial, std::string_view label, const CallReport& result) {
    trial.now++;
    const Offers offers = trial.offers();
    for (const Candidate& candidate : offers.candidates) {
        if (candidate.access->label == label) {
            const auto turn = trial.router().begin({}, candidate, trial.now);
            REQUIRE(turn);
            trial.router().report(*turn, result, trial.now);
        }
    }
}

void fail(RouterTrial& trial, std::string_view label, int times = 3) {
    for (int i = 0; i < times; i++) {
        CallReport failed = report(Verdict::failed, 500);
        failed.detail = "internal error";
        call(trial, label, failed);
    }
}

void limit(RouterTrial& trial, std::string_view label, std::int64_t wait_ms) {
    CallReport limited = report(Verdict::rate_limited, 429);
    limited.wait_ms = wait_ms;
    call(trial, label, limited);
}

RouterTrial three_providers(RoutingSettings settings = test::steady_settings()) {
    RouterTrial trial(std::move(settings));
    trial.add_provider("dear", 3);
    trial.add_provider("cheap", 1);
    trial.add_provider("fair", 2);
    trial.query.model = "m";
    return trial;
}

}  // namespace

TEST_CASE("router: the cheapest first, and the decision says why") {
    RouterTrial trial = three_providers();
    trial.query.seed = 12;
    trial.query.needs.prompt_tokens = 34;
    const Routed routed = route(trial);
    CHECK(routed.order() == Names{"cheap", "fair", "dear"});
    CHECK(routed.reason() == RouteReason::price_only);
    CHECK(routed.plan->max_attempts == 3);
    const Decision& decision = *routed.plan->decision;
    CHECK(decision.model == "m");
    CHECK(decision.request.seed == 12);
    CHECK(decision.request.prompt_tokens == 34);
    REQUIRE(decision.candidates.size() == 3);
    CHECK(decision.candidates[0].key == "dear");
    CHECK(decision.candidates[0].price == 3e9);
    CHECK(rank(decision.candidates, decision.request, test::steady_settings()) == decision.ranking);
}

TEST_CASE("router: a decision outlives its request, the set-up and names of no catalog") {
    RouterTrial trial = three_providers();
    std::shared_ptr<const Decision> decision;
    {
        std::string name = "a model that nobody knows, with a long name";
        Offers offers = trial.offers();
        for (Candidate& candidate : offers.candidates) {
            candidate.model = nullptr;
            candidate.upstream_model = name;
        }
        const auto plan = trial.router().plan(trial.snapshot(), offers, trial.query, trial.now);
        REQUIRE(plan);
        decision = plan->decision;
        name.assign(name.size(), 'x');
    }
    trial.change().accesses.pop_back();
    static_cast<void>(trial.router().plan(trial.snapshot(), trial.offers(), trial.query, 1));
    CHECK(decision->candidates[2].key == "fair");
    CHECK(decision->candidates[2].model == "a model that nobody knows, with a long name");
}

TEST_CASE("router: keys that rest are passed over, and come back") {
    RouterTrial trial = three_providers();
    limit(trial, "cheap", 20 * kSecond);
    CHECK(route(trial).order() == Names{"fair", "dear"});
    const Routed routed = route(trial);
    CHECK(routed.plan->decision->candidates[1].excluded == Exclusion::rate_limited);
    CHECK(routed.plan->decision->candidates[1].rests_for_ms == 20 * kSecond);
    trial.now += 20 * kSecond;
    const Routed probing = route(trial);
    CHECK(probing.first() == "cheap");
    const auto probe = trial.router().begin(*probing.plan, *probing.plan->order[0], trial.now);
    REQUIRE(probe);
    CHECK(route(trial).first() == "fair");
    CHECK_FALSE(trial.router().begin(*probing.plan, *probing.plan->order[0], trial.now));
    trial.router().report(*probe, report(Verdict::succeeded, 200), trial.now);
    CHECK(route(trial).first() == "cheap");
}

TEST_CASE("router: when all rest, the client is told who, why and for how long") {
    RouterTrial trial = three_providers();
    limit(trial, "cheap", 20 * kSecond);
    limit(trial, "fair", 90 * kSecond);
    CallReport refused = report(Verdict::refused, 401);
    refused.detail = "bad key\x1b[31m";
    call(trial, "dear", refused);
    const Routed routed = route(trial);
    REQUIRE_FALSE(routed.plan);
    const Error& error = routed.plan.error();
    CHECK(error.kind == Errc::overloaded);
    CHECK(error.retry_after_s == 20);
    CHECK(error_answer(error).status == 503);
    CHECK(error_answer(error).fields == "Retry-After: 20\r\n");
    CHECK(error.message.find("cheap (rests: it has limited the rate of requests with 429, for "
                             "another 20s)") != std::string::npos);
    CHECK(
        error.message.find("dear (rests: it refused the key with 401, for another 60s: bad key") !=
        std::string::npos);
    CHECK(error.message.find('\x1b') == std::string::npos);
    trial.now += 19 * kSecond + 1;
    CHECK(route(trial).plan.error().retry_after_s == 1);  // rounded up
}

TEST_CASE("router: when all fail, they are asked all the same") {
    RouterTrial trial = three_providers();
    for (const std::string_view label : {"fair", "cheap", "dear"}) {
        fail(trial, label);
        trial.now += kSecond;
    }
    const Routed routed = route(trial);
    CHECK(routed.reason() == RouteReason::last_resort);
    CHECK(routed.order() == Names{"fair", "cheap", "dear"});  // the soonest back first
    CHECK(routed.plan->last_resort);
    const auto turn = trial.router().begin(*routed.plan, *routed.plan->order[1], trial.now);
    REQUIRE(turn);
    trial.router().report(*turn, report(Verdict::succeeded, 200), trial.now);
    CHECK(route(trial).order() == Names{"cheap"});

    trial.change().settings.routing.last_resort = LastResort::none;
    fail(trial, "cheap");
    CHECK_FALSE(route(trial).plan);
    trial.change().settings.routing.last_resort = LastResort::any;
    CHECK(route(trial).order().size() == 3);
}

TEST_CASE("router: the one key that rests is being probed") {
    RouterTrial trial;
    trial.add_provider("only", 1);
    limit(trial, "only", kSecond);
    trial.now += kSecond;
    const Routed routed = route(trial);
    const auto probe = trial.router().begin(*routed.plan, *routed.plan->order[0], trial.now);
    REQUIRE(probe);
    const Routed other = route(trial);
    REQUIRE_FALSE(other.plan);
    CHECK(other.plan.error().retry_after_s == 1);
    trial.router().report(*probe, report(Verdict::not_counted, 400), trial.now);
    CHECK(route(trial).plan);
}

TEST_CASE("router: nobody is left") {
    RouterTrial trial = three_providers();
    trial.change().settings.routing.priorities = {{"cheap", 0}, {"fair", 0}, {"dear", 0}};
    const Routed routed = route(trial);
    REQUIRE_FALSE(routed.plan);
    CHECK(routed.plan.error().kind == Errc::invalid_request);
    CHECK(error_answer(routed.plan.error()).fields.empty());
    CHECK(routed.plan.error().message.find("cheap (has priority 0)") != std::string::npos);
    CHECK(route(trial, "cheap").first() == "cheap");  // named, it is asked
}

TEST_CASE("router: priorities of providers and keys") {
    RouterTrial trial = three_providers();
    trial.add_key("dear", "second", 3);
    trial.change().settings.routing.priorities = {{"dear", 4}, {"second", 0}};
    CHECK(route(trial).order() == Names{"dear", "cheap", "fair"});
}

TEST_CASE("router: a pinned provider") {
    RouterTrial trial = three_providers();
    CHECK(route(trial, "dear").order() == Names{"dear"});
    fail(trial, "dear", 2);
    const Routed left = route(trial, "dear");
    CHECK(left.reason() == RouteReason::low_uptime);
    CHECK(left.order() == Names{"cheap", "fair", "dear"});
    trial.query.no_fallback = true;
    CHECK(route(trial, "dear").order() == Names{"dear"});
    trial.query.no_fallback = false;
    fail(trial, "dear", 1);
    CHECK(route(trial, "dear").order() == Names{"cheap", "fair"});
}

TEST_CASE("router: no fallback means no other provider, but other keys") {
    RouterTrial trial;
    trial.add_key("a", "a1", 1);
    trial.add_key("a", "a2", 1);
    trial.add_provider("b", 2);
    CHECK(route(trial).order().size() == 3);
    trial.query.no_fallback = true;
    const Names order = route(trial).order();
    CHECK(order.size() == 2);
    CHECK(order[0] != order[1]);
    limit(trial, "a1", kMinute);
    CHECK(route(trial).order() == Names{"a2"});
}

TEST_CASE("router: keys of one provider share the load by weight") {
    ProviderKey stored;
    stored.provider = "custom";
    stored.base_url = "http://127.0.0.1:1/v1";
    stored.weight = 7;
    CHECK(make_access(stored, std::string()).weight == 7);
    RouterTrial trial;
    trial.add_key("a", "a1", 1).weight = 1;
    trial.add_key("a", "a2", 1).weight = 4;
    std::map<std::string_view, int> first;
    for (trial.query.seed = 0; trial.query.seed < 1000; trial.query.seed++) {
        first[route(trial).first()]++;
    }
    CHECK(first["a1"] > 160);
    CHECK(first["a1"] < 240);
}

TEST_CASE("router: a session stays, and moves when its provider cannot answer") {
    RouterTrial trial = three_providers();
    trial.query.session = "s";
    CHECK(route(trial).first() == "cheap");
    // Now another one is cheaper, but the session is somewhere.
    trial.mapping(2).prices.input = trial.mapping(2).prices.output = Rate{1};
    const Routed sticky = route(trial);
    CHECK(sticky.first() == "cheap");
    CHECK(sticky.reason() == RouteReason::session_sticky);
    trial.query.session = "another";
    CHECK(route(trial).first() == "fair");

    trial.query.session = "s";
    limit(trial, "cheap", kSecond);
    CHECK(route(trial).first() == "fair");
    trial.now += 2 * kSecond;
    CHECK(route(trial).first() == "fair");  // where its prompts are now

    // Failover moves it too: to whoever has answered.
    const Routed routed = route(trial);
    const auto failed = trial.router().begin(*routed.plan, *routed.plan->order[0], trial.now);
    trial.router().report(*failed, report(Verdict::failed, 500), trial.now);
    const auto answered = trial.router().begin(*routed.plan, *routed.plan->order[2], trial.now);
    trial.router().report(*answered, report(Verdict::succeeded, 200), trial.now);
    CHECK(route(trial).first() == routed.plan->order[2]->access->label);

    // Each request prolongs it.
    const std::string_view stays = route(trial).first();
    for (int i = 0; i < 3; i++) {
        trial.now += 59 * kMinute;
        CHECK(route(trial).first() == stays);
    }
    trial.now += 60 * kMinute;
    CHECK(route(trial).reason() != RouteReason::session_sticky);
}

TEST_CASE("router: a model keeps to its provider for a time") {
    RouterTrial trial;
    trial.add_provider("a", 10);
    trial.add_provider("b", 11);
    CHECK(route(trial).first() == "a");
    trial.mapping(0).prices.input = trial.mapping(0).prices.output = Rate{12'000'000'000};
    const Routed stable = route(trial);
    CHECK(stable.first() == "a");  // 9 % dearer now, which is within the margin
    CHECK(stable.reason() == RouteReason::stable_preferred);

    limit(trial, "a", kSecond);
    CHECK(route(trial).first() == "b");
    trial.now += kSecond;
    CHECK(route(trial).first() == "a");  // it has only rested

    trial.query.strategy = RoutingStrategy::price;
    CHECK(route(trial).first() == "b");  // has a preference of its own
    trial.query.strategy.reset();
    trial.now += 60 * kMinute;
    CHECK(route(trial).first() == "b");
    trial.mapping(1).prices.input = trial.mapping(1).prices.output = Rate{20'000'000'000};
    CHECK(route(trial).first() == "a");  // clearly better
}

TEST_CASE("router: other settings and mended keys") {
    RouterTrial trial = three_providers();
    call(trial, "cheap", report(Verdict::refused, 401));
    limit(trial, "fair", kMinute);
    CHECK(route(trial).order() == Names{"dear"});
    trial.change().accesses[0].options = {{"x", "y"}};
    CHECK(route(trial).order() == Names{"dear"});
    trial.change().accesses[1].secret = "a new secret";
    CHECK(route(trial).order() == Names{"cheap", "dear"});
    CHECK(trial.router().health().rests(trial.now).size() == 1);
    trial.change().accesses.pop_back();
    CHECK(route(trial).order().size() == 2);
    CHECK(trial.router().health().rests(trial.now).empty());
}

TEST_CASE("router: the built-in provider never rests") {
    RouterTrial trial;
    Offers offers;
    Candidate mock;
    mock.mock = true;
    mock.upstream_model = "echo";
    offers.candidates.push_back(mock);
    offers.pinned = true;
    trial.query.session = "s";
    for (int i = 0; i < 5; i++) {
        const auto plan = trial.router().plan(trial.snapshot(), offers, trial.query, trial.now);
        REQUIRE(plan);
        CHECK(plan->decision->candidates[0].provider == "mock");
        CHECK(plan->decision->candidates[0].key.empty());
        auto turn = trial.router().begin(*plan, *plan->order[0], trial.now);
        REQUIRE(turn);
        trial.router().answering(*turn);
        trial.router().report(*turn, report(Verdict::failed, 500), trial.now);
    }
    CHECK(trial.router().health().size() == 0);
}

TEST_CASE("route price: half input and half output, cached input for large prompts") {
    RoutingSettings settings = test::routing_settings();
    Mapping mapping;
    RouteRequest request;
    CHECK_FALSE(route_price(mapping, request, settings));
    mapping.prices.input = Rate{2'000'000'000};
    CHECK_FALSE(route_price(mapping, request, settings));
    mapping.prices.output = Rate{8'000'000'000};
    CHECK(route_price(mapping, request, settings) == 5e9);
    request.prompt_tokens = 4999;
    CHECK(route_price(mapping, request, settings) == 5e9);
    request.prompt_tokens = 5000;
    CHECK(route_price(mapping, request, settings) == (2e9 + 0.2 * 8e9) / 2);
    mapping.prices.cached_input = Rate{200'000'000};
    CHECK(*route_price(mapping, request, settings) ==
          doctest::Approx((0.1 * 0.2e9 + 0.9 * 2e9 + 0.2 * 8e9) / 2));
    request.prompt_tokens = 0;
    request.in_session = true;
    CHECK(*route_price(mapping, request, settings) < 2e9);
}

TEST_CASE("route price: tiers, images and things that are not paid by tokens") {
    const RoutingSettings settings = test::routing_settings();
    Mapping mapping;
    mapping.prices.input = mapping.prices.output = Rate{1'000'000'000};
    Prices high;
    high.input = high.output = Rate{2'000'000'000};
    const PriceTier tiers[] = {{1000, mapping.prices}, {0, high}};
    mapping.tiers = tiers;
    RouteRequest request;
    request.prompt_tokens = 1001;
    CHECK(route_price(mapping, request, settings) == 2e9);
    mapping.tiers = {};

    request.makes_images = true;
    mapping.prices.image_output = Rate{30'000'000'000};
    CHECK(route_price(mapping, request, settings) == 15.5e9);
    mapping.prices = {};
    mapping.prices.input = mapping.prices.output = Rate{0};
    const UnitPrice pieces[] = {{"image/default", Rate{40'000'000'000'000}}};  // $0.04
    mapping.unit_prices = pieces;
    CHECK(route_price(mapping, request, settings) == 20e9);  // like $40 for a million tokens
    request.makes_images = false;
    CHECK_FALSE(route_price(mapping, request, settings));  // unknown, and not free
}

TEST_CASE("router: what a request costs") {
    const auto fastest_of = [](RouterTrial& trial) {
        const Offers offers = trial.offers();
        std::chrono::nanoseconds fastest = std::chrono::hours(1);
        for (trial.query.seed = 0; trial.query.seed < 3000; trial.query.seed++) {
            const auto begin = std::chrono::steady_clock::now();
            const auto plan = trial.router().plan(trial.snapshot(), offers, trial.query, trial.now);
            const auto turn = trial.router().begin(*plan, *plan->order[0], trial.now);
            trial.router().report(*turn, report(Verdict::succeeded, 200), trial.now);
            fastest = std::min(fastest, std::chrono::steady_clock::now() - begin);
            trial.now += 10;
        }
        return fastest.count();
    };
    RouterTrial one;
    one.add_provider("one", 1);
    one.query.model = "m";
    MESSAGE("plan, begin and report with 1 candidate: " << fastest_of(one) << " ns");
    RouterTrial seven;
    for (int i = 0; i < 7; i++) {
        seven.add_provider("provider " + std::to_string(i), i + 1);
    }
    seven.query.model = "m";
    const auto nanoseconds = fastest_of(seven);
    MESSAGE("plan, begin and report with 7 candidates: " << nanoseconds << " ns");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(nanoseconds < 20'000);
#endif
}
