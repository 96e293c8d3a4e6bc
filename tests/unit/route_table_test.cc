// SPDX-License-Identifier: Apache-2.0
#include "cli/route_table.h"

#include <doctest/doctest.h>

#include "cli/rests.h"
#include "cli/route_json.h"
#include "common/base/clock.h"
#include "common/base/json_io.h"
#include "tests/unit/routing_trial.h"

using namespace llmgw;
using namespace llmgw::test;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// A cheap one with a bad uptime, a better one, one that rests, one without a key.
RouteExplanation explanation() {
    RouteExplanation made;
    Decision& decision = made.decision;
    decision.model = "m";
    decision.request.streaming = true;
    decision.request.prompt_tokens = 12;
    decision.candidates = {with_uptime(candidate("cheap", 500'000'000), 60),
                           with_uptime(candidate("good", 1e9), 99.5), candidate("ill", 1e9),
                           candidate("far", 1e9)};
    decision.candidates[1].key = "work";
    decision.candidates[1].health.latency_ms = 812.4;
    decision.candidates[1].health.throughput = 61.25;
    decision.candidates[1].priority = 1.5;
    decision.candidates[2].excluded = Exclusion::refused;
    decision.candidates[2].rests_for_ms = 230'000;
    decision.candidates[3].excluded = Exclusion::no_key;
    decision.candidates[3].key = {};
    decision.ranking = rank(decision.candidates, decision.request, steady_settings());
    made.weights = score_weights(decision.request, steady_settings());
    made.rests = {{"ill", "", "refused", 0, 230'000, 1, 401, "invalid\x1b[31m key"},
                  {"ill", "m", "failing", 0, 1'000, 1, 500, "short"}};
    made.exploration_rate = 0.01;
    return made;
}

}  // namespace

TEST_CASE("route table: the terms of a score add up to it") {
    const RouteExplanation made = explanation();
    REQUIRE(made.decision.ranking.order.size() == 2);
    for (const ScoredCandidate& scored : made.decision.ranking.order) {
        const ScoreTerms terms =
            score_terms(scored, made.decision.candidates[scored.index], made.weights);
        CHECK(terms.price + terms.uptime + terms.throughput + terms.latency + terms.cache +
                  terms.priority + terms.penalty ==
              scored.score);
    }
    // Where nothing has weight, the price is all there is.
    RoutingSettings weightless = steady_settings();
    weightless.price_weight = weightless.uptime_weight = weightless.throughput_weight = 0;
    weightless.latency_weight = weightless.cache_weight = 0;
    const Decision& decision = made.decision;
    const Ranking ranking = rank(decision.candidates, decision.request, weightless);
    const ScoreWeights none = score_weights(decision.request, weightless);
    CHECK(none.price_decides());
    const ScoredCandidate& last = ranking.order.back();
    CHECK(score_terms(last, decision.candidates[last.index], none).price == last.price);
}

TEST_CASE("route table: who is asked, what is known, who is not asked and why") {
    const RouteExplanation made = explanation();
    const std::string text = decision_text({made.decision, made.weights, made.rests}, false);
    CHECK(
        text.starts_with("m: good, key work is asked first: it has the best score\n"
                         "routing auto, streamed, about 12 prompt tokens\n"));
    CHECK(has(text, "99.5  812   61.2    100\n"));
    CHECK(has(text, "times its weight\n"));
    CHECK(has(text, "-0.5000"));  // the priority of 1.5
    CHECK(has(text, "rests: it refused the key (401: invalid"));
    CHECK(has(text, "key), for another 4m\n"));
    CHECK(has(text, "no key for: far\n"));
    CHECK_FALSE(has(text, "\x1b"));
    CHECK_FALSE(has(text, "short"));
}

TEST_CASE("route table: a logged decision has its terms before they were weighted") {
    const RouteExplanation made = explanation();
    const std::string text = decision_text({made.decision, std::nullopt, {}}, false);
    CHECK(has(text, "before it is weighted\n"));
    CHECK_FALSE(has(text, "(weight)"));
    // `good` is twice as expensive as the cheapest.
    CHECK(has(text, "good      1.0000"));
    CHECK(has(text, "rests: it refused the key, for another 4m\n"));
}

TEST_CASE("route table: nobody may be asked") {
    RouteExplanation made = explanation();
    made.decision.ranking.order.clear();
    const std::string text = decision_text({made.decision, made.weights, {}}, false);
    CHECK(text.starts_with("m: nobody may be asked\n"));
    CHECK_FALSE(has(text, "SCORE"));
    const auto json = parse_json(explanation_json(made));
    REQUIRE(json);
    CHECK((*json)["winner"].is_null());
    CHECK((*json)["reason"].is_null());
}

TEST_CASE("route table: every reason has words of its own") {
    std::vector<std::string_view> seen;
    for (int i = 0; i <= static_cast<int>(RouteReason::last_resort); i++) {
        const auto text = reason_text(static_cast<RouteReason>(i));
        CHECK_FALSE(text.empty());
        CHECK(std::find(seen.begin(), seen.end(), text) == seen.end());
        seen.push_back(text);
    }
}

TEST_CASE("route json: all candidates have the same members") {
    const RouteExplanation made = explanation();
    const auto read = parse_json(explanation_json(made));
    REQUIRE(read);
    const Json& json = *read;
    CHECK(json["winner"]["key"] == "work");
    CHECK(json["reason"] == "best_score");
    CHECK(json["request"]["streaming"] == true);
    CHECK(json["exploration_rate"] == 0.01);
    REQUIRE(json["candidates"].size() == 4);
    std::vector<std::string> members;
    for (const auto& item : json["candidates"][0].items()) {
        members.push_back(item.key());
    }
    for (const auto& candidate : json["candidates"]) {
        std::vector<std::string> own;
        for (const auto& item : candidate.items()) {
            own.push_back(item.key());
        }
        CHECK(own == members);
    }
    const Json& first = json["candidates"][0];
    double sum = 0;
    for (const auto& term : first["terms"]) {
        sum += term.get<double>();
    }
    CHECK(sum == doctest::Approx(first["score"].get<double>()));
    CHECK(first["price"] == 1.0);
    CHECK(first["excluded"].is_null());
    const Json& ill = json["candidates"][2];
    CHECK(ill["excluded"] == "refused");
    CHECK(ill["score"].is_null());
    CHECK(ill["rests_for_ms"] == 230'000);
    CHECK(json["candidates"][3]["excluded"] == "no_key");
    CHECK(json["candidates"][3]["key"].is_null());
}

TEST_CASE("rests: how long, and why") {
    CHECK(show_time_left(0) == "1s");
    CHECK(show_time_left(-5) == "1s");
    CHECK(show_time_left(99'000) == "99s");
    CHECK(show_time_left(99'001) == "2m");
    CHECK(show_time_left(240'000) == "4m");
    CHECK(show_time_left(86'400'000) == "24h");
    RestRow rest{"k", "", "refused", 0, unix_ms() + 239'000, 1, 401, "invalid key"};
    CHECK(rest_text(rest) == "rests for 4m (401: invalid key)");
    rest.model = "m";
    rest.detail.clear();
    CHECK(rest_text(rest) == "m rests for 4m (401)");
    rest.status = 0;
    CHECK(rest_text(rest) == "m rests for 4m (refused)");
}
