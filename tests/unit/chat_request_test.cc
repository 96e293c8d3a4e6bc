// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_request.h"

#include <doctest/doctest.h>

#include "cli/chat_model.h"
#include "common/base/json_io.h"

using namespace llmgw;  // NOLINT: a test of this namespace

namespace {

Json body(const ChatOptions& options, const Conversation& conversation,
          const std::string& schema = {}) {
    const auto text = request_body(options, conversation, schema);
    REQUIRE(text);
    return *parse_json(*text);
}

const Conversation kHello = {
    .model = "mock/echo", .system = {}, .messages = {{"user", R"("hello")"}}};

}  // namespace

TEST_CASE("chat_request: the plain request streams and asks for usage") {
    CHECK(print_json(body({}, kHello)) ==
          R"({"model":"mock/echo","messages":[{"role":"user","content":"hello"}],)"
          R"("stream":true,"stream_options":{"include_usage":true}})");
    ChatOptions options;
    options.no_stream = true;
    CHECK_FALSE(body(options, kHello).contains("stream"));
}

TEST_CASE("chat_request: flags become fields") {
    ChatOptions options;
    options.temperature = 0.5;
    options.max_tokens = 7;
    options.options = {{"top_p", "0.9"},
                       {"user", "alice"},
                       {"stop", R"(["a","b"])"},
                       {"seed", "9007199254740993"}};
    Conversation conversation = kHello;
    conversation.system = "be brief";
    const Json got = body(options, conversation, R"({"type":"object"})");
    CHECK(got["messages"][0] == Json{{"role", "system"}, {"content", "be brief"}});
    CHECK(got["temperature"] == 0.5);
    CHECK(got["max_tokens"] == 7);
    CHECK(got["top_p"] == 0.9);
    CHECK(got["user"] == "alice");
    CHECK(got["stop"] == Json::array({"a", "b"}));
    CHECK(got["seed"] == 9007199254740993);
    CHECK(got["response_format"]["type"] == "json_schema");
    CHECK(got["response_format"]["json_schema"]["strict"] == true);
    CHECK(got["response_format"]["json_schema"]["schema"] == Json{{"type", "object"}});
}

TEST_CASE("chat_request: what a flag owns cannot be set with -o") {
    for (const char* field : {"model", "messages", "stream"}) {
        ChatOptions options;
        options.options = {{field, "true"}};
        const auto refused = request_body(options, kHello, {});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == Errc::usage);
    }
}

TEST_CASE("chat_request: reasoning models of OpenAI take max_completion_tokens") {
    for (const char* model : {"o1", "o3-mini", "openai/o4-mini", "gpt-5", "gpt-5.1-mini",
                              "azure/gpt-5", "openai/gpt-6"}) {
        CAPTURE(model);
        CHECK(wants_max_completion_tokens(model));
    }
    for (const char* model : {"gpt-4o", "gpt-4.1", "gpt-oss-120b", "openai/gpt-4o", "olmo",
                              "lab/o3", "lab/gpt-5", "mock/echo", "o", "gpt-", ""}) {
        CAPTURE(model);
        CHECK_FALSE(wants_max_completion_tokens(model));
    }
    ChatOptions options;
    options.max_tokens = 9;
    Conversation conversation = kHello;
    conversation.model = "openai/o3";
    CHECK(body(options, conversation)["max_completion_tokens"] == 9);
    CHECK_FALSE(body(options, conversation).contains("max_tokens"));
}
