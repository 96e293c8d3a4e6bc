// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_scan.h"

#include <doctest/doctest.h>

#include <string>

#include "common/base/json_io.h"

using namespace llmgw;

namespace {

bool accepted(std::string_view text) {
    return scan_object(text).has_value();
}

std::string nested(int depth) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(depth - 1), '[') +
           std::string(static_cast<std::size_t>(depth - 1), ']') + "}";
}

}  // namespace

TEST_CASE("members are listed as they are written") {
    const std::string text =
        " { \"a\" : 1.0 , \"b\":\"x\\\"y\", \"a\":[1, {\"c\":2}], \"n\":1e400,\"t\":true } ";
    const auto fields = scan_object(text);
    REQUIRE(fields);
    REQUIRE(fields->size() == 5);
    CHECK((*fields)[0].key == "a");
    CHECK((*fields)[0].value == "1.0");
    CHECK((*fields)[1].value == "\"x\\\"y\"");
    CHECK(find_field(*fields, "a")->value == "[1, {\"c\":2}]");
    CHECK(find_field(*fields, "n")->value == "1e400");
    CHECK(find_field(*fields, "missing") == nullptr);
}

TEST_CASE("a name written with escapes is still that name") {
    const auto fields = scan_object("{\"mod\\u0065l\":\"m\"}");
    REQUIRE(fields);
    REQUIRE(find_field(*fields, "model") != nullptr);
    CHECK(json_text(find_field(*fields, "model")->value) == "m");
}

TEST_CASE("it accepts and refuses what a full parser does") {
    const std::string seeds[] = {
        R"({"model":"m","messages":[{"role":"user","content":"h\u00e9\n\"q\""}],"n":-0.5e+3})",
        R"({"a":{"b":[true,false,null,0,-1,1.5,"x"]},"c":[]})",
    };
    int refused = 0;
    for (const std::string& seed : seeds) {
        REQUIRE(accepted(seed));
        for (std::size_t i = 0; i < seed.size(); i++) {
            for (const char replacement : {'"', '{', '}', '[', ']', ',', ':', '\\', '0', 'e', ' ',
                                           '\x01', '\x80', '-', '.', 'u'}) {
                std::string text = seed;
                text[i] = replacement;
                const bool object = parse_json(text) && parse_json(text)->is_object();
                CHECK_MESSAGE(accepted(text) == object, text);
                refused += object ? 0 : 1;
            }
            const std::string cut = seed.substr(0, i);
            CHECK_FALSE(accepted(cut));
        }
    }
    CHECK(refused > 1'000);
}

TEST_CASE("depth is bounded") {
    CHECK(accepted(nested(kMaxScanDepth)));
    CHECK_FALSE(accepted(nested(kMaxScanDepth + 1)));
    CHECK_FALSE(accepted("{\"a\":" + std::string(1'000'000, '[')));
}

TEST_CASE("invalid UTF-8 is refused, lone surrogates in escapes are not") {
    CHECK_FALSE(accepted("{\"a\":\"\xff\"}"));
    CHECK_FALSE(accepted("{\"a\":\"\xed\xa0\x80\"}"));
    CHECK(accepted("{\"a\":\"\\ud800\"}"));
}

TEST_CASE("strings are decoded") {
    CHECK(json_text(R"("a\n\u00e9\ud83d\ude00\/")") == "a\né😀/");
    CHECK(json_text(R"("\ud800x")") == "\xef\xbf\xbdx");
    CHECK_FALSE(json_text("12"));
}

TEST_CASE("numbers are read only when they fit") {
    CHECK(json_uint("12") == 12);
    CHECK_FALSE(json_uint("-1"));
    CHECK_FALSE(json_uint("1.0"));
    CHECK_FALSE(json_uint("99999999999999999999"));
    CHECK(json_double("1.5") == 1.5);
}

TEST_CASE("quoting gives JSON that parses to the same text") {
    const std::string text = "a\"b\\c\n\t\x01 é";
    const auto parsed = parse_json(json_quote(text));
    REQUIRE(parsed);
    CHECK(parsed->get<std::string>() == text);
}

TEST_CASE("the elements of an array are listed as they were written") {
    const auto elements = scan_array(R"( [ {"a": [1, 2]} , "x,y" ,1.50,[] ] )");
    REQUIRE(elements);
    CHECK(*elements == std::vector<std::string_view>{R"({"a": [1, 2]})", R"("x,y")", "1.50", "[]"});
    CHECK(scan_array("[]")->empty());
    for (const char* wrong : {"", "{}", "[1,]", "[1", "[1] 2", "[\"\xff\"]"}) {
        CAPTURE(wrong);
        CHECK_FALSE(scan_array(wrong));
    }
}
