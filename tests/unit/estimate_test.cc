// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/estimate.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "daemon/gateway/additions.h"

using namespace llmgw;

namespace {

std::unique_ptr<InferenceCall> call_of(Endpoint endpoint, const std::string& members) {
    auto call = InferenceCall::parse(endpoint, "{\"model\":\"m\"," + members + "}");
    REQUIRE(call);
    return std::move(*call);
}

std::uint64_t prompt_tokens(Endpoint endpoint, const std::string& members) {
    return estimate_usage(*call_of(endpoint, members), 0, nullptr).prompt();
}

std::uint64_t chat_tokens(const std::string& messages) {
    return prompt_tokens(Endpoint::chat_completions, "\"messages\":" + messages);
}

std::string answer(const std::string& object, Endpoint endpoint, const Mapping* mapping,
                   bool plain = false) {
    const auto call = call_of(endpoint,
                              "\"messages\":[{\"content\":\"12345678\"}],"
                              "\"prompt\":\"12345678\",\"input\":\"12345678\"");
    const auto fields = scan_object(object);
    REQUIRE(fields);
    Additions additions;
    additions.plain = plain;
    additions.mapping = mapping;
    additions.metadata = "\"request_id\":\"r\"";
    const Spliced spliced = add_to_object(object, *fields, additions, call.get());
    std::string text;
    for (const std::string_view piece : spliced.pieces) {
        text += piece;
    }
    return text;
}

}  // namespace

TEST_CASE("estimate: four characters of the prompt are a token, rounded up once") {
    CHECK(chat_tokens("[{\"role\":\"user\",\"content\":\"\"}]") == 0);
    CHECK(chat_tokens("[{\"role\":\"user\",\"content\":\"1\"}]") == 1);
    CHECK(chat_tokens("[{\"role\":\"user\",\"content\":\"1234\"}]") == 1);
    CHECK(chat_tokens("[{\"role\":\"user\",\"content\":\"12345\"}]") == 2);
    CHECK(chat_tokens("[{\"content\":\"12\"},{\"content\":\"34\"}]") == 1);
}

TEST_CASE("estimate: characters are code points, however they are written") {
    CHECK(chat_tokens("[{\"content\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z\"}]") == 1);
    CHECK(chat_tokens("[{\"content\":\"\\u00e4\\u20ac\\ud83d\\uDE00z\"}]") == 1);
    CHECK(chat_tokens("[{\"content\":\"\\n\\\"\\\\\\/\"}]") == 1);
    CHECK(chat_tokens("[{\"content\":\"\\n\\\"\\\\\\/x\"}]") == 2);
    CHECK(chat_tokens("[{\"content\":\"\\ud83d\\ud83dab\"}]") == 1);  // halves on their own
}

TEST_CASE("estimate: parts, tool calls and tools are read too; images are not") {
    CHECK(chat_tokens("[{\"content\":[{\"type\":\"text\",\"text\":\"1234\"},"
                      "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
                      "AAAAAAAAAAAAAAAAAAAAAAAA\"}},{\"type\":\"refusal\",\"refusal\":\"1234\"},"
                      "7,\"x\"]}]") == 2);
    CHECK(
        chat_tokens("[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"call_1\","
                    "\"type\":\"function\",\"function\":{\"name\":\"look\","
                    "\"arguments\":\"{\\\"a\\\":1}\"}}]}]") == 3);  // 4 + 7
    const std::string tools = "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";
    CHECK(prompt_tokens(Endpoint::chat_completions, "\"messages\":[{\"content\":\"\"}],\"tools\":" +
                                                        tools) == (tools.size() + 3) / 4);
}

TEST_CASE("estimate: odd requests are read as far as they make sense") {
    CHECK(chat_tokens("[7,null,\"text\",[],{\"content\":7},{\"content\":{\"text\":\"x\"}}]") == 0);
    CHECK(prompt_tokens(Endpoint::chat_completions,
                        "\"messages\":[{\"content\":\"1234\"}],\"tools\":\"none\"") == 1);
}

TEST_CASE("estimate: prompts and inputs of texts and of tokens") {
    for (const auto& [endpoint, name] :
         {std::pair(Endpoint::completions, "\"prompt\":"), {Endpoint::embeddings, "\"input\":"}}) {
        CHECK(prompt_tokens(endpoint, std::string(name) + "\"123456789\"") == 3);
        CHECK(prompt_tokens(endpoint, std::string(name) + "[\"1234\",\"5678\"]") == 2);
        CHECK(prompt_tokens(endpoint, std::string(name) + "[1,2,3]") == 3);
        CHECK(prompt_tokens(endpoint, std::string(name) + "[[1,2],[3]]") == 3);
    }
}

TEST_CASE("estimate: the completion is at most what the model can answer") {
    const auto call = call_of(Endpoint::chat_completions, "\"messages\":[{\"content\":\"\"}]");
    Mapping mapping{};
    CHECK(estimate_usage(*call, 1'165'619, &mapping).output == 291'405);
    mapping.max_output = 1000;
    CHECK(estimate_usage(*call, 3997, &mapping).output == 1000);
    CHECK(estimate_usage(*call, 4'000'000, &mapping).output == 1000);
    CHECK(estimate_usage(*call, 5, &mapping).output == 2);
    CHECK(estimate_usage(*call, UINT64_MAX, nullptr).output == UINT64_MAX / 4 + 1);
    const auto embedding = call_of(Endpoint::embeddings, "\"input\":\"1234\"");
    CHECK(estimate_usage(*embedding, 100, nullptr).completion() == 0);
    CHECK(estimate_usage(*embedding, 0, nullptr).estimated);
}

TEST_CASE("estimate: what a model said is found by the members' names") {
    CHECK(completion_characters("{\"delta\":{\"role\":\"assistant\",\"content\":\"h\xc3\xa9\"}}") ==
          2);
    CHECK(completion_characters("{\"content\" : \"a\", \"refusal\":\t\"bc\"}") == 1 + 2 - 1);
    CHECK(completion_characters("{\"content\":null,\"text\":\"abc\",\"reasoning\":\"de\"}") == 5);
    CHECK(completion_characters(
              "{\"id\":\"x\",\"function\":{\"name\":\"ab\",\"arguments\":\"{\\\"c\\\":"
              "\\\"d\\\"}\"}}") == 2 + 9);
    // Not names: a text that looks like one, a text that begins with a colon, other members.
    CHECK(completion_characters("{\"content\":\"\\\"content\\\":\\\"abc\\\"\"}") == 15);
    CHECK(completion_characters("{\"content\":\":\\\"x\"}") == 3);
    CHECK(completion_characters("{\"xcontent\":\"abc\",\"contents\":\"abc\",\"id\":\"a:b\"}") == 0);
    CHECK(completion_characters("{\"logprobs\":{\"content\":[{\"token\":\"abc\"}]}}") == 0);
    CHECK(completion_characters(":\"") == 0);
    CHECK(completion_characters("\"content\":\"ab") == 2);
    CHECK(completion_characters("\"content\":\"a\\") == 2);
    CHECK(completion_characters("\"content\":") == 0);
    CHECK(completion_characters("\"\":\"ab\"") == 0);
}

TEST_CASE("estimate: a plain answer without usage gets one") {
    Mapping mapping{};
    mapping.prices = {.input = Rate{1'000'000'000}, .output = Rate{2'000'000'000}};
    const std::string usage =
        "{\"prompt_tokens\":2,\"completion_tokens\":1,\"total_tokens\":3,\"estimated\":true,"
        "\"cost\":0.000004,\"cost_details\":{\"total_cost\":0.000004,\"input_cost\":0.000002,"
        "\"cached_input_cost\":0,\"output_cost\":0.000002}}";
    const std::string said = "{\"choices\":[{\"message\":{\"content\":\"abcd\"}}]";
    const std::string metadata = ",\"metadata\":{\"request_id\":\"r\"}";
    constexpr Endpoint kChat = Endpoint::chat_completions;
    const std::string added = answer(said + "}", kChat, &mapping);
    CHECK((added == said + ",\"usage\":" + usage + metadata + "}" ||
           added == said + metadata + ",\"usage\":" + usage + "}"));
    CHECK(answer(said + ",\"usage\":null}\n", kChat, &mapping) ==
          said + ",\"usage\":" + usage + metadata + "}\n");
    CHECK(answer(said + ",\"usage\":[1]}", kChat, &mapping) ==
          said + ",\"usage\":" + usage + metadata + "}");
    CHECK(answer(said + ",\"usage\":{\"x\":1}}", kChat, &mapping) ==
          said + ",\"usage\":{\"x\":1," + usage.substr(1) + metadata + "}");
    CHECK(answer(said + "}", kChat, &mapping, true) == said + "}");
    CHECK(answer(said + "}", kChat, nullptr).find("\"estimated\":true,\"cost\":null}") !=
          std::string::npos);
}

TEST_CASE("estimate: what is no answer is not charged") {
    for (const char* object : {"{\"object\":\"chat.completion\"}", "{\"choices\":[ ]}",
                               "{\"choices\":null}", "{\"data\":[{}]}"}) {
        CAPTURE(object);
        CHECK(answer(object, Endpoint::chat_completions, nullptr).find("usage") ==
              std::string::npos);
    }
    CHECK(answer("{\"choices\":[{}]}", Endpoint::embeddings, nullptr).find("usage") ==
          std::string::npos);
}

TEST_CASE("estimate: embeddings have a prompt only") {
    const std::string text =
        answer("{\"data\":[{\"embedding\":[1]}]}", Endpoint::embeddings, nullptr);
    CHECK(text.find("\"usage\":{\"prompt_tokens\":2,\"total_tokens\":2,\"estimated\":true,") !=
          std::string::npos);
}
