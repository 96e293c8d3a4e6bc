// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/routing_simulation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace llmgw;
using llmgw::test::Behaviour;
using llmgw::test::RoutingSimulation;
using Verdict = CallReport::Verdict;

namespace {

constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60'000;

Behaviour healthy(std::int64_t) {
    return {};
}

Behaviour failing() {
    Behaviour behaviour;
    behaviour.verdict = Verdict::failed;
    behaviour.status = 503;
    behaviour.takes_ms = 100;
    return behaviour;
}

Behaviour refusing() {
    Behaviour behaviour = failing();
    behaviour.verdict = Verdict::refused;
    behaviour.status = 401;
    return behaviour;
}

Behaviour limiting(std::int64_t wait_ms) {
    Behaviour behaviour = failing();
    behaviour.verdict = Verdict::rate_limited;
    behaviour.status = 429;
    behaviour.wait_ms = wait_ms;
    return behaviour;
}

Behaviour slow(std::int64_t first_content_ms) {
    Behaviour behaviour;
    behaviour.takes_ms = first_content_ms;
    return behaviour;
}

// Does something else for a while.
RoutingSimulation::Script between(std::int64_t from, std::int64_t until, Behaviour then) {
    return [=](std::int64_t now) { return now >= from && now < until ? then : Behaviour{}; };
}

/// Takes so many calls a minute, and tells how long to wait for the next.
class Quota {
  public:
    explicit Quota(int a_minute) : a_minute_(a_minute) {}
    Behaviour operator()(std::int64_t now) {
        if (now / kMinute != minute_) {
            minute_ = now / kMinute;
            used_ = 0;
        }
        used_++;
        return used_ <= a_minute_ ? Behaviour{} : limiting((minute_ + 1) * kMinute - now);
    }

  private:
    int a_minute_;
    std::int64_t minute_ = -1;
    int used_ = 0;
};

}  // namespace

TEST_CASE("routing simulation: a provider dies and comes back") {
    RoutingSimulation simulation(test::steady_settings());
    const std::int64_t dies = 2 * kMinute;
    const std::int64_t recovers = 4 * kMinute;
    simulation.add_provider("cheap", 1, between(dies, recovers, failing()));
    simulation.add_provider("fair", 2, healthy);
    simulation.add_provider("dear", 3, healthy);
    simulation.requests(0, 10 * kMinute, 100);
    simulation.run();
    CHECK(simulation.answered() == 6000);
    CHECK(simulation.lost() == 0);
    CHECK(simulation.share("cheap", 0, dies) == 1);
    // Three failures, one that was under way, and two probes after 30 and 90 seconds. Those that
    // began before and end well in the meantime delay nothing.
    CHECK(simulation.calls_to("cheap", dies, recovers) <= 6);
    CHECK(simulation.calls_to("cheap", dies + kSecond, recovers) == 2);
    CHECK(simulation.share("fair", dies + kSecond, recovers) > 0.99);
    // The third probe is due 210 seconds after the first failures.
    CHECK(simulation.share("cheap", dies + 215 * kSecond, 10 * kMinute) == 1);
}

TEST_CASE("routing simulation: a provider that fails now and then is used less, but not lost") {
    RoutingSimulation simulation(test::steady_settings());
    int calls = 0;
    simulation.add_provider("flaky", 1, [&calls](std::int64_t now) {
        const bool fails = now >= 5 * kMinute && now < 10 * kMinute && ++calls % 3 == 0;
        return fails ? failing() : Behaviour{};
    });
    simulation.add_provider("steady", 2, healthy);
    simulation.requests(0, 80 * kMinute, 500);
    simulation.run();
    CHECK(simulation.lost() == 0);
    CHECK(simulation.share("flaky", 0, 5 * kMinute) == 1);
    CHECK(simulation.share("flaky", 7 * kMinute, 10 * kMinute) < 0.2);
    CHECK(simulation.share("flaky", 75 * kMinute, 80 * kMinute) == 1);
}

TEST_CASE("routing simulation: traffic leaves a provider that slows down, and returns to it") {
    RoutingSimulation simulation;
    const std::int64_t slows = 10 * kMinute;
    const std::int64_t recovers = 40 * kMinute;
    simulation.add_provider("cheap", 10, between(slows, recovers, slow(20 * kSecond)));
    simulation.add_provider("quick", 14, healthy);
    simulation.requests(0, 120 * kMinute, kSecond);
    simulation.run();
    CHECK(simulation.lost() == 0);
    CHECK(simulation.share("cheap", 0, slows) > 0.98);
    // What is slow is known only when it has answered.
    CHECK(simulation.share("quick", slows + 2 * kMinute, recovers) > 0.97);
    CHECK(simulation.share("cheap", 110 * kMinute, 120 * kMinute) > 0.97);
}

TEST_CASE("routing simulation: rate limits are kept to, and used up") {
    RoutingSimulation simulation(test::steady_settings());
    simulation.add_provider("limited", 1, Quota(60));
    simulation.add_provider("unlimited", 2, healthy);
    simulation.requests(0, 30 * kMinute, 200);
    simulation.run();
    CHECK(simulation.answered() == 9000);
    std::size_t limits = 0;
    std::size_t taken = 0;
    for (const auto& call : simulation.calls()) {
        limits += call.verdict == Verdict::rate_limited ? 1U : 0U;
        taken += call.key == "limited" && call.verdict == Verdict::succeeded ? 1U : 0U;
    }
    CHECK(taken == 60 * 30);  // all that it gives
    CHECK(limits <= 30 * 4);  // each minute one is told, and few are under way by then
}

TEST_CASE("routing simulation: one probe among a hundred requests at once") {
    RoutingSimulation simulation(test::steady_settings());
    simulation.add_provider("cheap", 1, between(0, kSecond, limiting(180 * kSecond)));
    simulation.add_provider("dear", 2, healthy);
    simulation.request(0);
    for (int i = 0; i < 100; i++) {
        simulation.request(100 + 180 * kSecond - 1);  // still at rest: it was told at 100
        simulation.request(100 + 180 * kSecond);
        simulation.request(100 + 185 * kSecond);
    }
    simulation.run();
    CHECK(simulation.lost() == 0);
    CHECK(simulation.calls_to("cheap", 1, 100 + 180 * kSecond) == 0);
    CHECK(simulation.calls_to("cheap", 100 + 180 * kSecond, 100 + 185 * kSecond) == 1);
    CHECK(simulation.calls_to("cheap", 100 + 185 * kSecond, 200 * kSecond) == 100);
}

TEST_CASE("routing simulation: a key that is refused rests longer and longer until it is mended") {
    RoutingSimulation simulation(test::steady_settings());
    const std::int64_t mended = 50 * kMinute;
    simulation.add_key("a", "a1", 1, between(5 * kMinute, mended, refusing()));
    simulation.add_key("a", "a2", 1, healthy);
    simulation.add_provider("b", 2, healthy);
    simulation.requests(0, 120 * kMinute, kSecond);
    simulation.run();
    CHECK(simulation.answered() == 7200);
    CHECK(simulation.share("a1", 0, 5 * kMinute) == doctest::Approx(0.5).epsilon(0.2));
    // At once, and then after 1, 2, 4, 8 and 15 minutes; each time another provider answers.
    CHECK(simulation.calls_to("a1", 5 * kMinute, mended) == 6);
    CHECK(simulation.calls_to("b", 0, 120 * kMinute) == 6);
    CHECK(simulation.share("a1", 70 * kMinute, 120 * kMinute) == doctest::Approx(0.5).epsilon(0.2));
}

TEST_CASE("routing simulation: the only provider fails, and nobody is refused for it") {
    RoutingSimulation simulation(test::steady_settings());
    simulation.add_provider("only", 1, between(kMinute, 2 * kMinute, failing()));
    simulation.requests(0, 5 * kMinute, kSecond);
    simulation.run();
    CHECK(simulation.lost() == 60);  // those that it failed itself
    CHECK(simulation.answered() == 240);
    CHECK(simulation.calls().size() == 300);
}

TEST_CASE("routing simulation: exploration has its share") {
    RoutingSimulation simulation;
    simulation.add_provider("a", 1, healthy);
    simulation.add_provider("b", 9, healthy);
    simulation.add_provider("c", 9, healthy);
    simulation.requests(0, 20'000 * kSecond, kSecond);
    simulation.run();
    CHECK(simulation.explored() > 160);  // of 20,000
    CHECK(simulation.explored() < 240);
    for (const std::string_view key : {"b", "c"}) {
        CHECK(simulation.calls_to(key, 0, INT64_MAX) > 45);
        CHECK(simulation.calls_to(key, 0, INT64_MAX) < 90);
    }
}

TEST_CASE("routing simulation: sessions stay, and move together with their prompts") {
    RoutingSimulation simulation;
    const std::int64_t dies = 30 * kMinute;
    simulation.add_provider("cheap", 10, between(dies, 60 * kMinute, failing()));
    simulation.add_provider("fair", 11, healthy);
    simulation.add_provider("dear", 12, healthy);
    constexpr std::int64_t kSessions = 40;
    for (std::int64_t at = 0; at < 90 * 60; at++) {
        simulation.request(at * kSecond, "session " + std::to_string(at % kSessions));
    }
    simulation.run();
    CHECK(simulation.lost() == 0);
    CHECK(simulation.explored() == 0);
    std::map<std::int64_t, std::vector<std::string>> homes;
    for (const auto& call : simulation.calls()) {
        auto& home = homes[call.request % kSessions];
        if (call.verdict == Verdict::succeeded && (home.empty() || home.back() != call.key)) {
            home.push_back(call.key);
        }
    }
    CHECK(homes.size() == kSessions);
    for (const auto& [session, home] : homes) {
        CAPTURE(session);
        CHECK(home == std::vector<std::string>{"cheap", "fair"});  // one move, and no return
    }
}

TEST_CASE("routing simulation: whatever happens, a healthy provider answers") {
    // Five of six keys have troubles of all kinds at random times, the dearest one has none.
    const auto simulate = [](std::uint64_t seed) {
        RoutingSettings settings = test::routing_settings();
        settings.max_retries = 5;  // all of them may fail one request
        auto simulation = std::make_unique<RoutingSimulation>(settings);
        auto random = std::make_shared<std::mt19937_64>(seed);
        for (int i = 0; i < 5; i++) {
            const std::string provider = i < 2 ? "a" : std::string(1, static_cast<char>('a' + i));
            std::vector<std::pair<std::int64_t, Behaviour>> troubles;  // by the minute
            for (std::int64_t minute = 0; minute < 60; minute++) {
                const Behaviour kinds[] = {
                    {},
                    {},
                    failing(),
                    refusing(),
                    slow(30 * kSecond),
                    limiting(static_cast<std::int64_t>((*random)() % 90'000))};
                troubles.emplace_back((*random)() % 3, kinds[(*random)() % std::size(kinds)]);
            }
            simulation->add_key(
                provider, provider + std::to_string(i), i + 1,
                [troubles, random](std::int64_t now) {
                    const auto minute = std::min<std::int64_t>(now / kMinute, 59);
                    const auto& [often, what] = troubles[static_cast<std::size_t>(minute)];
                    const bool well = static_cast<std::int64_t>((*random)() % 3) < often;
                    return well ? Behaviour{} : what;
                });
        }
        simulation->add_provider("refuge", 20, healthy);
        for (int i = 0; i < 4000; i++) {
            const auto at = static_cast<std::int64_t>((*random)() % (60 * kMinute));
            const std::uint64_t session = (*random)() % 40;
            simulation->request(at, session < 20 ? "session " + std::to_string(session) : "");
        }
        simulation->run();
        return simulation;
    };
    for (std::uint64_t seed = 1; seed <= 5; seed++) {
        CAPTURE(seed);
        const auto simulation = simulate(seed);
        CHECK(simulation->answered() == 4000);
        CHECK(simulation->lost() == 0);
        // Troubles do not make many calls in vain: most are avoided.
        CHECK(simulation->calls().size() < 4000 * 5 / 4);
        if (seed == 1) {
            CHECK(simulate(seed)->calls() == simulation->calls());
        }
    }
}
