// SPDX-License-Identifier: Apache-2.0
#include "common/store/settings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "tests/unit/scratch.h"

using namespace llmgw;
using llmgw::test::Variable;

namespace {
using Stored = std::vector<std::pair<std::string, std::string>>;

const SettingInfo& info_of(std::string_view name) {
    const SettingInfo* info = find_setting(name);
    REQUIRE(info != nullptr);
    return *info;
}
}  // namespace

TEST_CASE("settings: every default is valid and has a help line") {
    for (const SettingInfo& info : setting_infos()) {
        CAPTURE(info.name);
        if (info.target == SettingTarget::none || !info.default_value.empty()) {
            CHECK(check_setting(info, info.name, info.default_value));
        }
        CHECK_FALSE(info.help.empty());
        CHECK(find_setting(info.name) == &info);
    }
    CHECK(find_setting("timeouts") == nullptr);
}

TEST_CASE("settings: the defaults as the gateway sees them") {
    const auto settings = read_settings(Stored{});
    REQUIRE(settings);
    CHECK(settings->timeouts.connect == 10'000);
    CHECK(settings->timeouts.first_byte == 600'000);
    CHECK(settings->timeouts.idle == 300'000);
    CHECK(settings->timeouts.total == 1'800'000);
    CHECK(settings->max_body == 64ULL * 1024 * 1024);
    CHECK(settings->max_connections == 4096);
    CHECK(settings->routing.max_retries == 2);
    CHECK_FALSE(settings->strict);
    CHECK_FALSE(settings->fetch_images);
    CHECK(settings->portkey.compat);
    CHECK_FALSE(settings->portkey.inline_config);
    CHECK(settings->portkey.trusted_hosts ==
          std::vector<std::string>{"localhost", "127.0.0.1", "::1", "host.docker.internal"});
    CHECK(settings->heartbeat_ms == 15'000);
    CHECK(settings->own_timeouts.empty());
}

TEST_CASE("settings: routing has LLM Gateway's constants") {
    const RoutingSettings routing = read_settings(Stored{}).value().routing;
    CHECK(routing.strategy == RoutingStrategy::automatic);
    CHECK(routing.price_weight == 0.6);
    CHECK(routing.image_price_weight == 1);
    CHECK(routing.uptime_weight == 0.5);
    CHECK(routing.throughput_weight == 0.05);
    CHECK(routing.latency_weight == 0.025);
    CHECK(routing.cache_weight == 0);
    CHECK(routing.strategy_weight == 0.9);
    CHECK(routing.default_uptime == 100);
    CHECK(routing.default_latency_ms == 1'000);
    CHECK(routing.default_throughput == 50);
    CHECK(routing.max_throughput_score == 3);
    CHECK(routing.penalty_threshold == 95);
    CHECK(routing.penalty_factor == 5);
    CHECK(routing.window_ms == 3'600'000);
    CHECK(routing.recent_ms == 60'000);
    CHECK(routing.near_ms == 300'000);
    CHECK(routing.recent_weight == 10);
    CHECK(routing.near_weight == 3);
    CHECK(routing.rest_weight == 1);
    CHECK(routing.exploration_rate == 0.01);
    CHECK(routing.stable_ttl_ms == 3'600'000);
    CHECK(routing.stable_min_uptime == 85);
    CHECK(routing.stable_margin == 0.15);
    CHECK(routing.session_ttl_ms == 3'600'000);
    CHECK(routing.session_min_uptime == 85);
    CHECK(routing.low_uptime == 90);
    CHECK(routing.large_prompt == 5'000);
    CHECK(routing.cache_hit_rate == 0.1);
    CHECK(routing.output_ratio == 0.2);
    CHECK(routing.failures_to_rest == 3);
    CHECK(routing.failing_rest_ms == 30'000);
    CHECK(routing.rate_limit_rest_ms == 10'000);
    CHECK(routing.refused_rest_ms == 60'000);
    CHECK(routing.max_rest_ms == 900'000);
    CHECK(routing.last_resort == LastResort::failing);
    CHECK_FALSE(routing.unstable);
    CHECK(routing.fallback_statuses.empty());
    CHECK(routing.priorities.empty());
}

TEST_CASE("settings: every constant of routing can be changed") {
    // A value that none of them has by default, so that none is read from another's name.
    const auto before = read_settings(Stored{}).value().routing;
    for (const SettingInfo& info : setting_infos()) {
        if (!info.name.starts_with("routing.") || info.target != SettingTarget::none) {
            continue;
        }
        CAPTURE(info.name);
        const char* value = info.type == SettingType::duration   ? "97s"
                            : info.type == SettingType::boolean  ? "true"
                            : info.type == SettingType::integers ? "418"
                            : info.name == "routing.strategy"    ? "latency"
                            : info.name == "routing.last_resort" ? "any"
                            : info.type == SettingType::integer  ? "7"
                                                                 : "0.375";
        const auto read = read_settings(Stored{{std::string(info.name), value}});
        REQUIRE(read);
        const RoutingSettings& after = read->routing;
        const double differences[] = {
            double(after.strategy != before.strategy),
            double(after.price_weight != before.price_weight),
            double(after.image_price_weight != before.image_price_weight),
            double(after.uptime_weight != before.uptime_weight),
            double(after.throughput_weight != before.throughput_weight),
            double(after.latency_weight != before.latency_weight),
            double(after.cache_weight != before.cache_weight),
            double(after.strategy_weight != before.strategy_weight),
            double(after.default_uptime != before.default_uptime),
            double(after.default_latency_ms != before.default_latency_ms),
            double(after.default_throughput != before.default_throughput),
            double(after.max_throughput_score != before.max_throughput_score),
            double(after.penalty_threshold != before.penalty_threshold),
            double(after.penalty_factor != before.penalty_factor),
            double(after.window_ms != before.window_ms),
            double(after.recent_ms != before.recent_ms),
            double(after.near_ms != before.near_ms),
            double(after.recent_weight != before.recent_weight),
            double(after.near_weight != before.near_weight),
            double(after.rest_weight != before.rest_weight),
            double(after.exploration_rate != before.exploration_rate),
            double(after.stable_ttl_ms != before.stable_ttl_ms),
            double(after.stable_min_uptime != before.stable_min_uptime),
            double(after.stable_margin != before.stable_margin),
            double(after.session_ttl_ms != before.session_ttl_ms),
            double(after.session_min_uptime != before.session_min_uptime),
            double(after.low_uptime != before.low_uptime),
            double(after.large_prompt != before.large_prompt),
            double(after.cache_hit_rate != before.cache_hit_rate),
            double(after.output_ratio != before.output_ratio),
            double(after.max_retries != before.max_retries),
            double(after.failures_to_rest != before.failures_to_rest),
            double(after.failing_rest_ms != before.failing_rest_ms),
            double(after.rate_limit_rest_ms != before.rate_limit_rest_ms),
            double(after.refused_rest_ms != before.refused_rest_ms),
            double(after.max_rest_ms != before.max_rest_ms),
            double(after.last_resort != before.last_resort),
            double(after.route_backoff_ms != before.route_backoff_ms),
            double(after.unstable != before.unstable),
            double(after.fallback_statuses != before.fallback_statuses),
        };
        CHECK(std::accumulate(std::begin(differences), std::end(differences), 0.0) == 1);
    }
}

TEST_CASE("settings: values of single providers, keys and models") {
    const auto settings = read_settings(Stored{{"routing.priority.openai", "0"},
                                               {"routing.priority.work", "1.5"},
                                               {"timeouts.connect.openai", "1s"},
                                               {"timeouts.idle.openai", "2s"},
                                               {"timeouts.idle.openai/gpt-4.1", "3s"},
                                               {"timeouts.total.lab/meta/llama:8b", "4s"}});
    REQUIRE(settings);
    CHECK(settings->routing.priority_of("key", "openai") == 0);
    CHECK(settings->routing.priority_of("work", "openai") == 1.5);
    CHECK(settings->routing.priority_of("groq", "groq") == 1);
    CHECK(settings->timeouts.connect == 10'000);
    REQUIRE(settings->own_timeouts.size() == 3);
    CHECK(settings->own_timeouts[0].target == "openai");
    CHECK(settings->own_timeouts[0].connect == 1'000);
    CHECK(settings->own_timeouts[0].idle == 2'000);
    CHECK_FALSE(settings->own_timeouts[0].total);
    CHECK(timeouts_for(*settings, "lab", "lab", "meta/llama:8b").total == 4'000);
    CHECK(timeouts_for(*settings, "lab", "lab", "other").total == settings->timeouts.total);
}

TEST_CASE("settings: of several timeouts the most specific wins, each by itself") {
    Stored stored = {{"timeouts.idle", "1s"}};
    const auto idle = [&] {
        return timeouts_for(read_settings(stored).value(), "work", "openai", "gpt-5").idle;
    };
    CHECK(idle() == 1'000);
    stored.emplace_back("timeouts.idle.openai", "2s");
    CHECK(idle() == 2'000);
    stored.emplace_back("timeouts.idle.work", "3s");
    CHECK(idle() == 3'000);
    stored.emplace_back("timeouts.idle.gpt-5", "4s");
    CHECK(idle() == 4'000);
    stored.emplace_back("timeouts.idle.openai/gpt-5", "5s");
    CHECK(idle() == 5'000);
    stored.emplace_back("timeouts.idle.work/gpt-5", "6s");
    CHECK(idle() == 6'000);
    std::reverse(stored.begin(), stored.end());
    CHECK(idle() == 6'000);
    stored.emplace_back("timeouts.connect.openai", "7s");
    const auto both = timeouts_for(read_settings(stored).value(), "work", "openai", "gpt-5");
    CHECK(both.connect == 7'000);
    CHECK(both.idle == 6'000);
    CHECK(both.first_byte == 600'000);
    const auto other = timeouts_for(read_settings(stored).value(), "wor", "openai2", "k/gpt-5");
    CHECK(other.idle == 1'000);
}

TEST_CASE("settings: which names a family has") {
    const auto* const timeouts = find_setting("timeouts.idle.gpt-4.1");
    REQUIRE(timeouts != nullptr);
    CHECK(timeouts->name == "timeouts.idle.NAME");
    CHECK(timeouts->target_of("timeouts.idle.gpt-4.1") == "gpt-4.1");
    CHECK(find_setting("timeouts.idle.lab/a/b:c") == timeouts);
    CHECK(find_setting("routing.priority.openai") != nullptr);
    for (const char* name :
         {"timeouts.idle.", "timeouts.idle./x", "timeouts.idle.x/", "timeouts.idle.a b",
          "timeouts.idle.a\tb", "timeouts.heartbeat.openai", "routing.priority.",
          "routing.priority", "routing.priority.openai/gpt-5", "strict.openai"}) {
        CAPTURE(name);
        CHECK(find_setting(name) == nullptr);
    }
    CHECK(find_setting("timeouts.idle." + std::string(513, 'x')) == nullptr);
}

TEST_CASE("settings: a bad value of a family is blamed like any other") {
    const auto read = read_settings(Stored{{"timeouts.idle.openai", "soon"}});
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == Errc::invalid_file);
    CHECK(read.error().message.find("timeouts.idle.openai must be a duration") !=
          std::string::npos);
    CHECK(read.error().hint == "llmgw config unset timeouts.idle.openai");
}

TEST_CASE("settings: statuses are a list") {
    const auto statuses = [](const char* value) {
        return read_settings(Stored{{"routing.fallback_statuses", value}})
            .value()
            .routing.fallback_statuses;
    };
    CHECK(statuses("422") == std::vector<int>{422});
    CHECK(statuses("400, 422,451") == std::vector<int>{400, 422, 451});
    CHECK(statuses(" ").empty());
}

TEST_CASE("settings: every setting reaches the gateway") {
    const auto settings = read_settings(Stored{{"fetch.images", "true"},
                                               {"portkey.trusted_hosts", " a.lan ,,b "},
                                               {"limits.body", "2k"},
                                               {"limits.connections", "3"},
                                               {"routing.max_retries", "0"},
                                               {"strict", "true"},
                                               {"timeouts.connect", "40ms"},
                                               {"timeouts.first_byte", "5s"},
                                               {"timeouts.idle", "6s"},
                                               {"timeouts.total", "2h"},
                                               {"of.a.newer.version", "x"}});
    REQUIRE(settings);
    CHECK(settings->max_body == 2048);
    CHECK(settings->max_connections == 3);
    CHECK(settings->routing.max_retries == 0);
    CHECK(settings->strict);
    CHECK(settings->fetch_images);
    CHECK(settings->portkey.trusted_hosts == std::vector<std::string>{"a.lan", "b"});
    CHECK(settings->timeouts.connect == 40);
    CHECK(settings->timeouts.first_byte == 5'000);
    CHECK(settings->timeouts.idle == 6'000);
    CHECK(settings->timeouts.total == 7'200'000);
}

TEST_CASE("settings: variable before stored before default") {
    const SettingInfo& info = info_of("timeouts.first_byte");
    CHECK(setting_variable(info.name) == "LLMGW_TIMEOUTS_FIRST_BYTE");
    const Stored stored = {{"timeouts.first_byte", "2m"}};
    CHECK(effective_setting(info, info.name, Stored{}).origin == SettingOrigin::fallback);
    CHECK(effective_setting(info, info.name, Stored{}).value == "10m");
    CHECK(effective_setting(info, info.name, stored).origin == SettingOrigin::stored);
    CHECK(effective_setting(info, info.name, stored).value == "2m");
    const Variable variable("LLMGW_TIMEOUTS_FIRST_BYTE", "3s");
    CHECK(effective_setting(info, info.name, stored).origin == SettingOrigin::environment);
    CHECK(read_settings(stored).value().timeouts.first_byte == 3'000);
    const Variable empty("LLMGW_TIMEOUTS_FIRST_BYTE", "");
    CHECK(effective_setting(info, info.name, stored).origin == SettingOrigin::stored);
}

TEST_CASE("settings: what is given wins over variables and what is stored") {
    REQUIRE(::setenv("LLMGW_ROUTING_WEIGHTS_PRICE", "0.2", 1) == 0);
    const Stored stored = {{"routing.weights.uptime", "0.3"}, {"routing.priority.groq", "2"}};
    const Stored given = {{"routing.weights.price", "0.9"},
                          {"routing.weights.price", "1"},
                          {"routing.weights.uptime", "0.4"},
                          {"routing.priority.groq", "3"},
                          {"routing.priority.lab", "0"}};
    const auto settings = read_settings(stored, given);
    REQUIRE(settings);
    CHECK(settings->routing.price_weight == 1);
    CHECK(settings->routing.uptime_weight == 0.4);
    CHECK(settings->routing.priority_of("groq", "groq") == 3);
    CHECK(settings->routing.priority_of("lab", "lab") == 0);
    CHECK(read_settings(stored)->routing.price_weight == 0.2);
    ::unsetenv("LLMGW_ROUTING_WEIGHTS_PRICE");
}

TEST_CASE("settings: booleans as people write them") {
    for (const auto* yes : {"true", "TRUE", "yes", "on", "1"}) {
        CHECK(read_settings(Stored{{"strict", yes}}).value().strict);
    }
    for (const auto* no : {"false", "No", "off", "0"}) {
        CHECK_FALSE(read_settings(Stored{{"strict", no}}).value().strict);
    }
}

TEST_CASE("settings: a wrong value is told what would be right") {
    struct Case {
        const char* name;
        const char* value;
        const char* told;
    };
    const Case cases[] = {
        {"timeouts.connect", "soon", "must be a duration such as"},
        {"timeouts.connect", "", "must be a duration"},
        {"timeouts.connect", "10", "must be a duration"},
        {"timeouts.connect", "1ms", "must be between 10ms and 10m, not 1ms"},
        {"timeouts.connect", "11m", "must be between 10ms and 10m"},
        {"limits.body", "1023", "must be between 1k and 2g, not 1023"},
        {"limits.body", "3g", "must be between 1k and 2g"},
        {"limits.body", "big", "must be a size such as"},
        {"limits.connections", "0", "must be between 1 and 1000000"},
        {"limits.connections", "4.5", "must be a whole number"},
        {"limits.connections", "99999999999999999999", "must be a whole number"},
        {"routing.max_retries", "11", "must be between 0 and 10"},
        {"routing.max_retries", "-1", "must be between 0 and 10"},
        {"routing.max_retries", " 2", "must be a whole number"},
        {"routing.weights.price", "much", "must be a number such as 1 or 0.25"},
        {"routing.weights.price", "-0.1", "must be between 0 and 1000, not -0.1"},
        {"routing.weights.price", "nan", "must be a number"},
        {"routing.weights.price", "inf", "must be a number"},
        {"routing.weights.price", "0.5x", "must be a number"},
        {"routing.exploration_rate", "1.1", "must be between 0 and 1"},
        {"routing.strategy", "cheap", "must be auto, price, throughput or latency, not"},
        {"routing.strategy", "Auto", "must be auto, price"},
        {"routing.last_resort", "", "must be none, failing or any"},
        {"routing.fallback_statuses", "422,", "must be whole numbers with commas"},
        {"routing.fallback_statuses", "200", "must be between 400 and 599"},
        {"routing.priority.openai", "-1", "must be between 0 and 1000"},
        {"routing.window", "3h", "must be between 1m and 2h"},
        {"timeouts.idle.openai", "", "must be a duration"},
        {"timeouts.heartbeat", "15", "must be a duration"},
        {"strict", "maybe", "must be true or false, not \"maybe\""},
    };
    for (const Case& c : cases) {
        CAPTURE(c.name);
        CAPTURE(c.value);
        const auto checked = check_setting(info_of(c.name), c.name, c.value);
        REQUIRE_FALSE(checked);
        CHECK(checked.error().kind == Errc::usage);
        CHECK(checked.error().message.find(c.told) != std::string::npos);
        CHECK(checked.error().message.starts_with(c.name));
    }
}

TEST_CASE("settings: a value cannot steer the terminal it is shown on") {
    const auto checked = check_setting(info_of("strict"), "strict", "\x1b[2J");
    REQUIRE_FALSE(checked);
    CHECK(checked.error().message.find('\x1b') == std::string::npos);
}

TEST_CASE("settings: a bad value is blamed on where it comes from") {
    const auto stored = read_settings(Stored{{"timeouts.idle", "x"}});
    REQUIRE_FALSE(stored);
    CHECK(stored.error().kind == Errc::invalid_file);
    CHECK(stored.error().message.find("timeouts.idle") != std::string::npos);
    CHECK(stored.error().hint == "llmgw config unset timeouts.idle");
    const Variable variable("LLMGW_LIMITS_BODY", "x");
    const auto environment = read_settings(Stored{});
    REQUIRE_FALSE(environment);
    CHECK(environment.error().message.find("LLMGW_LIMITS_BODY") != std::string::npos);
    CHECK(environment.error().hint == "unset LLMGW_LIMITS_BODY");
}
