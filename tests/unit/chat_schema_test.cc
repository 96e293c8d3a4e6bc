// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_schema.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace llmgw;  // NOLINT: a test of this namespace

namespace {
constexpr std::string_view kPeople = R"({"type":"object","required":["people"],"properties":{
    "people":{"type":"array","items":{"type":"object","required":["name"],
        "properties":{"name":{"type":"string"},"a/b":{"type":"integer"}},
        "additionalProperties":false}}}})";
}  // namespace

TEST_CASE("chat_schema: what is no schema is refused") {
    CHECK(check_schema(kPeople, "s.json"));
    CHECK(check_schema("{}", "s.json"));
    for (const std::string text :
         {"", "nonsense", "[]", "7", R"({"type":7})", R"({"properties":[]})",
          R"({"$ref":"http://127.0.0.1:1/other.json"})"}) {
        CAPTURE(text);
        const auto refused = check_schema(text, "s.json");
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == Errc::invalid_file);
        CHECK(refused.error().message.starts_with("s.json is not a JSON Schema"));
    }
}

TEST_CASE("chat_schema: an answer is checked, and the first violation has its path") {
    CHECK(check_against_schema(kPeople, R"({"people":[{"name":"Ada"},{"name":"Bo","a/b":1}]})"));
    const auto path_of = [](std::string_view answer) {
        const auto refused = check_against_schema(kPeople, answer);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == Errc::failed);
        return refused.error().message;
    };
    CHECK(path_of(R"({"people":[{"name":"Ada"},{"name":7}]})").find("/people/1/name") !=
          std::string::npos);
    CHECK(path_of(R"({"people":[{"name":"Ada","a/b":"x"}]})").find("/people/0/a~1b") !=
          std::string::npos);
    CHECK(path_of(R"({})").find("its root") != std::string::npos);
    CHECK(path_of("[]").find("its root") != std::string::npos);
    CHECK(path_of("Sure! {}").find("not valid JSON") != std::string::npos);
    CHECK(path_of("").find("not valid JSON") != std::string::npos);
}
