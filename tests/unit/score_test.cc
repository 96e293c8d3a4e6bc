// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/score.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include "tests/unit/routing_trial.h"

using namespace llmgw;
using doctest::Approx;
using llmgw::test::candidate;
using llmgw::test::keys;
using llmgw::test::routing_settings;
using llmgw::test::steady_settings;
using llmgw::test::with_uptime;

namespace {

using Names = std::vector<std::string_view>;

// The score of one candidate of a ranking.
const ScoredCandidate& scored(const Ranking& ranking, std::size_t index) {
    const auto at = std::find_if(ranking.order.begin(), ranking.order.end(),
                                 [index](const auto& one) { return one.index == index; });
    REQUIRE(at != ranking.order.end());
    return *at;
}

}  // namespace

TEST_CASE("score: the price counts relative to the cheapest") {
    const std::vector<CandidateFacts> candidates = {candidate("dear", 2e9),
                                                    candidate("cheap", 1e9)};
    const Ranking ranking = rank(candidates, {}, steady_settings());
    CHECK(keys(ranking, candidates) == Names{"cheap", "dear"});
    CHECK(ranking.reason == RouteReason::price_only);
    CHECK(scored(ranking, 1).score == 0);
    CHECK(scored(ranking, 0).price == 1);
    CHECK(scored(ranking, 0).score == Approx(0.6 / 1.15));  // weights: 0.6 + 0.5 + 0.05
}

TEST_CASE("score: free, cheap and unknown prices") {
    const auto terms = [](std::vector<std::optional<double>> prices) {
        std::vector<CandidateFacts> candidates;
        for (const auto& price : prices) {
            candidates.push_back(candidate("p", price));
            candidates.back().region = std::string_view("abc").substr(candidates.size() - 1, 1);
        }
        const Ranking ranking = rank(candidates, {}, steady_settings());
        std::vector<double> found;
        for (std::size_t i = 0; i < prices.size(); i++) {
            found.push_back(scored(ranking, i).price);
        }
        return found;
    };
    using Terms = std::vector<double>;
    CHECK(terms({0, 2, 6}) == Terms{0, 1, 3});
    CHECK(terms({0, 0, 0}) == Terms{0, 0, 0});
    CHECK(terms({1, {}, 3}) == Terms{0, 2, 2});  // unknown: like the most expensive
    CHECK(terms({0, {}, 3}) == Terms{0, 1, 1});
    CHECK(terms({0, {}, {}}) == Terms{0, 1, 1});  // never free
    CHECK(terms({{}, {}, {}}) == Terms{0, 0, 0});
}

TEST_CASE("score: the penalty for low uptime") {
    struct Case {
        double uptime, term, penalty;
    };
    // The last column is LLM Gateway's own table.
    for (const Case& one :
         {Case{100, 0, 0}, Case{95, 100.0 / 95 - 1, 0}, Case{90, 0.1111, 0.0693},
          Case{80, 0.25, 0.6233}, Case{70, 0.4286, 1.7313}, Case{50, 1, 5.6094}, Case{0, 1, 25}}) {
        CAPTURE(one.uptime);
        const std::vector<CandidateFacts> candidates = {with_uptime(candidate("a", 1), one.uptime),
                                                        with_uptime(candidate("b", 1), 100)};
        const Ranking ranking = rank(candidates, {}, steady_settings());
        CHECK(scored(ranking, 0).uptime == Approx(one.term).epsilon(0.001));
        CHECK(scored(ranking, 0).penalty == Approx(one.penalty).epsilon(0.001));
        CHECK(scored(ranking, 0).score ==
              Approx(0.5 / 1.15 * one.term + one.penalty).epsilon(0.001));
        CHECK(ranking.reason == RouteReason::best_score);
    }
}

TEST_CASE("score: throughput, and latency for streams only") {
    std::vector<CandidateFacts> candidates = {candidate("fast", 1), candidate("slow", 1),
                                              candidate("crawling", 1), candidate("unknown", 1)};
    candidates[0].health.throughput = 100;
    candidates[0].health.latency_ms = 500;
    candidates[1].health.throughput = 40;
    candidates[1].health.latency_ms = 2000;
    candidates[2].health.throughput = 0;
    const Ranking plain = rank(candidates, {}, steady_settings());
    CHECK(scored(plain, 1).throughput == Approx(1.5));
    CHECK(scored(plain, 2).throughput == 3);  // no more than that
    CHECK(scored(plain, 3).throughput == 1);  // 50 tokens a second without data
    CHECK(scored(plain, 1).latency == 0);
    CHECK(scored(plain, 1).score == Approx(0.05 / 1.15 * 1.5));

    RouteRequest streaming;
    streaming.streaming = true;
    const Ranking streamed = rank(candidates, streaming, steady_settings());
    CHECK(scored(streamed, 1).latency == 3);
    CHECK(scored(streamed, 3).latency == 1);  // a second without data
    CHECK(scored(streamed, 1).score == Approx((0.05 * 1.5 + 0.025 * 3) / 1.175));
}

TEST_CASE("score: priorities") {
    std::vector<CandidateFacts> candidates = {candidate("a", 2), candidate("b", 1)};
    candidates[0].priority = 2;
    const Ranking ranking = rank(candidates, {}, steady_settings());
    CHECK(keys(ranking, candidates) == Names{"a", "b"});
    CHECK(scored(ranking, 0).score == Approx(0.6 / 1.15 - 1));
}

TEST_CASE("score: prompt caches count for large prompts and sessions") {
    RoutingSettings settings = steady_settings();
    settings.cache_weight = 0.85;
    std::vector<CandidateFacts> candidates = {candidate("a", 1), candidate("b", 1.1)};
    candidates[1].caches_prompts = true;
    RouteRequest request;
    CHECK(keys(rank(candidates, request, settings), candidates).front() == "a");
    request.prompt_tokens = 5000;
    const Ranking ranking = rank(candidates, request, settings);
    CHECK(keys(ranking, candidates).front() == "b");
    CHECK(scored(ranking, 0).score == Approx(0.85 / 2));
    request.prompt_tokens = 0;
    request.in_session = true;
    CHECK(keys(rank(candidates, request, settings), candidates).front() == "b");
}

TEST_CASE("score: weights") {
    RoutingSettings settings = steady_settings();
    RouteRequest request;
    const auto parts = [&] {
        const ScoreWeights weights = score_weights(request, settings);
        return std::vector<double>{weights.price, weights.uptime, weights.throughput,
                                   weights.latency, weights.cache};
    };
    using Parts = std::vector<double>;
    request.makes_images = true;
    CHECK(parts()[0] == Approx(1 / 1.55));
    request.strategy = RoutingStrategy::price;
    CHECK(parts() == Parts{0.9, 1 - 0.9, 0, 0, 0});
    request.strategy = RoutingStrategy::throughput;
    CHECK(parts() == Parts{0, 1 - 0.9, 0.9, 0, 0});
    request.strategy = RoutingStrategy::latency;
    CHECK(parts()[0] > 0);  // only streams have a latency
    request.streaming = true;
    CHECK(parts() == Parts{0, 1 - 0.9, 0, 0.9, 0});
    settings.strategy_weight = 1;
    CHECK(parts() == Parts{0, 0, 0, 1, 0});

    settings.price_weight = settings.uptime_weight = settings.throughput_weight = 0;
    settings.latency_weight = 0;
    request = {};
    CHECK(parts() == Parts{0, 0, 0, 0, 0});
    const std::vector<CandidateFacts> candidates = {with_uptime(candidate("a", 3), 99),
                                                    with_uptime(candidate("b", 2), 97)};
    const Ranking ranking = rank(candidates, request, settings);
    CHECK(keys(ranking, candidates) == Names{"b", "a"});
    CHECK(ranking.reason == RouteReason::price_only);
}

TEST_CASE("score: whoever is excluded is not asked") {
    std::vector<CandidateFacts> candidates = {candidate("a", 1), candidate("b", 2)};
    candidates[0].excluded = Exclusion::no_vision;
    const Ranking ranking = rank(candidates, {}, steady_settings());
    CHECK(keys(ranking, candidates) == Names{"b"});
    CHECK(ranking.reason == RouteReason::only_candidate);
    candidates[1].excluded = Exclusion::rate_limited;
    CHECK(rank(candidates, {}, steady_settings()).order.empty());
    CHECK(rank({}, {}, steady_settings()).order.empty());
}

TEST_CASE("score: the last resort") {
    std::vector<CandidateFacts> candidates = {candidate("a", 1), candidate("b", 2),
                                              candidate("c", 3), candidate("d", 4)};
    candidates[0].excluded = Exclusion::failing;
    candidates[0].rests_for_ms = 30'000;
    candidates[1].excluded = Exclusion::rate_limited;
    candidates[1].rests_for_ms = 1'000;
    candidates[2].excluded = Exclusion::failing;
    candidates[2].rests_for_ms = 20'000;
    candidates[3].excluded = Exclusion::no_tools;
    RoutingSettings settings = steady_settings();
    const Ranking failing = rank(candidates, {}, settings);
    CHECK(keys(failing, candidates) == Names{"c", "a"});  // the soonest first
    CHECK(failing.reason == RouteReason::last_resort);
    settings.last_resort = LastResort::any;
    CHECK(keys(rank(candidates, {}, settings), candidates) == Names{"b", "c", "a"});
    settings.last_resort = LastResort::none;
    CHECK(rank(candidates, {}, settings).order.empty());
}

TEST_CASE("score: exploration") {
    std::vector<CandidateFacts> candidates = {candidate("a", 1), candidate("b", 2),
                                              candidate("c", 3), candidate("dead", 1)};
    candidates[3].excluded = Exclusion::failing;
    RouteRequest request;
    int explored = 0;
    std::map<std::string_view, int> chosen;
    for (request.seed = 0; request.seed < 100'000; request.seed++) {
        const Ranking ranking = rank(candidates, request, routing_settings());
        if (ranking.reason == RouteReason::random_exploration) {
            explored++;
            chosen[keys(ranking, candidates).front()]++;
        }
    }
    CHECK(explored > 900);  // 1 %; the seeds are fixed, so this is no matter of luck
    CHECK(explored < 1100);
    CHECK(chosen.size() == 3);
    for (const auto& [key, times] : chosen) {
        CAPTURE(key);
        CHECK(times > explored / 3 - 60);
        CHECK(times < explored / 3 + 60);
    }
    request.in_session = true;
    for (request.seed = 0; request.seed < 10'000; request.seed++) {
        CHECK(rank(candidates, request, routing_settings()).reason !=
              RouteReason::random_exploration);
    }
}

TEST_CASE("score: a model keeps to its provider within a margin") {
    // A ratio of 1.2 makes 0.104, one of 1.4 makes 0.209.
    std::vector<CandidateFacts> candidates = {candidate("a", 1), candidate("b", 1.2),
                                              candidate("c", 1.4)};
    RouteRequest request;
    request.preferred = 1;
    Ranking ranking = rank(candidates, request, steady_settings());
    CHECK(keys(ranking, candidates) == Names{"b", "a", "c"});
    CHECK(ranking.reason == RouteReason::stable_preferred);
    request.preferred = 2;
    CHECK(keys(rank(candidates, request, steady_settings()), candidates).front() == "a");
    request.preferred = 0;
    CHECK(rank(candidates, request, steady_settings()).reason == RouteReason::price_only);
    request.preferred = 99;
    CHECK(keys(rank(candidates, request, steady_settings()), candidates).front() == "a");
    request.preferred = 1;
    candidates[1].excluded = Exclusion::rate_limited;
    CHECK(keys(rank(candidates, request, steady_settings()), candidates) == Names{"a", "c"});

    RoutingSettings wide = steady_settings();
    wide.stable_margin = 10;
    candidates[1] = with_uptime(candidate("b", 1.2), 86);
    CHECK(keys(rank(candidates, request, wide), candidates).front() == "b");
    candidates[1] = with_uptime(candidate("b", 1.2), 84);
    CHECK(keys(rank(candidates, request, wide), candidates).front() == "a");
}

TEST_CASE("score: a session stays where it was") {
    std::vector<CandidateFacts> candidates = {candidate("a", 1), candidate("b", 10)};
    RouteRequest request;
    request.in_session = true;
    request.session = 1;
    request.preferred = 0;
    const auto first = [&] {
        return keys(rank(candidates, request, steady_settings()), candidates).front();
    };
    CHECK(first() == "b");
    CHECK(rank(candidates, request, steady_settings()).reason == RouteReason::session_sticky);
    candidates[1].health.uptime = 86;
    CHECK(first() == "b");
    candidates[1].health.uptime = 84;
    CHECK(first() == "a");
    candidates[1].binds_sessions = true;  // Gemini's thoughts are of no use to others
    CHECK(first() == "b");
    candidates[1].excluded = Exclusion::failing;
    CHECK(first() == "a");
}

TEST_CASE("score: a pinned provider is left only when it does badly and another does better") {
    std::vector<CandidateFacts> candidates = {with_uptime(candidate("pinned", 9), 91),
                                              with_uptime(candidate("other", 1), 99)};
    candidates[1].named = false;
    RouteRequest request;
    request.pinned = true;
    const auto result = [&] {
        return keys(rank(candidates, request, steady_settings()), candidates);
    };
    CHECK(result() == Names{"pinned"});
    CHECK(rank(candidates, request, steady_settings()).reason == RouteReason::pinned);
    candidates[0].health.uptime = 89;
    CHECK(result() == Names{"other", "pinned"});
    CHECK(rank(candidates, request, steady_settings()).reason == RouteReason::low_uptime);
    candidates[1].health.uptime = 80;
    CHECK(result() == Names{"pinned"});
    candidates[1].health.uptime = 99;
    request.no_fallback = true;
    CHECK(result() == Names{"pinned"});
    request.no_fallback = false;
    candidates[0].excluded = Exclusion::failing;
    CHECK(result() == Names{"other"});
    candidates[0].excluded = Exclusion::rate_limited;  // says nothing about how it does
    CHECK(result().empty());
    candidates[0].excluded = Exclusion::failing;
    candidates[1].excluded = Exclusion::failing;
    CHECK(result() == Names{"pinned"});  // as a last resort
}

TEST_CASE("score: a pinned provider is left although another of its keys does well") {
    std::vector<CandidateFacts> candidates = {with_uptime(candidate("pinned", 9), 10),
                                              with_uptime(candidate("pinned", 9), 95),
                                              with_uptime(candidate("other", 1), 99)};
    candidates[1].key = "second";
    candidates[2].named = false;
    RouteRequest request;
    request.pinned = true;
    CHECK(rank(candidates, request, steady_settings()).order.size() == 2);
}

TEST_CASE("score: the keys of a provider are a weighted pool") {
    std::vector<CandidateFacts> candidates = {candidate("a", 1), candidate("a", 1),
                                              candidate("a", 1), candidate("b", 2)};
    candidates[0].key = "one";
    candidates[1].key = "three";
    candidates[2].key = "none";
    candidates[0].weight = 1;
    candidates[1].weight = 3;
    candidates[2].weight = 0;
    RouteRequest request;
    std::map<std::string_view, int> first;
    for (request.seed = 0; request.seed < 4000; request.seed++) {
        const Ranking ranking = rank(candidates, request, steady_settings());
        const auto order = keys(ranking, candidates);
        REQUIRE(order.size() == 4);
        CHECK(order[1] == "b");  // before further keys of the first provider
        CHECK_FALSE(ranking.order[1].further_key);
        CHECK(ranking.order[2].further_key);
        first[order[0]]++;
    }
    CHECK(first["one"] > 900);
    CHECK(first["one"] < 1100);
    CHECK(first["none"] == 0);
    candidates[1].excluded = Exclusion::rate_limited;
    CHECK(keys(rank(candidates, request, steady_settings()), candidates) ==
          Names{"one", "b", "none"});
    candidates[0].excluded = Exclusion::rate_limited;
    CHECK(keys(rank(candidates, request, steady_settings()), candidates) == Names{"none", "b"});
}

TEST_CASE("score: a session keeps to its key, a model to all keys of its provider") {
    std::vector<CandidateFacts> candidates = {candidate("a", 1), candidate("b", 1.1),
                                              candidate("b", 1.1)};
    candidates[2].key = "second";
    RouteRequest request;
    request.in_session = true;
    request.session = 2;
    std::map<std::string_view, int> first;
    for (request.seed = 0; request.seed < 100; request.seed++) {
        CHECK(keys(rank(candidates, request, steady_settings()), candidates) ==
              Names{"second", "a", "b"});
    }
    request.in_session = false;
    request.session.reset();
    request.preferred = 2;
    for (request.seed = 0; request.seed < 100; request.seed++) {
        first[keys(rank(candidates, request, steady_settings()), candidates).front()]++;
    }
    CHECK(first.size() == 2);
    CHECK(first["a"] == 0);
}

TEST_CASE("score: the regions of a provider compete") {
    std::vector<CandidateFacts> candidates = {candidate("a", 1), candidate("a", 1)};
    candidates[0].key = "far";
    candidates[0].region = "us";
    candidates[0].health.latency_ms = 900;
    candidates[1].key = "near";
    candidates[1].region = "eu";
    candidates[1].health.latency_ms = 300;
    RouteRequest request;
    request.streaming = true;
    const Ranking ranking = rank(candidates, request, steady_settings());
    CHECK(keys(ranking, candidates) == Names{"near", "far"});
    CHECK_FALSE(ranking.order[1].further_key);
}

TEST_CASE("score: names of reasons and exclusions") {
    for (int i = 0; i <= static_cast<int>(RouteReason::last_resort); i++) {
        const auto reason = static_cast<RouteReason>(i);
        CHECK(read_reason(reason_name(reason)) == reason);
    }
    CHECK_FALSE(read_reason("best"));
    for (int i = 0; i <= static_cast<int>(Exclusion::failing); i++) {
        const auto exclusion = static_cast<Exclusion>(i);
        CHECK(read_exclusion(exclusion_name(exclusion)) == exclusion);
        CHECK_FALSE(describe(exclusion).empty());
    }
    CHECK_FALSE(read_exclusion(""));
}

TEST_CASE("score: ranking 20 candidates takes at most 5 us") {
    std::vector<CandidateFacts> candidates;
    for (int i = 0; i < 20; i++) {
        CandidateFacts facts = with_uptime(candidate("p", 1e9 + i * 1e8), 99.9 - i);
        facts.region =
            std::string_view("abcdefghijklmnopqrst").substr(static_cast<std::size_t>(i), 1);
        facts.health.latency_ms = 500 + i;
        facts.health.throughput = 80 - i;
        candidates.push_back(facts);
    }
    const RoutingSettings settings = routing_settings();
    RouteRequest request;
    request.streaming = true;
    // The fastest of many: what else the machine does slows down most of them, but not all.
    std::chrono::nanoseconds fastest = std::chrono::hours(1);
    for (request.seed = 0; request.seed < 5000; request.seed++) {
        const auto begin = std::chrono::steady_clock::now();
        const Ranking ranking = rank(candidates, request, settings);
        fastest = std::min(fastest, std::chrono::steady_clock::now() - begin);
        REQUIRE(ranking.order.size() == 20);
    }
    MESSAGE("ranking 20 candidates: " << fastest.count() << " ns");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(fastest < std::chrono::microseconds(5));
#endif
}
