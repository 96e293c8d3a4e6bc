// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/gemini_schema.h"

#include <doctest/doctest.h>

#include <string>

#include "common/base/json_scan.h"

using namespace llmgw;

namespace {

std::string clean(const std::string& schema) {
    const auto cleaned = gemini_schema(schema);
    REQUIRE_MESSAGE(cleaned, (cleaned ? "" : cleaned.error().message));
    CHECK_MESSAGE(scan_object(*cleaned), *cleaned);
    return *cleaned;
}

}  // namespace

TEST_CASE("gemini schema: keywords that stay and those that go") {
    CHECK(
        clean(
            R"({"$schema":"x","type":"object","title":"T","description":"d","properties":{)"
            R"("s":{"type":"string","minLength":1,"pattern":"a","format":"email","default":"b"},)"
            R"("d":{"type":"string","format":"date-time"},)"
            R"("n":{"type":"integer","minimum":1,"exclusiveMaximum":9,"multipleOf":2}},)"
            R"("required":["s","missing","s"],"additionalProperties":false,"minProperties":1})") ==
        R"({"type":"OBJECT","title":"T","description":"d","minProperties":1,"properties":{)"
        R"("s":{"type":"STRING","pattern":"a","minLength":1},)"
        R"("d":{"type":"STRING","format":"date-time"},"n":{"type":"INTEGER","minimum":1}},)"
        R"("required":["s"]})");
}

TEST_CASE("gemini schema: references") {
    CHECK(clean(R"({"$ref":"#/$defs/A","$defs":{"A":{"type":"array","items":{"$ref":)"
                R"("#/definitions/b~1c"}}},"definitions":{"b/c":{"type":"number"}}})") ==
          R"({"type":"ARRAY","items":{"type":"NUMBER"}})");
    SUBCASE("what stands beside one overrides it") {
        CHECK(clean(R"({"$ref":"#/$defs/A","description":"mine",)"
                    R"("$defs":{"A":{"type":"string","description":"theirs"}}})") ==
              R"({"type":"STRING","description":"mine"})");
    }
    SUBCASE("a cycle ends") {
        CHECK(clean(R"({"$ref":"#/$defs/N","$defs":{"N":{"type":"object","properties":{)"
                    R"("next":{"$ref":"#/$defs/N"},"v":{"type":"string"}}}}})") ==
              R"({"type":"OBJECT","properties":{"next":{"type":"OBJECT"},"v":{"type":"STRING"}}})");
        CHECK(clean(R"({"$ref":"#/$defs/A","$defs":{"A":{"$ref":"#/$defs/A"}}})") ==
              R"({"type":"OBJECT"})");
        CHECK(clean(R"({"properties":{"a":{"$ref":"#"}}})") ==
              R"({"type":"OBJECT","properties":{"a":{"type":"OBJECT"}}})");
    }
    SUBCASE("the same one twice is no cycle") {
        CHECK(clean(R"({"properties":{"a":{"$ref":"#/$defs/A"},"b":{"$ref":"#/$defs/A"}},)"
                    R"("$defs":{"A":{"type":"boolean"}}})") ==
              R"({"type":"OBJECT","properties":{"a":{"type":"BOOLEAN"},"b":{"type":"BOOLEAN"}}})");
    }
    SUBCASE("to nowhere it is an error") {
        for (const char* ref : {"#/$defs/none", "https://x.test/s", "", "#/type/x"}) {
            const auto cleaned =
                gemini_schema(R"({"type":"object","$ref":")" + std::string(ref) + "\"}");
            REQUIRE_FALSE(cleaned);
            CHECK(cleaned.error().kind == Errc::invalid_request);
        }
    }
}

TEST_CASE("gemini schema: null") {
    CHECK(clean(R"({"type":["string","null"]})") == R"({"type":"STRING","nullable":true})");
    CHECK(clean(R"({"type":"integer","nullable":true})") ==
          R"({"type":"INTEGER","nullable":true})");
    CHECK(clean(R"({"enum":["a",null]})") == R"({"type":"STRING","enum":["a"],"nullable":true})");
    CHECK(clean(R"({"description":"d","anyOf":[{"$ref":"#/$defs/A"},{"type":"null"}],)"
                R"("$defs":{"A":{"type":"number"}}})") ==
          R"({"type":"NUMBER","description":"d","nullable":true})");
}

TEST_CASE("gemini schema: one of several") {
    CHECK(clean(R"({"description":"gone","oneOf":[{"type":"string"},{"type":"number"},)"
                R"({"type":"null"}]})") ==
          R"({"anyOf":[{"type":"STRING","nullable":true},{"type":"NUMBER","nullable":true}]})");
    CHECK(clean(R"({"type":["string","integer"]})") ==
          R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}]})");
}

TEST_CASE("gemini schema: allOf is flattened") {
    CHECK(clean(R"({"allOf":[{"type":"string","minLength":2}],"description":"d"})") ==
          R"({"type":"STRING","description":"d","minLength":2})");
    CHECK(clean(R"({"allOf":[{"type":"object","properties":{"a":{"type":"string"}},)"
                R"("required":["a"]},{"properties":{"b":{"type":"number"}},"required":["b"]}]})") ==
          R"({"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"NUMBER"}},)"
          R"("required":["a","b"]})");
}

TEST_CASE("gemini schema: types that are only implied") {
    CHECK(clean(R"({"const":"x"})") == R"({"type":"STRING","enum":["x"]})");
    CHECK(clean(R"({"const":7})") == R"({"type":"NUMBER"})");
    CHECK(clean(R"({"enum":[true]})") == R"({"type":"BOOLEAN"})");
    CHECK(clean("{}") == R"({"type":"STRING"})");
    CHECK(clean(R"({"items":{"type":"number"}})") ==
          R"({"type":"ARRAY","items":{"type":"NUMBER"}})");
    CHECK(clean(R"({"type":"array"})") == R"({"type":"ARRAY","items":{"type":"STRING"}})");
    CHECK(clean(R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}]})") ==
          R"({"type":"ARRAY","items":{"type":"INTEGER"}})");
    CHECK(clean(R"({"properties":{"any":true}})") ==
          R"({"type":"OBJECT","properties":{"any":{"type":"STRING"}}})");
}

TEST_CASE("gemini schema: what grows without bounds is refused") {
    // Each definition doubles the next: 2^30 copies of the last.
    std::string schema = R"({"$ref":"#/$defs/d0","$defs":{)";
    for (int i = 0; i < 30; i++) {
        const std::string next = R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
        schema += "\"d" + std::to_string(i) + R"(":{"type":"object","properties":{"a":)" + next +
                  R"(,"b":)" + next + "}},";
    }
    schema += R"("d30":{"type":"string"}}})";
    const auto cleaned = gemini_schema(schema);
    REQUIRE_FALSE(cleaned);
    CHECK(cleaned.error().message.find("bounds") != std::string::npos);

    std::string deep = R"({"type":"string"})";
    for (int i = 0; i < 60; i++) {
        deep = R"({"type":"array","items":)" + deep + "}";
    }
    CHECK(clean(deep).size() < deep.size());
}
