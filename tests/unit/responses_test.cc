// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/responses.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "adapter_trial.h"

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
        const auto request = encode_responses(trial::chat_request_with(members), target);
        REQUIRE(request);
        return json::parse(trial::body_of(*request));
    }
    Error refused(const std::string& body) const {
        const auto request = encode_responses(trial::chat_request(body), target);
        REQUIRE_FALSE(request);
        CHECK(request.error().kind == Errc::invalid_request);
        return request.error();
    }
};

std::string event(const std::string& data) {
    return "data: " + data + "\n\n";
}

}  // namespace

TEST_CASE("responses: a whole conversation") {
    const ResponsesFixture fixture;
    const auto request =
        encode_responses(trial::chat_request(test_data("responses/request.json")), fixture.target);
    REQUIRE(request);
    CHECK(request->path == "/responses");
    CHECK(request->fields.empty());
    CHECK(json::parse(trial::body_of(*request)) ==
          json::parse(test_data("responses/request.encoded.json")));
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
    for (const std::string name : {"text", "tools"}) {
        trial::check_fixture(kResponsesAdapter, "responses/" + name + ".sse",
                             "responses/" + name + ".events");
    }
    trial::check_fixture(kResponsesAdapter, "responses/answer.json", "responses/answer.events");
}

TEST_CASE("responses: lines that end with CR alone") {
    std::string stream = test_data("responses/text.sse");
    std::replace(stream.begin(), stream.end(), '\n', '\r');
    CHECK(trial::events_of(kResponsesAdapter, stream) == test_data("responses/text.events"));
}

TEST_CASE("responses: answers with wrong bytes") {
    trial::check_broken(kResponsesAdapter, test_data("responses/tools.sse"), 7);
    trial::check_broken(kResponsesAdapter, test_data("responses/answer.json"), 7);
}

TEST_CASE("responses: refusals, log probabilities and what is not known") {
    CHECK(trial::events_of(
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
          "begin text=\"r\" name=\"m\"\nrefusal text=\"I won't.\"\nlogprobs "
          "text=\"{\\\"token\\\":\\\"a\\\"},{\\\"token\\\":\\\"b\\\"}\"\nfinish text=\"stop\" "
          "name=\"completed\"\n");
}

TEST_CASE("responses: how an answer may end early") {
    const auto ends = [](const std::string& response) {
        return trial::events_of(
            kResponsesAdapter,
            event(R"({"type":"response.incomplete","response":{"id":"r",)" + response + "}}"));
    };
    CHECK(ends(R"("status":"incomplete","incomplete_details":{"reason":"max_output_tokens"})") ==
          "begin text=\"r\"\nfinish text=\"length\" name=\"max_output_tokens\"\n");
    CHECK(ends(R"("status":"incomplete","incomplete_details":{"reason":"content_filter"})") ==
          "begin text=\"r\"\nfinish text=\"content_filter\" name=\"content_filter\"\n");
    CHECK(ends(R"("status":"incomplete","incomplete_details":null)") ==
          "begin text=\"r\"\nfinish text=\"length\"\n");
}

TEST_CASE("responses: failures within an answer") {
    const auto fails = [](const std::string& code) {
        return trial::events_of(kResponsesAdapter,
                                event(R"({"type":"response.failed","response":{"id":"r",)"
                                      R"("status":"failed","error":{"code":")" +
                                      code + R"(","message":"why"}}})"));
    };
    CHECK(fails("server_error") ==
          "begin text=\"r\"\nerror text=\"why\" name=\"server_error\" status=500\n");
    CHECK(fails("rate_limit_exceeded") ==
          "begin text=\"r\"\nerror text=\"why\" name=\"rate_limit_exceeded\" status=429\n");
    CHECK(fails("invalid_prompt") ==
          "begin text=\"r\"\nerror text=\"why\" name=\"invalid_prompt\" status=400\n");
    CHECK(fails("image_too_large") ==
          "begin text=\"r\"\nerror text=\"why\" name=\"image_too_large\" status=400\n");
    CHECK(fails("vector_store_timeout") ==
          "begin text=\"r\"\nerror text=\"why\" name=\"vector_store_timeout\" status=504\n");
    CHECK(trial::events_of(kResponsesAdapter,
                           event(R"({"type":"error","code":"server_error","message":"m"})")) ==
          "error text=\"m\" name=\"server_error\" status=500\n");
    CHECK(trial::events_of(kResponsesAdapter,
                           event(R"({"type":"error","error":{"code":null,"message":""}})")) ==
          "error text=\"the response failed\" name=\"server_error\" status=500\n");
    CHECK(trial::events_of(
              kResponsesAdapter,
              R"({"id":"r","status":"failed","output":[],"error":{"code":"x","message":"y"}})") ==
          "begin text=\"r\"\nerror text=\"y\" name=\"x\" status=500\n");
    CHECK(trial::events_of(kResponsesAdapter, R"({"error":{"message":"y"}})") ==
          "error text=\"y\" name=\"server_error\" status=500\n");
}

TEST_CASE("responses: nothing follows the end of an answer") {
    const std::string end =
        event(R"({"type":"response.completed","response":{"id":"r","status":"completed"}})");
    CHECK(trial::events_of(kResponsesAdapter, end + end + event("not json")) ==
          "begin text=\"r\"\nfinish text=\"stop\" name=\"completed\"\n");
}

TEST_CASE("responses: bodies that are broken") {
    const std::string cut = "failed: its stream ended in the middle of the answer\n";
    CHECK(trial::events_of(kResponsesAdapter, "") == cut);
    CHECK(trial::events_of(kResponsesAdapter,
                           event(R"({"type":"response.output_text.delta","delta":"a"})")) ==
          "text text=\"a\"\n" + cut);
    CHECK(trial::events_of(kResponsesAdapter, event("{\"type\":")) ==
          "failed: its stream holds an event that is not a JSON object\n");
    CHECK(trial::events_of(kResponsesAdapter, "{\"id\":") ==
          "failed: it sent an answer that is not JSON\n");
    CHECK(trial::events_of(kResponsesAdapter, R"({"id":"r"})") ==
          "failed: it sent an answer without \"output\"\n");
    // Without its last blank line it is whole all the same.
    CHECK(trial::events_of(
              kResponsesAdapter,
              R"(data: {"type":"response.completed","response":{"status":"completed"}})") ==
          "begin\nfinish text=\"stop\" name=\"completed\"\n");
    const std::string huge(16 * 1024 * 1024 + 1, 'a');
    CHECK(trial::events_of(kResponsesAdapter, "data: " + huge) ==
          "failed: an event of its stream is too large\n");
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
