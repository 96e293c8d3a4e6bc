// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_io.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using namespace llmgw;

namespace {
std::string nested(int depth, char open, char close) {
    const auto count = static_cast<std::size_t>(depth);
    return std::string(count, open) + std::string(count, close);
}
}  // namespace

TEST_CASE("json_io: nesting is bounded") {
    CHECK(parse_json(nested(kMaxJsonDepth, '[', ']')));
    const auto deep = parse_json(nested(kMaxJsonDepth + 1, '[', ']'));
    REQUIRE_FALSE(deep);
    CHECK(deep.error().kind == Errc::invalid_file);
    CHECK(deep.error().message.find("128 levels") != std::string::npos);
    std::string objects;
    for (int i = 0; i < kMaxJsonDepth + 1; i++) {
        objects += "{\"a\":";
    }
    CHECK(parse_json(objects).error().message.find("128 levels") != std::string::npos);
    // A million levels are refused without recursion.
    CHECK_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST_CASE("json_io: brackets count neither in strings nor side by side") {
    CHECK(parse_json("\"" + std::string(500, '[') + "\""));
    CHECK(parse_json("\"\\\"" + std::string(500, '{') + "\\\\\""));
    std::string wide = "[";
    for (int i = 0; i < 1000; i++) {
        wide += "[],";
    }
    CHECK(parse_json(wide + "[]]"));
}

TEST_CASE("json_io: malformed documents fail with the place") {
    for (const auto* text :
         {"",      " ",       "{",   "[1,",     "{\"a\":}",    "{\"a\":1,}", "[1 2]",
          "\"abc", "tru",     "01",  "1.",      "{a:1}",       "'a'",        "1 2",
          "{}]",   "// c\n1", "NaN", "\"\\x\"", "\"\\ud800\"", "\"a\nb\"",   "]"}) {
        CAPTURE(text);
        const auto parsed = parse_json(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().kind == Errc::invalid_file);
        CHECK(parsed.error().message.find("byte") != std::string::npos);
    }
}

TEST_CASE("json_io: every truncation of a document fails") {
    const std::string text = R"({"a":[1,2.5e3,"x\u00e9\"",null,true],"b":{"c":"é"}})";
    REQUIRE(parse_json(text));
    for (std::size_t length = 0; length < text.size(); length++) {
        CAPTURE(length);
        CHECK_FALSE(parse_json(std::string_view(text).substr(0, length)));
    }
}

TEST_CASE("json_io: strings must be UTF-8") {
    for (const auto* bytes :
         {"\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
        CHECK_FALSE(parse_json("\"" + std::string(bytes) + "\""));
    }
    CHECK(parse_json("\"\xf0\x9f\x98\x80\"").value().get<std::string>() == "\xf0\x9f\x98\x80");
}

TEST_CASE("json_io: numbers at the edges") {
    CHECK(parse_json("18446744073709551615").value().get<std::uint64_t>() == UINT64_MAX);
    CHECK(parse_json("-9223372036854775808").value().get<std::int64_t>() == INT64_MIN);
    CHECK(parse_json("18446744073709551616").value().is_number_float());
    // Beyond a double: an error, not an exception.
    CHECK_FALSE(parse_json("1e999"));
    CHECK_FALSE(parse_json(std::string(5000, '9')));
}

TEST_CASE("json_io: keys stay in their order") {
    const std::string text = R"({"z":1,"a":{"y":2,"b":3},"m":[]})";
    CHECK(print_json(parse_json(text).value()) == text);
    CHECK(print_json(parse_json(R"({"b":1,"a":2})").value(), 2) == "{\n  \"b\": 1,\n  \"a\": 2\n}");
}

TEST_CASE("json_io: what is not UTF-8 is printed as the replacement character") {
    CHECK(print_json(Json("a\xff"
                          "b")) ==
          "\"a\xef\xbf\xbd"
          "b\"");
}
