// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/cohere.h"

#include <nlohmann/json.hpp>
#include <string>

#include "adapter_trial.h"

using namespace llmgw;
using nlohmann::json;

namespace {

const std::string kTools = R"("tools":[{"type":"function","function":{"name":"f","strict":true}},)"
                           R"({"type":"function","function":{"name":"g"}}])";

WireTarget target_for(std::string_view model) {
    WireTarget target;
    target.provider = catalog::find_provider("cohere");
    target.mapping = catalog::find_at_provider("cohere", model).mapping;
    target.model = model;
    return target;
}

struct CohereRequest {
    json body;
    std::string changes;
};

CohereRequest encoded(const std::string& members, std::string_view model = "command-a-03-2025") {
    const auto request = encode_cohere(trial::chat_request_with(members), target_for(model));
    REQUIRE(request);
    return {json::parse(trial::body_of(*request)), request->changes()};
}

std::string refused(const std::string& body) {
    const auto request = encode_cohere(trial::chat_request(body), target_for("command-a-03-2025"));
    REQUIRE_FALSE(request);
    CHECK(request.error().kind == Errc::invalid_request);
    return request.error().param;
}

std::string event(const std::string& data) {
    return "data: " + data + "\n\n";
}

}  // namespace

TEST_CASE("cohere: a whole conversation") {
    const auto request = encode_cohere(trial::chat_request(test_data("cohere/request.json")),
                                       target_for("command-a-03-2025"));
    REQUIRE(request);
    CHECK(request->path == "/chat");
    CHECK(json::parse(trial::body_of(*request)) ==
          json::parse(test_data("cohere/request.encoded.json")));
    CHECK(request->changes() ==
          "dropped=logit_bias,user,parallel_tool_calls; "
          "clamped=top_p,top_k,frequency_penalty,stop");
}

TEST_CASE("cohere: a short request holds no more than it must") {
    const CohereRequest request = encoded(R"("stream":false)");
    CHECK(request.body == json::parse(R"({"model":"command-a-03-2025","stream":false,
                                          "messages":[{"role":"user","content":"hi"}]})"));
    CHECK(request.changes.empty());
}

TEST_CASE("cohere: choices of tools") {
    CHECK_FALSE(encoded(kTools + R"(,"tool_choice":"auto")").body.contains("tool_choice"));
    CHECK(encoded(kTools + R"(,"tool_choice":"none")").body["tool_choice"] == "NONE");
    CHECK(encoded(kTools).changes == "dropped=tools.strict");
    // One certain tool: the only one there is, and it must be used.
    const CohereRequest named =
        encoded(kTools + R"(,"tool_choice":{"type":"function","function":{"name":"f"}})");
    CHECK(named.body["tool_choice"] == "REQUIRED");
    REQUIRE(named.body["tools"].size() == 1);
    CHECK(named.body["tools"][0]["function"]["name"] == "f");
    CHECK(named.body["strict_tools"] == true);
    CHECK(named.changes.empty());
}

TEST_CASE("cohere: models without a choice of tools") {
    const std::string_view model = "command-r-08-2024";
    const CohereRequest required = encoded(kTools + R"(,"tool_choice":"required")", model);
    CHECK_FALSE(required.body.contains("tool_choice"));
    CHECK(required.body["tools"].size() == 2);
    CHECK(required.changes == "dropped=tools.strict,tool_choice");
    const CohereRequest none = encoded(kTools + R"(,"tool_choice":"none")", model);
    CHECK_FALSE(none.body.contains("tools"));
    CHECK(none.changes.empty());
}

TEST_CASE("cohere: thinking") {
    const std::string_view model = "command-a-reasoning-08-2025";
    CHECK(encoded(R"("reasoning_effort":"high")", model).body["thinking"] ==
          json::parse(R"({"type":"enabled"})"));
    CHECK(encoded(R"("reasoning_effort":"none")", model).body["thinking"] ==
          json::parse(R"({"type":"disabled"})"));
    CHECK(encoded(R"("reasoning":{"max_tokens":500})", model).body["thinking"] ==
          json::parse(R"({"type":"enabled","token_budget":500})"));
    const CohereRequest unable = encoded(R"("reasoning_effort":"high")");
    CHECK_FALSE(unable.body.contains("thinking"));
    CHECK(unable.changes == "dropped=reasoning_effort");
    CHECK(encoded(R"("reasoning_effort":"none")").changes.empty());
}

TEST_CASE("cohere: other formats and seeds") {
    CHECK(encoded(R"("response_format":{"type":"json_object"})").body["response_format"] ==
          json::parse(R"({"type":"json_object"})"));
    CHECK(encoded(R"("response_format":{"type":"json_schema","json_schema":)"
                  R"({"name":"n","schema":{"type":"object"}}})")
              .body["response_format"] ==
          json::parse(R"({"type":"json_object","json_schema":{"type":"object"}})"));
    const CohereRequest request = encoded(R"("seed":-1,"top_p":0)");
    CHECK_FALSE(request.body.contains("seed"));
    CHECK(request.body["p"] == 0.01);
    CHECK(request.changes == "dropped=seed; clamped=top_p");
}

TEST_CASE("cohere: what cannot be expressed is refused with its place") {
    CHECK(refused(R"({"model":"m","n":2,"messages":[{"role":"user","content":"x"}]})") == "n");
    CHECK(refused(R"({"model":"m","messages":[{"role":"user","content":[
        {"type":"text","text":"x"},
        {"type":"file","file":{"file_data":"JVBERi0xLjc="}}]}]})") == "messages[0].content[1]");
    CHECK(refused(R"({"model":"m","messages":[{"role":"system","content":[
        {"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]})") ==
          "messages[0].content[0]");
    CHECK(refused(R"({"model":"m","messages":[{"role":"user","content":"x"}],)" + kTools +
                  R"(,"tool_choice":{"type":"function","function":{"name":"h"}}})") ==
          "tool_choice");
}

TEST_CASE("cohere: recorded answers, however they are cut") {
    for (const std::string name : {"text", "tools"}) {
        trial::check_fixture(kCohereAdapter, "cohere/" + name + ".sse",
                             "cohere/" + name + ".events");
    }
    trial::check_fixture(kCohereAdapter, "cohere/answer.json", "cohere/answer.events");
}

TEST_CASE("cohere: answers with wrong bytes") {
    trial::check_broken(kCohereAdapter, test_data("cohere/tools.sse"), 7);
    trial::check_broken(kCohereAdapter, test_data("cohere/answer.json"), 7);
}

TEST_CASE("cohere: ways to end") {
    const auto ends = [](const std::string& delta) {
        return trial::events_of(kCohereAdapter,
                                event(R"({"type":"message-end","delta":{)" + delta + "}}"));
    };
    CHECK(ends(R"("finish_reason":"STOP_SEQUENCE")") ==
          "finish text=\"stop\" name=\"STOP_SEQUENCE\"\n");
    CHECK(ends(R"("finish_reason":"SOMETHING_NEW")") ==
          "finish text=\"stop\" name=\"SOMETHING_NEW\"\n");
    CHECK(ends(R"("finish_reason":"ERROR","error":"why")") ==
          "error text=\"why\" name=\"server_error\" status=500\n");
    CHECK(ends(R"("finish_reason":"ERROR")") ==
          "error text=\"the answer could not be completed\" name=\"server_error\" status=500\n");
    CHECK(ends(R"("finish_reason":"TIMEOUT")") ==
          "error text=\"the answer took too long\" name=\"timeout_error\" status=504\n");
    CHECK(trial::events_of(kCohereAdapter, event(R"({"message":"internal"})")) ==
          "error text=\"internal\" name=\"server_error\" status=500\n");
}

TEST_CASE("cohere: events that are not known, and calls that never began") {
    CHECK(trial::events_of(
              kCohereAdapter,
              event(R"({"type":"debug","prompt":"x"})") +
                  event(R"({"type":"tool-call-delta","index":3,"delta":{"message":{)"
                        R"("tool_calls":{"function":{"arguments":"lost"}}}}})") +
                  event(R"({"type":"message-end","delta":{"finish_reason":"COMPLETE"}})") +
                  event("[DONE]")) == "finish text=\"stop\" name=\"COMPLETE\"\n");
}

TEST_CASE("cohere: log probabilities are of pieces of text") {
    CHECK(encoded(R"("logprobs":true,"top_logprobs":0)").body["logprobs"] == true);
    CHECK(encoded(R"("logprobs":true,"top_logprobs":2)").changes == "dropped=top_logprobs");
    const std::string hi = R"({"text":"Hi","token_ids":[5],"logprobs":[-0.25]})";
    const std::string two = R"({"text":"é!","token_ids":[6,7],"logprobs":[-0.5,-1]})";
    const auto told = [](const std::string& element) {
        return "logprobs text=" + json_quote(element) + "\n";
    };
    const std::string expected =
        told(R"({"token":"Hi","logprob":-0.25,"bytes":[72,105],"top_logprobs":[]})") +
        told(R"({"token":"é!","logprob":-1.5,"bytes":[195,169,33],"top_logprobs":[]})");
    const std::string end = "finish text=\"stop\" name=\"COMPLETE\"\n";
    CHECK(trial::events_of(kCohereAdapter,
                           R"({"id":"x","finish_reason":"COMPLETE","message":{"content":)"
                           R"([{"type":"text","text":"Hié!"}]},"logprobs":[)" +
                               hi + "," + two + R"(,7,{"text":"lost"},{"logprobs":[-1]}]})") ==
          "begin text=\"x\"\ntext text=\"Hié!\"\n" + expected +
              told(R"({"token":"lost","logprob":0,"bytes":[108,111,115,116],"top_logprobs":[]})") +
              end);
    const auto delta = [](const std::string& text, const std::string& logprobs) {
        return event(
            R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":")" + text +
            R"("}}},"logprobs":)" + logprobs + "}");
    };
    CHECK(trial::events_of(
              kCohereAdapter,
              delta("Hi", hi) + delta("é!", two) + delta("?", "null") +
                  event(R"({"type":"message-end","delta":{"finish_reason":"COMPLETE"}})")) ==
          "text text=\"Hi\"\n" +
              told(R"({"token":"Hi","logprob":-0.25,"bytes":[72,105],"top_logprobs":[]})") +
              "text text=\"é!\"\n" +
              told(R"({"token":"é!","logprob":-1.5,"bytes":[195,169,33],"top_logprobs":[]})") +
              "text text=\"?\"\n" + end);
}

TEST_CASE("cohere: bodies that are broken") {
    CHECK(trial::events_of(kCohereAdapter, "") ==
          "failed: its stream ended in the middle of the answer\n");
    CHECK(trial::events_of(kCohereAdapter, event("[1]")) ==
          "failed: its stream holds an event that is not a JSON object\n");
    CHECK(trial::events_of(kCohereAdapter, "{") == "failed: it sent an answer that is not JSON\n");
    CHECK(trial::events_of(kCohereAdapter, R"({"id":"x","message":"text"})") ==
          "failed: it sent an answer without \"message\"\n");
}

TEST_CASE("cohere: error documents") {
    const auto read = [](int status, std::string_view body) {
        const ProviderError error = read_cohere_error(status, ResponseHead(), body);
        CHECK(error.code.empty());
        return std::to_string(error.status) + " " + error.type + ": " + error.message;
    };
    CHECK(read(400, R"({"id":"e","message":"bad"})") == "0 invalid_request_error: bad");
    CHECK(read(401, R"({"message":"no"})") == "0 authentication_error: no");
    CHECK(read(403, "{}") == "0 permission_error: ");
    CHECK(read(404, "{}") == "0 not_found_error: ");
    CHECK(read(422, R"({"message":"m"})") == "0 invalid_request_error: m");
    CHECK(read(429, R"({"message":"slow"})") == "0 rate_limit_error: slow");
    CHECK(read(498, R"({"message":"blocked"})") == "400 invalid_request_error: blocked");
    CHECK(read(503, "oops") == "0 overloaded_error: ");
    CHECK(read(500, "oops") == "0 server_error: ");
}
