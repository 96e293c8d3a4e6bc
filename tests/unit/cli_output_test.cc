// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "cli/output.h"
#include "cli/secret_input.h"
#include "cli/session.h"
#include "common/base/clock.h"

using namespace llmgw;

TEST_CASE("a table is fields for programs and columns for people") {
    Table table({"NAME", "COUNT", "NOTE"});
    table.add({{"é"}, {.text = "7", .right = true}, {"a\tb\nc"}});
    table.add({{"longer"}, {.text = "1234567", .right = true}, {"-"}});
    CHECK(table.render(false, false) == "é\t7\ta b c\nlonger\t1234567\t-\n");
    CHECK(table.render(true, false)
              .starts_with("NAME      COUNT  NOTE\n"
                           "é             7  "));
    CHECK(table.render(true, true).find("\x1b[2m") != std::string::npos);
}

TEST_CASE("times are short for people and exact for programs") {
    constexpr std::int64_t kMinute = 60'000;
    CHECK(show_time(0, false) == "1970-01-01T00:00:00Z");
    CHECK(show_time(unix_ms() - 3 * kMinute, true) == "3m ago");
    CHECK(show_time(unix_ms() + 49 * 60 * kMinute, true) == "in 2d");
}

TEST_CASE("texts that may be keys are recognised, names are not") {
    for (const char* text :
         {"sk-abcdefgh", "gsk_abcdefgh", "AIzaSyAbcdef", "llmgw_abcdef", "a1b2c3d4e5f6a7b8c9d0e1f2",
          "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln0", "0b1c2d3e-4f50-4162-8a9b-acbdcedfe0f1",
          "key-a1b2c3d4e5f6a7b8c9d0e1f2"}) {
        CHECK_MESSAGE(looks_like_secret(text), text);
    }
    for (const char* text : {"openai", "gpt-4o-mini", "/home/me/keys/openai-2024-production", "sk-",
                             "timeouts.first_byte", "OPENAI_API_KEY_OF_OUR_TEAM",
                             "pc-production-gateway-1a2b3c", "openai-production-key-4d5e6f"}) {
        CHECK_MESSAGE(!looks_like_secret(text), text);
    }
}

TEST_CASE("names") {
    for (const char* name : {"a", "7", "work-2.b_c"}) {
        CHECK_MESSAGE(check_name("a name", name).has_value(), name);
    }
    for (const char* name : {"", "-a", ".a", "A", "a b", "a/b", "ä"}) {
        CHECK_MESSAGE(!check_name("a name", name).has_value(), name);
    }
    CHECK(check_name("a name", std::string(64, 'a')).has_value());
    CHECK(!check_name("a name", std::string(65, 'a')).has_value());
}
