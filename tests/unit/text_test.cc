// SPDX-License-Identifier: Apache-2.0
#include "common/base/text.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace llmgw;
using std::string_view_literals::operator""sv;

TEST_CASE("text: trim, case and split") {
    CHECK(trim(" \t a b \r\n") == "a b");
    CHECK(trim(" \n").empty());
    CHECK(to_lower("GPT-4o \xC3\x84") == "gpt-4o \xC3\x84");
    CHECK(equals_ignoring_case("Bearer", "bEARER"));
    CHECK_FALSE(equals_ignoring_case("Bearer", "Beare"));
    CHECK_FALSE(equals_ignoring_case("@", "`"));  // 32 apart, as letters are
    CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
    CHECK(split("", ',') == std::vector<std::string_view>{""});
}

TEST_CASE("text: edit distance") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("sitting", "kitten") == 3);
    CHECK(edit_distance("gpt-4o", "gpt-4o") == 0);
}

TEST_CASE("text: the nearest names") {
    constexpr std::array names{"gpt-4o"sv, "gpt-4o-mini"sv, "gpt-4.1"sv, "groq"sv, "openai"sv};
    CHECK(nearest("gpt4o", names) == std::vector<std::string>{"gpt-4o"});
    CHECK(nearest("gpt-4", names) == std::vector<std::string>{"gpt-4o", "gpt-4.1", "gpt-4o-mini"});
    CHECK(nearest("gpt-4", names, 1) == std::vector<std::string>{"gpt-4o"});
    CHECK(nearest("gpt-4", names, 0).empty());
    CHECK(nearest("OpenAi", names) == std::vector<std::string>{"openai"});
    CHECK(nearest("mini", names) == std::vector<std::string>{"gpt-4o-mini"});
    CHECK(nearest("grok", names) == std::vector<std::string>{"groq"});
    CHECK(nearest("xrok", names).empty());  // two edits are too many for four bytes
    CHECK(nearest("", names).empty());
    CHECK(nearest(std::string(100'000, 'x'), names).empty());
}

TEST_CASE("text: globs") {
    CHECK(matches_glob("", ""));
    CHECK(matches_glob("*", ""));
    CHECK(matches_glob("gpt-*", "gpt-4o"));
    CHECK(matches_glob("*mini*", "gpt-4o-mini"));
    CHECK(matches_glob("gpt-?o", "gpt-4o"));
    CHECK(matches_glob("a*b*c", "a-b-b-c"));
    CHECK_FALSE(matches_glob("gpt-*", "xgpt-4o"));
    CHECK_FALSE(matches_glob("gpt-?", "gpt-"));
    CHECK_FALSE(matches_glob("a*b", "a-b-c"));
    CHECK_FALSE(matches_glob("", "a"));
    // A backtracking matcher without memory of stars would take years.
    CHECK_FALSE(matches_glob("*a*a*a*a*a*a*a*a*a*a*b", std::string(5'000, 'a')));
}

TEST_CASE("text: UTF-8 is checked as RFC 3629 has it") {
    for (std::string_view good : {""sv, "abc"sv, "\0"sv, "\xC2\x80"sv, "\xE0\xA0\x80"sv,
                                  "\xED\x9F\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
        CAPTURE(to_hex(good));
        CHECK(is_utf8(good));
    }
    for (std::string_view bad :
         {"\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC2"sv, "\xC2\x41"sv, "\xE0\x9F\xBF"sv,
          "\xED\xA0\x80"sv, "\xE2\x82"sv, "\xE2\x82\x41"sv, "\xF0\x8F\xBF\xBF"sv,
          "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv, "\xF0\x9F\x98"sv}) {
        CAPTURE(to_hex(bad));
        CHECK_FALSE(is_utf8(bad));
        CHECK(is_utf8(printable(bad)));
    }
}

TEST_CASE("text: control bytes from outside do not get through") {
    CHECK(printable("a\nb\tc") == "a\uFFFDb\uFFFDc");
    CHECK(printable("a\nb\tc\r\n", true) == "a\nb\tc\n");
    CHECK(printable("safe\rforged", true) == "safe\uFFFDforged");
    CHECK(printable("\x1B[2J\x7F") == "\uFFFD[2J\uFFFD");
    CHECK(printable("\xC2\x9B"
                    "2J") == "\uFFFD2J");  // C1's CSI
    CHECK(printable("\xC2\xA0h\xC3\xA9 \xF0\x9F\x98\x80") == "\xC2\xA0h\xC3\xA9 \xF0\x9F\x98\x80");
    CHECK(printable("a\xFFz") == "a\uFFFDz");
    CHECK(printable("\0"sv) == "\uFFFD");
}

TEST_CASE("text: times as RFC 3339") {
    CHECK(rfc3339(0) == "1970-01-01T00:00:00Z");
    CHECK(rfc3339(1'795'425'151'999) == "2026-11-23T09:12:31Z");
    CHECK(rfc3339(951'782'400'000) == "2000-02-29T00:00:00Z");
    CHECK(rfc3339(-1) == "1969-12-31T23:59:59Z");
}

TEST_CASE("text: durations") {
    const auto ms = [](std::string_view text) { return parse_duration_ms(text).value(); };
    CHECK(ms("0") == 0);
    CHECK(ms("250ms") == 250);
    CHECK(ms("90s") == 90'000);
    CHECK(ms("15m") == 900'000);
    CHECK(ms("2h") == 7'200'000);
    CHECK(ms("7d") == 604'800'000);
    CHECK(ms("1y") == 31'536'000'000);
    for (const char* text : {"", "5", "s", "-5s", "1.5h", " 5s", "5 s", "5w", "1h30m", "5S",
                             "300000000y", "99999999999999999999s", "9223372036854775808ms"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_duration_ms(text));
        CHECK(parse_duration_ms(text).error().kind == Errc::usage);
    }
    CHECK(format_duration_ms(0) == "0");
    CHECK(format_duration_ms(1'500) == "1500ms");
    CHECK(format_duration_ms(90'000) == "90s");
    CHECK(format_duration_ms(120'000) == "2m");
    CHECK(format_duration_ms(86'400'000) == "1d");
    for (std::int64_t value :
         {1LL, 999LL, 60'000LL, 3'600'000LL, 604'800'000LL, 31'536'000'000LL}) {
        CHECK(ms(format_duration_ms(value)) == value);
    }
}

TEST_CASE("text: sizes") {
    CHECK(parse_size("0").value() == 0);
    CHECK(parse_size("512").value() == 512);
    CHECK(parse_size("64k").value() == 65'536);
    CHECK(parse_size("20M").value() == 20'971'520);
    CHECK(parse_size("1g").value() == 1'073'741'824);
    CHECK(parse_size("18446744073709551615").value() == std::numeric_limits<std::uint64_t>::max());
    for (const char* text : {"", "k", "-1", "1.5m", "1t", "1kb", "1 k", "18446744073709551616",
                             "18446744073709551615k", "17179869184g"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_size(text));
        CHECK(parse_size(text).error().kind == Errc::usage);
    }
}

TEST_CASE("text: hex and base64") {
    CHECK(to_hex("\x00\x9F\xFF"sv) == "009fff");
    CHECK(to_base64("").empty());
    CHECK(to_base64("f") == "Zg==");
    CHECK(to_base64("fo") == "Zm8=");
    CHECK(to_base64("foo") == "Zm9v");
    CHECK(to_base64("foobar") == "Zm9vYmFy");
    CHECK(to_base64("\xFB\xFF\xFE"sv) == "+//+");
}

TEST_CASE("text: secrets are shown by their ends only") {
    CHECK(mask_secret("sk-proj-0123456789abcdefghij") == "sk-\u2026ghij");
    CHECK(mask_secret("AIzaSyA0123456789abcd") == "\u2026abcd");
    CHECK(mask_secret("sk-short").compare("\u2026") == 0);
    CHECK(mask_secret("").compare("\u2026") == 0);
    CHECK(mask_secret("sk-012345678901234") == "\u2026");          // eleven bytes hidden: too few
    CHECK(mask_secret("sk-0123456789012345") == "sk-\u20262345");  // twelve
    // What stands before the dash of a UUID is part of the secret.
    CHECK(mask_secret("0123abcd-0123-4567-89ab-0123456789ab") == "\u202689ab");
    CHECK(is_utf8(mask_secret("sk-0123456789012345\xC3\xA9\xA9")));
}

TEST_CASE("base64 is read as it is written") {
    std::string bytes;
    for (int length = 0; length < 70; length++) {
        CHECK(from_base64(to_base64(bytes)) == bytes);
        bytes += static_cast<char>(length * 37);
    }
    CHECK(from_base64("aGk") == "hi");  // without its padding
    CHECK_FALSE(from_base64("a"));
    CHECK_FALSE(from_base64("aGk!"));
    CHECK_FALSE(from_base64("aGk=aGk="));
    CHECK_FALSE(from_base64("===="));
}

TEST_CASE("text: places in a text") {
    const auto at = [](std::string_view text, std::size_t offset) {
        const TextPosition position = position_in(text, offset);
        return std::pair(position.line, position.column);
    };
    CHECK(at("", 0) == std::pair<std::size_t, std::size_t>(1, 1));
    CHECK(at("ab\ncd", 2) == std::pair<std::size_t, std::size_t>(1, 3));
    CHECK(at("ab\ncd", 3) == std::pair<std::size_t, std::size_t>(2, 1));
    CHECK(at("a\xc3\xa9\xf0\x9f\x98\x80"
             "b",
             7) == std::pair<std::size_t, std::size_t>(1, 4));
    CHECK(at("a\n", 99) == std::pair<std::size_t, std::size_t>(2, 1));
    CHECK(utf8_prefix("ab\xff") == 2);
    CHECK(utf8_prefix("\xc3") == 0);
    CHECK(utf8_prefix("\xc3\xa9") == 2);
}
