// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/health.h"

#include <doctest/doctest.h>

#include <limits>

#include "daemon/routing/health_table.h"
#include "daemon/routing/pins.h"
#include "tests/unit/routing_trial.h"

using namespace llmgw;
using doctest::Approx;
using Verdict = CallReport::Verdict;

namespace {

constexpr std::int64_t kStart = 1'700'000'000'000 / kHealthSpanMs * kHealthSpanMs;
constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60'000;
constexpr KeyModel kLab = {"lab", "m"};

CallReport report(Verdict verdict, int status = 0) {
    CallReport report;
    report.verdict = verdict;
    report.status = status;
    return report;
}

CallReport rate_limit(std::optional<std::int64_t> wait_ms) {
    CallReport limited = report(Verdict::rate_limited, 429);
    limited.wait_ms = wait_ms;
    return limited;
}

CallSums calls(std::uint32_t succeeded, std::uint32_t failed) {
    CallSums sums;
    sums.succeeded = succeeded;
    sums.failed = failed;
    return sums;
}

/// A table and a clock.
struct Trial {
    RoutingSettings settings = test::routing_settings();
    HealthTable table{settings};
    std::int64_t now = kStart;

    Readiness readiness(KeyModel of = kLab) { return table.standing(of, now).readiness; }
    HealthFigures figures(KeyModel of = kLab) { return table.standing(of, now).health; }
    // A call that takes no time; it must be allowed.
    void call(const CallReport& result, KeyModel of = kLab) {
        now++;
        const auto begun = table.begin(of, now);
        REQUIRE(begun);
        table.report(of, *begun, result, now);
    }
    void call(Verdict verdict, int status = 0) { call(report(verdict, status)); }
    void fail(int times) {
        for (int i = 0; i < times; i++) {
            call(Verdict::failed, 500);
        }
    }
};

}  // namespace

TEST_CASE("health window: the latest calls count most") {
    const RoutingSettings settings = test::routing_settings();
    HealthWindow window;
    CHECK(window.figures(settings, kStart) == HealthFigures{});
    window.add(calls(0, 1), settings, kStart);
    CHECK(window.figures(settings, kStart).uptime == 0);

    const auto uptime_after = [&](std::int64_t age) {
        HealthWindow two;
        two.add(calls(0, 1), settings, kStart);
        two.add(calls(1, 0), settings, kStart + age);
        return two.figures(settings, kStart + age).uptime;
    };
    CHECK(uptime_after(0) == 50);
    CHECK(uptime_after(45 * kSecond) == 50);
    CHECK(*uptime_after(kMinute) == Approx(100 * 10.0 / 13));
    CHECK(*uptime_after(5 * kMinute - kHealthSpanMs) == Approx(100 * 10.0 / 13));
    CHECK(*uptime_after(5 * kMinute) == Approx(100 * 10.0 / 11));
    CHECK(*uptime_after(60 * kMinute - kHealthSpanMs) == Approx(100 * 10.0 / 11));
    CHECK(uptime_after(60 * kMinute) == 100);
}

TEST_CASE("health window: latency and throughput come from streams that succeed") {
    const RoutingSettings settings = test::routing_settings();
    HealthWindow window;
    CallReport stream = report(Verdict::succeeded, 200);
    stream.first_content_ms = 300;
    stream.output_tokens = 100;
    stream.generation_ms = 2000;
    window.add(sums_of(stream), settings, kStart);
    stream.first_content_ms = 500;
    stream.output_tokens = 300;
    window.add(sums_of(stream), settings, kStart);
    stream.verdict = Verdict::failed;
    stream.first_content_ms = 9999;
    window.add(sums_of(stream), settings, kStart);
    window.add(sums_of(report(Verdict::succeeded, 200)), settings, kStart);
    const HealthFigures figures = window.figures(settings, kStart);
    CHECK(figures.latency_ms == 400);
    CHECK(figures.throughput == 100);
    CHECK(figures.uptime == 75);
    CHECK(figures.calls == 4);
    // Later ones count ten times as much.
    stream.verdict = Verdict::succeeded;
    stream.first_content_ms = 1000;
    window.add(sums_of(stream), settings, kStart + 10 * kMinute);
    CHECK(*window.figures(settings, kStart + 10 * kMinute).latency_ms ==
          Approx((800 + 10'000.0) / 12));
    CHECK(window.figures(settings, kStart + 2 * 60 * kMinute) == HealthFigures{});
}

TEST_CASE("health window: numbers that make no sense are left out") {
    CallReport stream = report(Verdict::succeeded, 200);
    stream.first_content_ms = -5;
    stream.output_tokens = 10;
    stream.generation_ms = 0;
    CHECK(sums_of(stream) == calls(1, 0));
    CHECK(sums_of(report(Verdict::rate_limited)) == CallSums{});
    CHECK(sums_of(report(Verdict::refused)) == CallSums{});
    CHECK(sums_of(report(Verdict::not_counted)) == CallSums{});
}

TEST_CASE("health window: the clock is set back, or jumps ahead") {
    const RoutingSettings settings = test::routing_settings();
    HealthWindow window;
    window.add(calls(3, 0), settings, kStart);
    window.add(calls(0, 1), settings, kStart + 10 * kMinute);
    const auto before = window.figures(settings, kStart + 10 * kMinute);
    CHECK(window.figures(settings, kStart - 1000 * kMinute) == before);
    window.add(calls(1, 0), settings, kStart - 1000 * kMinute);
    CHECK(window.figures(settings, kStart - 1000 * kMinute).calls == 5);
    CHECK(window.figures(settings, kStart - 939 * kMinute) == HealthFigures{});
    window.add(calls(1, 0), settings, kStart + 1'000'000 * kMinute);
    CHECK(window.figures(settings, kStart + 1'000'000 * kMinute).calls == 1);
    CHECK(window.figures(settings, 0).calls == 1);
}

TEST_CASE("health window: other settings") {
    RoutingSettings settings = test::routing_settings();
    HealthWindow window;
    window.add(calls(0, 1), settings, kStart);
    window.add(calls(1, 0), settings, kStart + 30 * kMinute);
    settings.window_ms = 10 * kMinute;
    window.invalidate();
    CHECK(window.figures(settings, kStart + 30 * kMinute).uptime == 100);
    settings.recent_weight = settings.near_weight = settings.rest_weight = 0;
    window.invalidate();
    CHECK_FALSE(window.figures(settings, kStart + 30 * kMinute).uptime);
}

TEST_CASE("rests: failures in a row, then one probe at a time") {
    Trial trial;
    trial.fail(2);
    trial.call(Verdict::succeeded);
    trial.fail(2);
    CHECK(trial.readiness() == Readiness::ready);
    trial.fail(1);
    CHECK(trial.readiness() == Readiness::resting);
    CHECK_FALSE(trial.table.begin(kLab, trial.now));
    const Rest rest = *trial.table.standing(kLab, trial.now).rest;
    CHECK(rest.reason == RestReason::failing);
    CHECK(rest.status == 500);
    CHECK(rest.until == trial.now + 30 * kSecond);
    trial.now = rest.until - 1;
    CHECK(trial.readiness() == Readiness::resting);
    trial.now = rest.until;
    CHECK(trial.readiness() == Readiness::probe);

    const auto probe = trial.table.begin(kLab, trial.now);
    REQUIRE(probe);
    CHECK(probe->probes_model);
    for (int i = 0; i < 100; i++) {
        CHECK_FALSE(trial.table.begin(kLab, trial.now));
    }
    SUBCASE("it failed: twice as long") {
        trial.table.report(kLab, *probe, report(Verdict::failed, 502), trial.now);
        CHECK(trial.table.standing(kLab, trial.now).rest->until == trial.now + 60 * kSecond);
        CHECK(trial.table.standing(kLab, trial.now).rest->times == 2);
        CHECK(trial.table.standing(kLab, trial.now).rest->status == 502);
    }
    SUBCASE("it succeeded: all is forgotten") {
        trial.table.report(kLab, *probe, report(Verdict::succeeded, 200), trial.now);
        CHECK(trial.readiness() == Readiness::ready);
        trial.fail(2);
        CHECK(trial.readiness() == Readiness::ready);
        trial.fail(1);
        CHECK(trial.table.standing(kLab, trial.now).rest->until == trial.now + 30 * kSecond);
    }
    SUBCASE("it says nothing: the next one may probe") {
        trial.table.report(kLab, *probe, report(Verdict::not_counted, 400), trial.now);
        CHECK(trial.readiness() == Readiness::probe);
    }
    SUBCASE("its answer has begun: others may ask, and a failure makes it rest for longer") {
        CallInFlight call = *probe;
        trial.table.answering(kLab, call);
        CHECK(trial.readiness() == Readiness::ready);
        CHECK_FALSE(call.probes_model);
        trial.now++;
        const auto other = trial.table.begin(kLab, trial.now);
        REQUIRE(other);
        trial.table.report(kLab, *other, report(Verdict::failed, 500), trial.now);
        CHECK(trial.table.standing(kLab, trial.now).rest->until == trial.now + 60 * kSecond);
        // The long stream that had probed it ends well, but began before.
        trial.table.report(kLab, call, report(Verdict::succeeded, 200), trial.now);
        CHECK(trial.readiness() == Readiness::resting);
    }
    SUBCASE("it got lost: another one may probe in the end") {
        trial.now += 9 * kMinute;
        CHECK(trial.readiness() == Readiness::resting);
        trial.now += kMinute;
        CHECK(trial.readiness() == Readiness::probe);
    }
}

TEST_CASE("rests: they double up to a limit") {
    Trial trial;
    trial.fail(3);
    std::vector<std::int64_t> lengths;
    for (int i = 0; i < 40; i++) {
        const Rest rest = *trial.table.standing(kLab, trial.now).rest;
        lengths.push_back((rest.until - trial.now) / kSecond);
        trial.now = rest.until - 1;
        trial.fail(1);
    }
    lengths.resize(7);
    CHECK(lengths == std::vector<std::int64_t>{30, 60, 120, 240, 480, 900, 900});
    CHECK(trial.table.standing(kLab, trial.now).rest->until == trial.now + 900 * kSecond);
}

TEST_CASE("rests: calls that were under way do not prolong them") {
    Trial trial;
    std::vector<CallInFlight> calls;
    for (int i = 0; i < 50; i++) {
        calls.push_back(*trial.table.begin(kLab, trial.now));
    }
    trial.now += 100;
    for (int i = 0; i < 40; i++) {
        trial.table.report(kLab, calls[static_cast<std::size_t>(i)], report(Verdict::failed, 503),
                           trial.now);
    }
    Rest rest = *trial.table.standing(kLab, trial.now).rest;
    CHECK(rest.until == trial.now + 30 * kSecond);
    CHECK(rest.times == 1);
    // One of them ends well after all: it had begun before the others failed.
    trial.table.report(kLab, calls[40], report(Verdict::succeeded, 200), trial.now);
    CHECK(trial.readiness() == Readiness::resting);
    // And one fails when the rest is over, which is not for it to say.
    trial.now = rest.until;
    trial.table.report(kLab, calls[41], report(Verdict::failed, 503), trial.now);
    CHECK(trial.readiness() == Readiness::probe);
    CHECK(trial.table.standing(kLab, trial.now).health.calls == 42);
}

TEST_CASE("rests: calls that began before do not break a row of failures") {
    Trial trial;
    const auto early = trial.table.begin(kLab, trial.now);
    trial.fail(2);
    trial.table.report(kLab, *early, report(Verdict::succeeded, 200), trial.now);
    trial.fail(1);
    CHECK(trial.readiness() == Readiness::resting);
    // Unless nobody can tell, because the clock was set back.
    Trial back;
    back.fail(2);
    back.now -= 10 * kMinute;
    back.call(Verdict::succeeded);
    back.fail(2);
    CHECK(back.readiness() == Readiness::ready);
}

TEST_CASE("rests: a rate limit holds for exactly as long as was said") {
    Trial trial;
    trial.call(rate_limit(180'000));
    CHECK(trial.figures().calls == 0);  // says nothing about how well it works
    trial.now += 179'999;
    CHECK(trial.readiness() == Readiness::resting);
    trial.now++;
    CHECK(trial.readiness() == Readiness::probe);
    trial.call(rate_limit(std::nullopt));
    CHECK(trial.table.standing(kLab, trial.now).rest->until == trial.now + 10 * kSecond);
    CHECK(trial.table.standing(kLab, trial.now).rest->times == 2);
    trial.now += 10 * kSecond;
    trial.call(rate_limit(0));
    CHECK(trial.readiness() == Readiness::probe);
    trial.call(rate_limit(-5));
    CHECK(trial.readiness() == Readiness::probe);
    trial.call(rate_limit(std::numeric_limits<std::int64_t>::max()));
    trial.now += 7 * 24 * 60 * kMinute;
    CHECK(trial.readiness() == Readiness::probe);
    trial.call(Verdict::succeeded);
    CHECK(trial.readiness() == Readiness::ready);
}

TEST_CASE("rests: of many rate limits at once the longest holds") {
    Trial trial;
    const auto one = trial.table.begin(kLab, trial.now);
    const auto two = trial.table.begin(kLab, trial.now);
    const auto three = trial.table.begin(kLab, trial.now);
    trial.table.report(kLab, *one, rate_limit(20'000), trial.now);
    trial.table.report(kLab, *two, rate_limit(30'000), trial.now);
    trial.table.report(kLab, *three, rate_limit(5'000), trial.now);
    const Rest rest = *trial.table.standing(kLab, trial.now).rest;
    CHECK(rest.until == trial.now + 30'000);
    CHECK(rest.times == 1);
    // Another model of the key has a limit of its own.
    CHECK(trial.readiness({"lab", "other"}) == Readiness::ready);
}

TEST_CASE("rests: a refused key rests for all models, a forbidden model alone") {
    Trial trial;
    for (const int status : {401, 402}) {
        CAPTURE(status);
        Trial fresh;
        fresh.call(Verdict::refused, status);
        CHECK(fresh.readiness({"lab", "other"}) == Readiness::resting);
        CHECK(fresh.readiness({"lab2", "m"}) == Readiness::ready);
        CHECK(fresh.table.standing(kLab, fresh.now).rest->until == fresh.now + kMinute);
        fresh.now += kMinute;
        const auto probe = fresh.table.begin({"lab", "other"}, fresh.now);
        REQUIRE(probe);
        CHECK(probe->probes_key);
        CHECK_FALSE(fresh.table.begin(kLab, fresh.now));
        fresh.table.report({"lab", "other"}, *probe, report(Verdict::refused, status), fresh.now);
        CHECK(fresh.table.standing(kLab, fresh.now).rest->until == fresh.now + 2 * kMinute);
        fresh.now += 2 * kMinute;
        fresh.call(Verdict::failed, 500);  // tells nothing about the key
        CHECK(fresh.readiness() == Readiness::probe);
        fresh.call(Verdict::succeeded, 200);
        CHECK(fresh.readiness() == Readiness::ready);
    }
    trial.call(Verdict::refused, 403);
    CHECK(trial.readiness() == Readiness::resting);
    CHECK(trial.readiness({"lab", "other"}) == Readiness::ready);
}

TEST_CASE("rests: fifty calls that are refused at once are one refusal") {
    Trial trial;
    std::vector<CallInFlight> calls;
    for (int i = 0; i < 50; i++) {
        calls.push_back(*trial.table.begin(kLab, trial.now));
    }
    for (const CallInFlight& call : calls) {
        trial.table.report(kLab, call, report(Verdict::refused, 401), trial.now);
    }
    CHECK(trial.table.standing(kLab, trial.now).rest->times == 1);
    CHECK(trial.table.standing(kLab, trial.now).rest->until == trial.now + kMinute);
}

TEST_CASE("rests: a key that is both refused and limited gives both probes back") {
    Trial trial;
    trial.call(rate_limit(1'000));
    trial.now += 1'000;
    trial.call(Verdict::refused, 401);
    trial.now += kMinute;
    const auto probe = trial.table.begin(kLab, trial.now);
    REQUIRE(probe);
    CHECK(probe->probes_model);
    CHECK(probe->probes_key);
    trial.table.report(kLab, *probe, report(Verdict::not_counted), trial.now);
    CHECK(trial.readiness() == Readiness::probe);
    CallInFlight next = *trial.table.begin(kLab, trial.now);
    trial.table.answering(kLab, next);
    CHECK(trial.readiness() == Readiness::ready);
}

TEST_CASE("rests: as a last resort, those that fail are asked, and come back by it") {
    Trial trial;
    trial.fail(3);
    CHECK_FALSE(trial.table.begin(kLab, trial.now, LastResort::none));
    for (int i = 0; i < 3; i++) {
        trial.now += kSecond;
        const auto call = trial.table.begin(kLab, trial.now, LastResort::failing);
        REQUIRE(call);
        trial.table.report(kLab, *call, report(Verdict::failed, 500), trial.now);
    }
    CHECK(trial.table.standing(kLab, trial.now).rest->times == 1);
    trial.now += kSecond;
    const auto call = trial.table.begin(kLab, trial.now, LastResort::failing);
    REQUIRE(call);
    trial.table.report(kLab, *call, report(Verdict::succeeded, 200), trial.now);
    CHECK(trial.readiness() == Readiness::ready);
    trial.call(rate_limit(5'000));
    CHECK_FALSE(trial.table.begin(kLab, trial.now, LastResort::failing));
    CHECK(trial.table.begin(kLab, trial.now, LastResort::any));
}

TEST_CASE("rests: the clock is set back, or the machine sleeps") {
    Trial trial;
    trial.call(rate_limit(60'000));
    trial.now -= 365LL * 24 * 60 * kMinute;
    CHECK(trial.readiness() == Readiness::resting);
    CHECK(trial.table.standing(kLab, trial.now).rest->until == trial.now + kMinute);
    trial.now += kMinute;
    CHECK(trial.readiness() == Readiness::probe);
    const auto probe = trial.table.begin(kLab, trial.now);
    REQUIRE(probe);
    trial.now -= 60 * kMinute;
    trial.table.report(kLab, *probe, report(Verdict::failed, 500), trial.now);
    CHECK(trial.readiness() == Readiness::resting);
    trial.now += kMinute;
    trial.call(rate_limit(60'000));
    trial.now += 10'000 * kMinute;
    CHECK(trial.readiness() == Readiness::probe);
    trial.now = 0;  // at worst, it rests once more
    CHECK(trial.readiness() == Readiness::resting);
    trial.now = kMinute;
    trial.call(Verdict::succeeded);
    CHECK(trial.readiness() == Readiness::ready);
}

TEST_CASE("health table: requests at fault change nothing") {
    Trial trial;
    trial.fail(2);
    trial.call(Verdict::not_counted, 400);
    CHECK(trial.figures().calls == 2);
    trial.fail(1);  // still in a row
    CHECK(trial.readiness() == Readiness::resting);
    Trial unused;
    unused.call(Verdict::not_counted, 400);
    CHECK(unused.table.size() == 0);
}

TEST_CASE("health table: a restart forgets nothing") {
    Trial trial;
    CallReport stream = report(Verdict::succeeded, 200);
    stream.first_content_ms = 250;
    stream.output_tokens = 80;
    stream.generation_ms = 1000;
    trial.call(stream);
    trial.now += 2 * kMinute;
    trial.fail(3);
    trial.call(rate_limit(500'000), {"other", "m"});
    trial.call(report(Verdict::refused, 401), {"third", "m"});
    HealthChanges changes = trial.table.take_changes(trial.now);
    CHECK(changes.health.size() == 2);
    REQUIRE(changes.rests_changed);
    REQUIRE(changes.rests.size() == 3);

    Trial next;
    next.now = trial.now + kMinute / 2 - 100;
    next.table.restore(changes.health, changes.rests, next.now);
    trial.now = next.now;
    CHECK(next.figures() == trial.figures());
    CHECK(next.figures().calls == 4);
    CHECK(next.readiness() == Readiness::resting);
    CHECK(next.readiness({"other", "m"}) == Readiness::resting);
    CHECK(next.readiness({"third", "m"}) == Readiness::probe);  // it may have been mended
    const HealthChanges none = next.table.take_changes(next.now);
    CHECK(none.health.empty());
    CHECK_FALSE(none.rests_changed);

    // What comes later is added to what is saved.
    changes = trial.table.take_changes(trial.now);
    CHECK(changes.health.empty());
    CHECK_FALSE(changes.rests_changed);
    trial.now += kMinute;
    trial.call(Verdict::succeeded);
    changes = trial.table.take_changes(trial.now);
    REQUIRE(changes.health.size() == 1);
    CHECK(changes.health[0].succeeded == 1);
    CHECK(changes.health[0].failed == 0);
    CHECK(changes.health[0].begin == trial.now / kHealthSpanMs * kHealthSpanMs);
    REQUIRE(changes.rests_changed);
    CHECK(changes.rests.size() == 2);
}

TEST_CASE("health table: rows that are not as they should be") {
    Trial trial;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<HealthRow> health = {
        {"lab", "m", trial.now + 1, 1, 0, 0, 0, 0, 0},
        {"lab", "m", trial.now - 60 * kMinute, 1, 0, 0, 0, 0, 0},
        {"lab", "m", -5, 1, 0, 0, 0, 0, 0},
        {"lab", "m", trial.now - 3, 1, 0, nan, 1, 0, 0},
        {"lab", "m", trial.now - 3, 1, 0, 5, 1, -1, 0},
        {"lab", "m", trial.now - 3, 1, 0, 5, 1, 1, std::numeric_limits<double>::infinity()},
    };
    const std::vector<RestRow> rests = {
        {"lab", "m", "tired", trial.now, trial.now + kMinute, 1, 0, ""},
        {"lab", "m", "failing", trial.now, trial.now - 1, 1, 0, ""},
        {"lab", "m", "failing", -1, trial.now + kMinute, 1, 0, ""},
        {"lab", "m", "failing", trial.now - 200 * kMinute, trial.now - 100 * kMinute, 1, 0, ""},
    };
    trial.table.restore(health, rests, trial.now);
    CHECK(trial.figures() == HealthFigures{});
    CHECK(trial.readiness() == Readiness::ready);

    // A rest that a wrong clock made last for years, and absurd numbers.
    const std::vector<RestRow> odd = {
        {"lab", "m", "failing", trial.now, INT64_MAX, INT32_MAX, -1, ""},
        {"far", "m", "rate_limited", INT64_MAX - 1, INT64_MAX, -7, 0, ""}};
    trial.table.restore({}, odd, trial.now);
    CHECK(trial.readiness({"far", "m"}) == Readiness::resting);
    trial.now += 1;
    CHECK(trial.readiness({"far", "m"}) == Readiness::probe);
    trial.now += 7 * 24 * 60 * kMinute;
    CHECK(trial.readiness() == Readiness::probe);
    trial.fail(1);
    CHECK(trial.table.standing(kLab, trial.now).rest->until == trial.now + 15 * kMinute);
}

TEST_CASE("health table: a key that was mended is asked at once") {
    Trial trial;
    trial.call(report(Verdict::refused, 401));
    trial.call(rate_limit(500'000), {"other", "m"});
    static_cast<void>(trial.table.take_changes(trial.now));
    trial.table.end_rests("lab");
    CHECK(trial.readiness() == Readiness::ready);
    CHECK(trial.readiness({"other", "m"}) == Readiness::resting);
    CHECK(trial.table.rests(trial.now).size() == 1);
    CHECK(trial.table.take_changes(trial.now).rests_changed);
    trial.table.end_rests("other");
    CHECK(trial.readiness({"other", "m"}) == Readiness::ready);
}

TEST_CASE("health table: what is out of the window is forgotten") {
    Trial trial;
    trial.call(Verdict::succeeded);
    trial.call(rate_limit(90 * kMinute), {"limited", "m"});
    CHECK(trial.table.take_changes(trial.now).health.size() == 1);
    trial.now += 60 * kMinute;
    static_cast<void>(trial.table.take_changes(trial.now));
    CHECK(trial.table.size() == 1);  // the one that still rests
    trial.now += 31 * kMinute;
    CHECK(trial.readiness({"limited", "m"}) == Readiness::probe);
    trial.now += 60 * kMinute;
    static_cast<void>(trial.table.take_changes(trial.now));
    CHECK(trial.table.size() == 0);
}

TEST_CASE("health table: there is no end of names, but one of memory") {
    Trial trial;
    for (int i = 0; i < 20'000; i++) {
        trial.call(report(Verdict::succeeded), {"lab", "model " + std::to_string(i)});
    }
    CHECK(trial.table.size() <= 4096);
    CHECK(trial.figures({"lab", "model 19999"}).calls == 1);
    CHECK(trial.figures({"lab", "model 0"}).calls == 0);
    // All of the same moment.
    Trial same;
    for (int i = 0; i < 5'000; i++) {
        const std::string model = std::to_string(i);
        same.table.report({"lab", model}, {}, report(Verdict::succeeded), same.now);
    }
    CHECK(same.table.size() > 2000);
    CHECK(same.table.size() <= 4096);
}

TEST_CASE("pins: they end, and the least used has to go") {
    Pins pins(3);
    pins.set(1, 100, kStart, kMinute);
    CHECK(pins.find(1, kStart) == 100);
    CHECK(pins.find(1, kStart + kMinute - 1) == 100);
    CHECK_FALSE(pins.find(1, kStart + kMinute));
    CHECK(pins.size() == 0);
    for (std::uint64_t who = 1; who <= 3; who++) {
        pins.set(who, who, kStart, kMinute);
    }
    pins.set(1, 7, kStart + 1, kMinute);
    pins.set(4, 4, kStart + 2, kMinute);
    CHECK(pins.size() == 3);
    CHECK(pins.find(1, kStart + 3) == 7);
    CHECK_FALSE(pins.find(2, kStart + 3));
    CHECK(pins.find(3, kStart + 3) == 3);
    // The clock is set back: a pin holds no longer than it was to.
    CHECK(pins.find(3, 0) == 3);
    CHECK_FALSE(pins.find(3, kMinute));
    pins.set(5, 5, kStart, 0);
    CHECK_FALSE(pins.find(5, kStart));
}
