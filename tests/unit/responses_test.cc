// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/responses.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "answer_replay.h"

using namespace llmgw;
using nlohmann::json;

namespace {

struct ResponsesFixture {
    std::vector<std::pair<std::string, std::string>> options;
    WireTarget target;

    ResponsesFixture() {
        target.provider = catalog::find_provider("openai");
        target.mapping = catalog::find_at_provider("openai", "gpt-5-pro").mapping;
        target.model = "gpt-5-pro";
        target.options = &options;
        REQUIRE(target.mapping != nullptr);
    }
    json encode(const std::string& members) const {
        const auto request = encode_responses(replay::chat_request_with(members), target);
        REQUIRE(request);
        return json::parse(replay::body_of(*request));
    }
    Error refused(const std::string& body) const {
        const auto request = encode_responses(replay::chat_request(body), target);
        REQUIRE_FALSE(request);
        CHECK(request.error().kind == Errc::invalid_request);
        return request.error();
    }
};

std::string event(const std::string& data) {
    return "data: " + data + "\n\n";
}

std::string fixture_events(const std::string& name) {
    return replay::events_however_cut(kResponsesAdapter, replay::fixture("responses/" + name));
}

}  // namespace

TEST_CASE("responses: a whole conversation") {
    const ResponsesFixture fixture;
    const auto request = encode_responses(
        replay::chat_request(replay::fixture("responses/request.json")), fixture.target);
    REQUIRE(request);
    CHECK(request->path == "/responses");
    CHECK(request->fields.empty());
    CHECK(json::parse(replay::body_of(*request)) ==
          json::parse(replay::fixture("responses/request.encoded.json")));
    CHECK(request->changes() ==
          "dropped=verbosity,temperature,top_p,seed,stop,messages.name; "
          "clamped=max_tokens");
}

TEST_CASE("responses: a short request holds no more than it must") {
    ResponsesFixture fixture;
    CHECK(fixture.encode(R"("stream":false)") == json::parse(R"({"model":"gpt-5-pro","store":false,
                          "include":["reasoning.encrypted_content"],
                          "input":[{"type":"message","role":"user","content":"hi"}]})"));
    fixture.target.mapping = nullptr;
    CHECK_FALSE(fixture.encode(R"("stream":false)").contains("include"));
}

TEST_CASE("responses: what models do not reject is sent") {
    ResponsesFixture fixture;
    fixture.target.mapping = catalog::find_at_provider("openai", "gpt-4.1").mapping;
    REQUIRE(fixture.target.mapping != nullptr);
    const json body = fixture.encode(
        R"("temperature":0.25,"top_p":0.5,"logprobs":true,"top_logprobs":3,"max_tokens":100)");
    CHECK(body["temperature"] == 0.25);
    CHECK(body["top_p"] == 0.5);
    CHECK(body["top_logprobs"] == 3);
    CHECK(body["max_output_tokens"] == 100);
    CHECK(body["include"] == json::parse(R"(["message.output_text.logprobs"])"));
}

TEST_CASE("responses: tool choices and the provider's own search") {
    const ResponsesFixture fixture;
    const std::string tools = R"("tools":[{"type":"function","function":{"name":"f"}}])";
    for (const char* word : {"auto", "none", "required"}) {
        CAPTURE(word);
        const json body = fixture.encode(tools + ",\"tool_choice\":\"" + word + "\"");
        CHECK(body["tool_choice"] == word);
    }
    CHECK_FALSE(fixture.encode(tools).contains("tool_choice"));
    CHECK(fixture.encode(R"("web_search_options":{})")["tools"] ==
          json::parse(R"([{"type":"web_search"}])"));
}

TEST_CASE("responses: formats of the text") {
    const ResponsesFixture fixture;
    CHECK(fixture.encode(R"("response_format":{"type":"json_object"})")["text"] ==
          json::parse(R"({"format":{"type":"json_object"}})"));
    CHECK_FALSE(fixture.encode(R"("response_format":{"type":"text"})").contains("text"));
}

TEST_CASE("responses: effort and summaries of thoughts") {
    ResponsesFixture fixture;
    CHECK(fixture.encode(R"("reasoning_effort":"none")")["reasoning"] ==
          json::parse(R"({"effort":"none"})"));
    CHECK(fixture.encode(R"("reasoning":{"max_tokens":4096})")["reasoning"]["effort"] == "low");
    CHECK(fixture.encode(R"("reasoning":{"max_tokens":4097})")["reasoning"]["effort"] == "medium");
    CHECK(fixture.encode(R"("reasoning":{"max_tokens":16385})")["reasoning"]["effort"] == "high");
    fixture.options.emplace_back("reasoning_summary", "none");
    CHECK(fixture.encode(R"("reasoning_effort":"high")")["reasoning"] ==
          json::parse(R"({"effort":"high"})"));
}

TEST_CASE("responses: at Azure the deployment is the model") {
    ResponsesFixture fixture;
    fixture.options.emplace_back("deployment", "pro-eu");
    CHECK(fixture.encode(R"("stream":false)")["model"] == "pro-eu");
}

TEST_CASE("responses: what cannot be expressed is refused with its place") {
    const ResponsesFixture fixture;
    CHECK(fixture.refused(R"({"model":"m","n":2,"messages":[{"role":"user","content":"x"}]})")
              .param == "n");
    CHECK(fixture
              .refused(R"({"model":"m","messages":[{"role":"user","content":[
                  {"type":"text","text":"x"},
                  {"type":"input_audio","input_audio":{"data":"QQ==","format":"wav"}}]}]})")
              .param == "messages[0].content[1]");
    CHECK(fixture
              .refused(R"({"model":"m","messages":[{"role":"user","content":"x"},
                  {"role":"assistant","content":[
                  {"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]})")
              .param == "messages[1].content[0]");
}

TEST_CASE("responses: recorded answers, however they are cut") {
    CHECK(fixture_events("text.sse") == replay::fixture("responses/text.events"));
    CHECK(fixture_events("tools.sse") == replay::fixture("responses/tools.events"));
    CHECK(fixture_events("answer.json") == replay::fixture("responses/answer.events"));
}

TEST_CASE("responses: lines that end with CR alone") {
    std::string stream = replay::fixture("responses/text.sse");
    std::replace(stream.begin(), stream.end(), '\n', '\r');
    CHECK(replay::events_however_cut(kResponsesAdapter, stream) ==
          replay::fixture("responses/text.events"));
}

TEST_CASE("responses: answers with wrong bytes") {
    replay::check_broken(kResponsesAdapter, replay::fixture("responses/tools.sse"), 7);
    replay::check_broken(kResponsesAdapter, replay::fixture("responses/answer.json"), 7);
}

TEST_CASE("responses: refusals, log probabilities and what is not known") {
    CHECK(replay::events_however_cut(
              kResponsesAdapter,
              ": hello\n\n" +
                  event(R"({"type":"response.created","response":{"id":"r","model":"m"}})") +
                  event(R"({"type":"response.refusal.delta","delta":"I won't."})") +
                  event(R"({"type":"response.refusal.done","refusal":"I won't."})") +
                  event(R"({"type":"response.output_text.delta","delta":"",)"
                        R"("logprobs":[{"token":"a"},{"token":"b"}]})") +
                  event(R"({"type":"response.something_new","delta":"?"})") +
                  event(R"({"type":"response.function_call_arguments.delta","output_index":9,)"
                        R"("delta":"lost"})") +
                  event(R"({"type":"response.completed","response":{"status":"completed"}})") +
                  event("[DONE]")) ==
          "begin r|m\nrefusal \"I won't.\"\nlogprobs {\"token\":\"a\"},{\"token\":\"b\"}\n"
          "finish stop|completed\n");
}

TEST_CASE("responses: how an answer may end early") {
    const auto ends = [](const std::string& response) {
        return replay::events_of(
            kResponsesAdapter,
            event(R"({"type":"response.incomplete","response":{"id":"r",)" + response + "}}"));
    };
    CHECK(ends(R"("status":"incomplete","incomplete_details":{"reason":"max_output_tokens"})") ==
          "begin r|\nfinish length|max_output_tokens\n");
    CHECK(ends(R"("status":"incomplete","incomplete_details":{"reason":"content_filter"})") ==
          "begin r|\nfinish content_filter|content_filter\n");
    CHECK(ends(R"("status":"incomplete","incomplete_details":null)") ==
          "begin r|\nfinish length|\n");
}

TEST_CASE("responses: failures within an answer") {
    const auto fails = [](const std::string& code) {
        return replay::events_of(kResponsesAdapter,
                                 event(R"({"type":"response.failed","response":{"id":"r",)"
                                       R"("status":"failed","error":{"code":")" +
                                       code + R"(","message":"why"}}})"));
    };
    CHECK(fails("server_error") == "begin r|\nerror 500|server_error|why\n");
    CHECK(fails("rate_limit_exceeded") == "begin r|\nerror 429|rate_limit_exceeded|why\n");
    CHECK(fails("invalid_prompt") == "begin r|\nerror 400|invalid_prompt|why\n");
    CHECK(fails("image_too_large") == "begin r|\nerror 400|image_too_large|why\n");
    CHECK(fails("vector_store_timeout") == "begin r|\nerror 504|vector_store_timeout|why\n");
    CHECK(replay::events_of(kResponsesAdapter,
                            event(R"({"type":"error","code":"server_error","message":"m"})")) ==
          "error 500|server_error|m\n");
    CHECK(replay::events_of(kResponsesAdapter,
                            event(R"({"type":"error","error":{"code":null,"message":""}})")) ==
          "error 500|server_error|the response failed\n");
    CHECK(replay::events_of(
              kResponsesAdapter,
              R"({"id":"r","status":"failed","output":[],"error":{"code":"x","message":"y"}})") ==
          "begin r|\nerror 500|x|y\n");
    CHECK(replay::events_of(kResponsesAdapter, R"({"error":{"message":"y"}})") ==
          "error 500|server_error|y\n");
}

TEST_CASE("responses: nothing follows the end of an answer") {
    const std::string end =
        event(R"({"type":"response.completed","response":{"id":"r","status":"completed"}})");
    CHECK(replay::events_of(kResponsesAdapter, end + end + event("not json")) ==
          "begin r|\nfinish stop|completed\n");
}

TEST_CASE("responses: bodies that are broken") {
    const std::string cut = "! its stream ended in the middle of the answer\n";
    CHECK(replay::events_of(kResponsesAdapter, "") == cut);
    CHECK(replay::events_of(kResponsesAdapter,
                            event(R"({"type":"response.output_text.delta","delta":"a"})")) ==
          "text \"a\"\n" + cut);
    CHECK(replay::events_of(kResponsesAdapter, event("{\"type\":")) ==
          "! its stream holds an event that is not a JSON object\n");
    CHECK(replay::events_of(kResponsesAdapter, "{\"id\":") ==
          "! it sent an answer that is not JSON\n");
    CHECK(replay::events_of(kResponsesAdapter, R"({"id":"r"})") ==
          "! it sent an answer without \"output\"\n");
    // Without its last blank line it is whole all the same.
    CHECK(replay::events_of(
              kResponsesAdapter,
              R"(data: {"type":"response.completed","response":{"status":"completed"}})") ==
          "begin |\nfinish stop|completed\n");
    const std::string huge(16 * 1024 * 1024 + 1, 'a');
    CHECK(replay::events_of(kResponsesAdapter, "data: " + huge) ==
          "! an event of its stream is too large\n");
}

TEST_CASE("responses: error documents") {
    const ProviderError error = read_responses_error(
        400, ResponseHead(),
        R"({"error":{"message":"bad","type":"invalid_request_error","param":null,"code":"c"}})");
    CHECK(error.message == "bad");
    CHECK(error.type == "invalid_request_error");
    CHECK(error.code == "c");
    CHECK(error.status == 0);
    CHECK(read_responses_error(502, ResponseHead(), "<html>").message.empty());
}
