// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/session_key.h"

#include <doctest/doctest.h>

#include <string>

using namespace llmgw;

namespace {

std::string key_of(std::vector<HeaderView> headers, const std::string& members = "") {
    RequestHead head;
    head.headers = std::move(headers);
    const auto call = InferenceCall::parse(
        Endpoint::chat_completions,
        R"({"model":"m","messages":[{"role":"user","content":"x"}])" + members + "}");
    REQUIRE(call);
    return std::string(session_key(head, **call));
}

}  // namespace

TEST_CASE("session key: headers before the body, each in its place") {
    const std::string body = R"(,"prompt_cache_key":"cache","user":"person")";
    const HeaderView other = {"x-request-id", "r"};
    CHECK(key_of({other,
                  {"session-id", "d"},
                  {"session_id", "c"},
                  {"X-Session-Affinity", "b"},
                  {"X-Session-ID", "a"}},
                 body) == "a");
    CHECK(key_of({{"session-id", "d"}, {"session_id", "c"}, {"x-session-affinity", "b"}}, body) ==
          "b");
    CHECK(key_of({{"session-id", "d"}, {"session_id", "c"}}, body) == "c");
    CHECK(key_of({{"session-id", "d"}}, body) == "d");
    CHECK(key_of({other}, body) == "cache");
    CHECK(key_of({}, R"(,"user":"person")") == "person");
    CHECK(key_of({other}).empty());
}

TEST_CASE("session key: what is no key is passed over") {
    const std::string long_one(kMaxSessionKey + 1, 'x');
    const std::string longest(kMaxSessionKey, 'x');
    CHECK(key_of({{"x-session-id", ""}, {"session-id", "d"}}) == "d");
    CHECK(key_of({{"x-session-id", long_one}, {"session-id", "d"}}) == "d");
    CHECK(key_of({{"x-session-id", longest}, {"session-id", "d"}}) == longest);
    CHECK(key_of({}, R"(,"prompt_cache_key":null,"user":"person")") == "person");
    CHECK(key_of({}, R"(,"prompt_cache_key":"","user":"person")") == "person");
    CHECK(key_of({}, ",\"prompt_cache_key\":\"" + long_one + "\"").empty());
    CHECK(key_of({}, R"(,"user":12)").empty());
    CHECK(key_of({}, R"(,"user":{"id":"x"})").empty());
}
