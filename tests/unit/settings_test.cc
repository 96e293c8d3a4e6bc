// SPDX-License-Identifier: Apache-2.0
#include "common/store/settings.h"

#include <doctest/doctest.h>

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
        CHECK(check_setting(info, info.name, info.default_value));
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
}

TEST_CASE("settings: every setting reaches the gateway") {
    const auto settings = read_settings(Stored{{"fetch.images", "true"},
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
