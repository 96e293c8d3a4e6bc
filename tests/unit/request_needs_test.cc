// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/request_needs.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace llmgw;

namespace {

RequestNeeds needs_of_body(const std::string& body,
                           Endpoint endpoint = Endpoint::chat_completions) {
    const auto call = InferenceCall::parse(endpoint, body);
    REQUIRE(call);
    return needs_of(**call);
}

// A request whose only message has this content, as JSON, and with further members.
RequestNeeds needs(const std::string& content, const std::string& members = "") {
    return needs_of_body(R"({"model":"m","messages":[{"role":"user","content":)" + content + "}]" +
                         members + "}");
}

// The names of what is needed.
std::vector<std::string> list(const RequestNeeds& needs) {
    std::vector<std::string> names;
    const std::pair<bool, const char*> all[] = {
        {needs.streaming, "streaming"}, {needs.vision, "vision"},
        {needs.audio, "audio"},         {needs.documents, "documents"},
        {needs.tools, "tools"},         {needs.json_schema, "json_schema"},
        {needs.reasoning, "reasoning"},
    };
    for (const auto& [needed, name] : all) {
        if (needed) {
            names.emplace_back(name);
        }
    }
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("request needs: parts of messages") {
    CHECK(list(needs(R"("hello")")).empty());
    CHECK(list(needs(R"([{"type":"text","text":"x"}])")).empty());
    CHECK(list(needs(R"([{"type":"text","text":"x"},{"type":"image_url","image_url":"u"}])")) ==
          Names{"vision"});
    CHECK(list(needs("[{\"type\" \n:\t\"image_url\",\"image_url\":{\"url\":\"u\"}}]")) ==
          Names{"vision"});
    CHECK(list(needs(R"([{"image_url":{"url":"u"},"type":"image_url"}])")) == Names{"vision"});
    CHECK(list(needs(R"([{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}])")) ==
          Names{"audio"});
    CHECK(
        list(needs(R"([{"type":"file","file":{"file_data":"data:application/pdf;base64,AA"}}])")) ==
        Names{"documents"});
}

TEST_CASE("request needs: a text about a part is none") {
    for (const char* text : {
             R"("image_url")",
             R"("the type is \"image_url\" here")",
             R"("{\"type\":\"image_url\"}")",
             R"("ends with a backslash \\")",
             R"([{"type":"text","text":"\"type\":\"image_url\""}])",
             R"([{"type":"text","text":"image_url"}])",
             R"([{"type":"text","text":"\\\\\",\"type\":\"file"}])",
         }) {
        CAPTURE(text);
        CHECK(list(needs(text)).empty());
    }
    CHECK(
        list(
            needs_of_body(
                R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":)"
                R"("function","function":{"name":"image_url","arguments":"{\"type\":\"file\"}"}}]}]})"))
            .empty());
    // A tool that takes pictures is no picture.
    CHECK(list(needs(R"("x")",
                     R"(,"tools":[{"type":"function","function":{"name":"f",)"
                     R"("parameters":{"properties":{"type":{"enum":["image_url"]}}}}}])")) ==
          Names{"tools"});
    CHECK(list(needs(R"("x")", R"(,"metadata":{"type":"image_url"})")).empty());
}

TEST_CASE("request needs: members of the request") {
    CHECK(list(needs(R"("x")", R"(,"stream":true)")) == Names{"streaming"});
    CHECK(list(needs(R"("x")", R"(,"tools":[])")).empty());
    CHECK(list(needs(R"("x")", R"(,"tools":null)")).empty());
    CHECK(list(needs(R"("x")", R"(,"tools":[{"type":"web_search"}])")).empty());
    CHECK(list(needs(R"("x")", R"(,"tools":[{"type":"web_search"},{"type":"custom"}])")) ==
          Names{"tools"});
    CHECK(list(needs(R"("x")", R"(,"functions":[{"name":"f"}])")) == Names{"tools"});
    CHECK(list(needs(R"("x")", R"(,"functions":[])")).empty());
    CHECK(list(needs(R"("x")", R"(,"response_format":{"type":"json_object"})")).empty());
    CHECK(list(needs(R"("x")", R"(,"response_format":{"type":"json_schema","json_schema":{}})")) ==
          Names{"json_schema"});
    CHECK(list(needs(R"("x")", R"(,"response_format":"json_schema")")).empty());
}

TEST_CASE("request needs: reasoning in three forms") {
    for (const char* asked : {R"("reasoning_effort":"low")", R"("reasoning":{"max_tokens":100})",
                              R"("reasoning":{"effort":"high"})", R"("reasoning":{"enabled":true})",
                              R"("thinking":{"type":"enabled","budget_tokens":1024})"}) {
        CAPTURE(asked);
        CHECK(list(needs(R"("x")", std::string(",") + asked)) == Names{"reasoning"});
    }
    for (const char* not_asked :
         {R"("reasoning_effort":"none")", R"("reasoning_effort":null)", R"("reasoning":{})",
          R"("reasoning":{"effort":"none"})", R"("reasoning":{"enabled":false})",
          R"("thinking":{"type":"disabled"})", R"("thinking":null)"}) {
        CAPTURE(not_asked);
        CHECK(list(needs(R"("x")", std::string(",") + not_asked)).empty());
    }
}

TEST_CASE("request needs: how long the prompt is, without its files") {
    const std::string text(4'000, 'x');
    const std::uint64_t plain = needs("\"" + text + "\"").prompt_tokens;
    CHECK(plain >= 1'000);
    CHECK(plain < 1'050);
    const std::string base64(40'000, 'A');
    for (const std::string& file : {
             R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" + base64 + "\"}}",
             R"({"type":"input_audio","input_audio":{"format":"wav","data":")" + base64 + "\"}}",
             R"({"type":"file","file":{"file_data":")" + base64 + "\"}}",
         }) {
        const auto with_file =
            needs(R"([{"type":"text","text":")" + text + "\"}," + file + "]").prompt_tokens;
        CHECK(with_file >= 1'000);
        CHECK(with_file < 1'080);
    }
    const auto tools = needs(
        R"("x")", R"(,"tools":[{"type":"function","function":{"description":")" + text + "\"}}]");
    CHECK(tools.prompt_tokens >= 1'000);
}

TEST_CASE("request needs: how long the answer may be") {
    CHECK(needs(R"("x")").output_tokens == 0);
    CHECK(needs(R"("x")", R"(,"max_tokens":100)").output_tokens == 100);
    CHECK(needs(R"("x")", R"(,"max_completion_tokens":200)").output_tokens == 200);
    CHECK(needs(R"("x")", R"(,"max_tokens":100,"max_completion_tokens":200)").output_tokens == 200);
    CHECK(needs(R"("x")", R"(,"max_tokens":"many")").output_tokens == 0);
    CHECK(needs(R"("x")", R"(,"max_tokens":-1)").output_tokens == 0);
}

TEST_CASE("request needs: other endpoints") {
    const auto embeddings =
        needs_of_body(R"({"model":"m","input":["image_url","x"]})", Endpoint::embeddings);
    CHECK(embeddings.endpoint == Endpoint::embeddings);
    CHECK(list(embeddings).empty());
    CHECK(embeddings.prompt_tokens > 0);
    const auto completions = needs_of_body(
        R"({"model":"m","prompt":"type","stream":true,"max_tokens":7})", Endpoint::completions);
    CHECK(list(completions) == Names{"streaming"});
    CHECK(completions.output_tokens == 7);
}
