// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/route_simulation.h"

#include <doctest/doctest.h>

#include <random>

#include "common/catalog/catalog.h"
#include "daemon/gateway/route_price.h"
#include "tests/unit/routing_trial.h"

using namespace llmgw;
using namespace llmgw::test;

namespace {

/// A model that two providers sell at different prices.
constexpr std::string_view kModel = "gpt-oss-120b";
constexpr std::string_view kCheap = "scx-ai", kDear = "groq";

CandidateFacts sold_by(std::string_view provider, const RoutingSettings& settings) {
    CandidateFacts facts = candidate(provider);
    facts.model = kModel;
    const auto known = catalog::find_at_provider(provider, kModel);
    REQUIRE(known.mapping != nullptr);
    facts.price = route_price(*known.mapping, {}, settings);
    REQUIRE(facts.price);
    return facts;
}

Decision decision_of(std::vector<CandidateFacts> candidates, const RoutingSettings& settings) {
    Decision decision;
    decision.model = kModel;
    decision.candidates = std::move(candidates);
    decision.ranking = rank(decision.candidates, decision.request, settings);
    return decision;
}

LoggedCall million_tokens() {
    LoggedCall call;
    call.usage_source = "provider";
    call.output = 1'000'000;
    return call;
}

}  // namespace

TEST_CASE("simulation: the settings of the decision give its winner again") {
    const RoutingSettings settings = routing_settings();  // with chance
    RouteSimulation simulation(settings, settings);
    std::mt19937_64 random(7);
    std::uint64_t explored = 0;
    for (int i = 0; i < 2'000; i++) {
        std::vector<CandidateFacts> candidates;
        for (const std::string_view provider : {kCheap, kDear}) {
            CandidateFacts facts = sold_by(provider, settings);
            facts.health.uptime = 100 - static_cast<double>(random() % 20);
            facts.health.latency_ms = 100 + static_cast<double>(random() % 900);
            candidates.push_back(facts);
        }
        Decision decision = decision_of(std::move(candidates), settings);
        decision.request.seed = random();
        decision.request.streaming = random() % 2 == 0;
        decision.ranking = rank(decision.candidates, decision.request, settings);
        explored += decision.ranking.reason == RouteReason::random_exploration ? 1 : 0;
        const Ranking logged = decision.ranking;
        simulation.add(million_tokens(), decision);
        CHECK(decision.ranking == logged);
    }
    CHECK(explored > 0);
    const SimulatedRequests& sums = simulation.models().at(std::string(kModel));
    CHECK(sums.requests == 2'000);
    CHECK(sums.changed == 0);
    CHECK(sums.unknown_costs == 0);
    CHECK(sums.cost_before == sums.cost_after);
    CHECK(sums.uptime.before == sums.uptime.after);
}

TEST_CASE("simulation: other weights, and what they would have cost") {
    const RoutingSettings settings = steady_settings();
    RoutingSettings thrifty = settings;
    thrifty.uptime_weight = thrifty.throughput_weight = thrifty.latency_weight = 0;
    thrifty.penalty_factor = 0;
    CandidateFacts cheap = with_uptime(sold_by(kCheap, settings), 60);
    CandidateFacts dear = with_uptime(sold_by(kDear, settings), 99);
    cheap.health.latency_ms = 900;
    dear.health.latency_ms = 300;
    Decision decision = decision_of({cheap, dear}, settings);
    REQUIRE(decision.ranking.order.front().index == 1);
    RouteSimulation simulation(settings, thrifty);
    simulation.add(million_tokens(), decision);
    const SimulatedRequests& sums = simulation.models().at(std::string(kModel));
    CHECK(sums.changed == 1);
    const auto rate = [](std::string_view provider) {
        return catalog::find_at_provider(provider, kModel).mapping->prices.output.value();
    };
    CHECK(sums.cost_before.nano == rate(kDear).nano_per_million);
    CHECK(sums.cost_after.nano == rate(kCheap).nano_per_million);
    CHECK(sums.cost_after < sums.cost_before);
    CHECK(sums.latency_ms.before == 300);
    CHECK(sums.latency_ms.after == 900);
    CHECK(sums.uptime.before == 99);
    CHECK(sums.uptime.after == 60);
}

TEST_CASE("simulation: priorities, and nobody left") {
    const RoutingSettings settings = steady_settings();
    RoutingSettings other = settings;
    other.priorities = {{std::string(kCheap), 0}};
    Decision decision =
        decision_of({sold_by(kCheap, settings), sold_by(kDear, settings)}, settings);
    REQUIRE(decision.ranking.order.front().index == 0);
    Decision alone = decision_of({sold_by(kCheap, settings)}, settings);
    RouteSimulation out(settings, other);
    out.add(million_tokens(), decision);
    out.add(million_tokens(), alone);
    const SimulatedRequests& sums = out.models().at(std::string(kModel));
    CHECK(sums.requests == 2);
    CHECK(sums.changed == 1);
    CHECK(sums.unanswered == 1);
    CHECK(decision.candidates[0].excluded == Exclusion::priority_zero);

    // And back in again.
    RouteSimulation back(other, settings);
    back.add(million_tokens(), decision);
    CHECK(decision.candidates[0].excluded == Exclusion::none);
    CHECK(decision.ranking.order.front().index == 0);
}

TEST_CASE("simulation: the default strategy, but not what a request said") {
    const RoutingSettings settings = steady_settings();
    RoutingSettings by_price = settings;
    by_price.strategy = RoutingStrategy::price;
    Decision silent = decision_of({sold_by(kCheap, settings)}, settings);
    Decision spoken = decision_of({sold_by(kCheap, settings)}, settings);
    spoken.request.strategy = RoutingStrategy::latency;
    RouteSimulation simulation(settings, by_price);
    simulation.add(million_tokens(), silent);
    simulation.add(million_tokens(), spoken);
    CHECK(silent.request.strategy == RoutingStrategy::price);
    CHECK(spoken.request.strategy == RoutingStrategy::latency);
}

TEST_CASE("simulation: what is not known is counted, and not taken for nothing") {
    const RoutingSettings settings = steady_settings();
    RouteSimulation simulation(settings, settings);
    Decision custom = decision_of({candidate("lab"), candidate("shed")}, settings);
    custom.candidates[0].model = custom.candidates[1].model = "own";
    simulation.add(million_tokens(), custom);
    Decision failed = decision_of({sold_by(kCheap, settings)}, settings);
    LoggedCall without_usage;
    without_usage.usage_source = "unknown";
    simulation.add(without_usage, failed);
    CHECK(simulation.models().size() == 2);
    const SimulatedRequests& own = simulation.models().at("own");
    CHECK(own.unknown_costs == 1);
    CHECK(own.uptime.requests == 0);
    SimulatedRequests total;
    for (const auto& [model, sums] : simulation.models()) {
        total += sums;
    }
    CHECK(total.requests == 2);
    CHECK(total.unknown_costs == 2);
    CHECK(total.cost_before.nano == 0);
}

TEST_CASE("simulation: which settings have a part in it") {
    for (const SettingInfo& info : setting_infos()) {
        CAPTURE(info.name);
        CHECK((!can_simulate(info.name) || info.name.starts_with("routing.")));
    }
    CHECK(can_simulate("routing.weights.price"));
    CHECK(can_simulate("routing.priority.groq"));
    CHECK_FALSE(can_simulate("routing.max_retries"));
    CHECK_FALSE(can_simulate("timeouts.idle"));
}
