// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/decision.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/unit/routing_trial.h"

using namespace llmgw;

namespace {

/// Decisions of all kinds: each member takes each of its values sooner or later.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}

    Decision decision(const RoutingSettings& settings) {
        Decision decision;
        decision.model = name();
        decision.request = request();
        const std::size_t number = below(8);
        std::string_view provider = name();
        for (std::size_t i = 0; i < number; i++) {
            provider = below(3) == 0 ? provider : name();
            decision.candidates.push_back(facts(provider));
        }
        if (number > 0 && below(2) == 0) {
            decision.request.session = below(number);
        }
        if (number > 0 && below(2) == 0) {
            decision.request.preferred = below(number);
        }
        decision.ranking = rank(decision.candidates, decision.request, settings);
        return decision;
    }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    bool coin() { return below(2) == 0; }
    // Any mantissa, many magnitudes.
    double number() {
        return std::ldexp(static_cast<double>(random_() >> 11U), static_cast<int>(below(80)) - 90);
    }
    std::optional<double> maybe_number() {
        return below(4) == 0 ? std::nullopt : std::optional(below(5) == 0 ? 0 : number());
    }
    std::string_view name() {
        static constexpr std::string_view kNames[] = {
            "openai", "azure", "a \"quoted\" one", "back\\s", "\xf0\x9f\x92\xa1", "line\nbreak"};
        return kNames[below(std::size(kNames))];
    }
    RouteRequest request() {
        RouteRequest request;
        request.strategy = static_cast<RoutingStrategy>(below(4));
        request.streaming = coin();
        request.makes_images = coin();
        request.pinned = coin();
        request.no_fallback = coin();
        request.in_session = coin();
        request.prompt_tokens = coin() ? below(20'000) : random_();
        request.seed = random_();
        return request;
    }
    CandidateFacts facts(std::string_view provider) {
        CandidateFacts facts;
        facts.provider = provider;
        facts.model = name();
        facts.key = name();
        facts.region = coin() ? "" : "eu";
        facts.price = maybe_number();
        facts.named = below(4) > 0;
        facts.caches_prompts = coin();
        facts.binds_sessions = coin();
        facts.priority = coin() ? 1 : number();
        facts.weight = coin() ? 1 : static_cast<std::int64_t>(random_());
        facts.health.uptime =
            coin() ? maybe_number() : std::optional(static_cast<double>(below(101)));
        facts.health.latency_ms = maybe_number();
        facts.health.throughput = maybe_number();
        facts.health.calls = random_();
        facts.excluded = coin() ? Exclusion::none : static_cast<Exclusion>(below(20));
        facts.rests_for_ms = coin() ? 0 : static_cast<std::int64_t>(below(1'000'000));
        return facts;
    }

    std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("decision: ranking a logged decision again gives the logged ranking") {
    RoutingSettings settings = test::routing_settings();
    settings.exploration_rate = 0.2;
    settings.cache_weight = 0.1;
    Dice dice(20'261'124);
    for (int i = 0; i < 5000; i++) {
        CAPTURE(i);
        settings.last_resort = static_cast<LastResort>(i % 3);
        const Decision decision = dice.decision(settings);
        const std::string json = decision_json(decision);
        const auto read = read_decision(json);
        REQUIRE(read);
        REQUIRE(read->model == decision.model);
        REQUIRE(read->request == decision.request);
        REQUIRE(read->candidates == decision.candidates);
        REQUIRE(read->ranking == decision.ranking);
        REQUIRE(rank(read->candidates, read->request, settings) == decision.ranking);
        REQUIRE(decision_json(*read) == json);
    }
}

TEST_CASE("decision: what it looks like") {
    Decision decision;
    decision.model = "gpt-5";
    decision.request.seed = 7;
    decision.candidates = {test::candidate("openai", 5e9)};
    decision.ranking = rank(decision.candidates, decision.request, test::steady_settings());
    CHECK(decision_json(decision) ==
          R"({"model":"gpt-5","strategy":"auto","prompt_tokens":0,"seed":7,)"
          R"("reason":"only_candidate","candidates":[{"provider":"openai","model":"m",)"
          R"("key":"openai","price":5e+09}],"order":[{"candidate":0,"score":0,"cache":1}]})");
}

TEST_CASE("decision: what is not one") {
    const std::string good =
        R"({"model":"m","strategy":"auto","prompt_tokens":1,"seed":2,"reason":"best_score",)"
        R"("candidates":[{"provider":"a","model":"m"}],"order":[{"candidate":0,"score":1.5}]})";
    REQUIRE(read_decision(good));
    const auto changed = [&](std::string_view from, std::string_view to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return text;
    };
    const std::pair<std::string, std::string> cases[] = {
        {"", "not valid JSON"},
        {"[]", "\"model\""},
        {"null", "\"model\""},
        {"{}", "\"strategy\""},
        {changed("\"m\"", "1"), "\"model\""},
        {changed("auto", "best"), "\"strategy\""},
        {changed("best_score", "x"), "\"reason\""},
        {changed("\"seed\":2", "\"seed\":-2"), "\"seed\""},
        {changed("\"seed\":2", "\"seed\":2.5"), "\"seed\""},
        {changed("\"seed\":2", "\"seed\":2,\"pinned\":1"), "\"pinned\""},
        {changed("\"seed\":2", "\"seed\":2,\"session\":\"0\""), "\"session\""},
        {changed("[{\"provider\":\"a\",\"model\":\"m\"}]", "7"), "\"candidates\""},
        {changed("{\"provider\":\"a\",\"model\":\"m\"}", "7"), "\"provider\""},
        {changed("\"provider\":\"a\"", "\"provider\":[]"), "\"provider\""},
        {changed("\"provider\"", "\"excluded\":\"x\",\"provider\""), "\"excluded\""},
        {changed("\"provider\"", "\"price\":\"1\",\"provider\""), "\"price\""},
        {changed("\"provider\"", "\"price\":1e999,\"provider\""), "not valid JSON"},
        {changed("\"provider\"", "\"weight\":1.5,\"provider\""), "\"weight\""},
        {changed("\"provider\"", "\"weight\":18446744073709551615,\"provider\""), "\"weight\""},
        {changed("\"candidate\":0", "\"candidate\":1"), "\"candidate\""},
        {changed("\"candidate\":0", "\"candidate\":-1"), "\"candidate\""},
        {changed("1.5", "true"), "\"score\""},
        {std::string(10'000, '['), "levels deep"},
    };
    for (const auto& [text, problem] : cases) {
        CAPTURE(text);
        const auto read = read_decision(text);
        REQUIRE_FALSE(read);
        CHECK(read.error().kind == Errc::invalid_file);
        CHECK(read.error().message.find(problem) != std::string::npos);
    }
}
