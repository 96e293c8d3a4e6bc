// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "daemon/providers/chat_request.h"

using namespace llmgw;

namespace {

Result<ChatRequest> read(const std::string& members) {
    const auto call =
        InferenceCall::parse(Endpoint::chat_completions, "{\"model\":\"m\"," + members + "}");
    REQUIRE(call);
    return read_chat_request(**call);
}

ChatRequest good(const std::string& members) {
    auto request = read(members);
    CAPTURE(members);
    if (!request) {
        FAIL(request.error().message);
    }
    return *request;
}

// The field that a request is refused for.
std::string refused(const std::string& members) {
    const auto request = read(members);
    CAPTURE(members);
    REQUIRE_FALSE(request);
    CHECK(request.error().kind == Errc::invalid_request);
    CHECK_FALSE(request.error().code.empty());
    CHECK(request.error().message.find("\"" + request.error().param + "\"") == 0);
    return request.error().param;
}

std::string messages(const std::string& list) {
    return "\"messages\":[" + list + "]";
}

std::string user_with(const std::string& content) {
    return messages(R"({"role":"user","content":)" + content + "}");
}

const std::string kHi = messages(R"({"role":"user","content":"hi"})");
const std::string kCall =
    R"({"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}})";

}  // namespace

TEST_CASE("canonical: roles and plain texts") {
    const ChatRequest request =
        good(messages(R"({"role":"system","content":"s"},{"role":"developer","content":"d"},)"
                      R"({"role":"user","name":"ann","content":"caf\u00e9 \ud83d\ude00"},)"
                      R"({"role":"assistant","content":null,"refusal":"no"})"));
    REQUIRE(request.messages.size() == 4);
    CHECK(request.messages[0].role == ChatMessage::Role::system);
    CHECK(request.messages[1].role == ChatMessage::Role::developer);
    CHECK(request.messages[2].name == "ann");
    CHECK(request.messages[2].content[0].text == "café 😀");
    REQUIRE(request.messages[3].content.size() == 1);
    CHECK(request.messages[3].content[0].kind == ContentPart::Kind::refusal);
    CHECK(request.messages[3].content[0].text == "no");
    CHECK(request.n == 1);
    CHECK(request.others.empty());
}

TEST_CASE("canonical: every kind of content part") {
    const ChatRequest request = good(user_with(
        R"([{"type":"text","text":"t","cache_control":{"type":"ephemeral","ttl":"1h"}},)"
        R"({"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}},)"
        R"({"type":"image_url","image_url":{"url":"data:image/jpg;base64,QUJD"}},)"
        R"({"type":"input_audio","input_audio":{"data":"QUJD","format":"wav"}},)"
        R"({"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,QQ"}},)"
        R"({"type":"file","file":{"filename":"b.TXT","file_data":"QUJD"}},)"
        R"({"type":"file","file":{"file_id":"file-1"}}])"));
    const auto& parts = request.messages[0].content;
    REQUIRE(parts.size() == 7);
    CHECK(parts[0].cache_control == R"({"type":"ephemeral","ttl":"1h"})");
    CHECK(parts[1].url == "https://x/y.png");
    CHECK(parts[1].detail == "low");
    CHECK(parts[2].kind == ContentPart::Kind::image);
    CHECK(parts[2].media_type == "image/jpeg");
    CHECK(parts[2].data == "QUJD");
    CHECK(parts[3].kind == ContentPart::Kind::audio);
    CHECK(parts[3].media_type == "audio/wav");
    CHECK(parts[4].kind == ContentPart::Kind::file);
    CHECK(parts[4].media_type == "application/pdf");
    CHECK(parts[4].filename == "a.pdf");
    CHECK(parts[5].media_type == "text/plain");
    CHECK(parts[6].file_id == "file-1");
}

TEST_CASE("canonical: a file is what its bytes are, not what it calls itself") {
    const ChatRequest request = good(user_with(
        R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,/9j/4AAQ"}},)"
        R"({"type":"image_url","image_url":{"url":"data:application/pdf;base64,JVBERi0x"}},)"
        R"({"type":"file","file":{"file_data":"JVBERi0x"}}])"));
    const auto& parts = request.messages[0].content;
    CHECK(parts[0].media_type == "image/jpeg");
    CHECK(parts[1].kind == ContentPart::Kind::file);
    CHECK(parts[2].media_type == "application/pdf");
}

TEST_CASE("canonical: bad content names its place") {
    CHECK(refused(user_with("7")) == "messages[0].content");
    CHECK(refused(messages(R"({"role":"user"})")) == "messages[0].content");
    CHECK(refused(messages(R"({"content":"x"})")) == "messages[0].role");
    CHECK(refused(messages(R"({"role":"robot","content":"x"})")) == "messages[0].role");
    CHECK(refused(messages(R"({"role":"function","name":"f","content":"x"})")) ==
          "messages[0].role");
    CHECK(refused(messages("7")) == "messages[0]");
    CHECK(refused(user_with(R"([{"type":"video_url"}])")) == "messages[0].content[0].type");
    CHECK(refused(user_with(R"([{"type":"text","text":1}])")) == "messages[0].content[0].text");
    CHECK(refused(user_with(R"([{"type":"image_url"}])")) == "messages[0].content[0].image_url");
    CHECK(refused(user_with(R"([{"type":"image_url","image_url":{"url":"file:///etc"}}])")) ==
          "messages[0].content[0].image_url.url");
    CHECK(refused(user_with(R"([{"type":"image_url","image_url":{"url":"data:image/png,x"}}])")) ==
          "messages[0].content[0].image_url.url");
    CHECK(refused(user_with(R"([{"type":"input_audio","input_audio":{"data":"QQ"}}])")) ==
          "messages[0].content[0].input_audio.format");
    CHECK(refused(user_with(R"([{"type":"file","file":{"filename":"x"}}])")) ==
          "messages[0].content[0].file.file_data");
}

TEST_CASE("canonical: tool calls and their results") {
    const ChatRequest request = good(
        messages(R"({"role":"assistant","content":"","tool_calls":[)" + kCall +
                 R"(,{"id":"c2","type":"function","function":{"name":"g","arguments":""},)"
                 R"("extra_content":{"google":{"thought_signature":"sig"}}}]},)"
                 R"({"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"two"}]},)"
                 R"({"role":"tool","tool_call_id":"c1","content":"one"})"));
    const auto& calls = request.messages[0].tool_calls;
    REQUIRE(calls.size() == 2);
    CHECK(calls[0].arguments == R"({"a":1})");
    CHECK(calls[1].arguments == "{}");
    CHECK(calls[1].signature == "sig");
    CHECK(request.messages[1].tool_call_id == "c2");
    CHECK(request.messages[1].content[0].text == "two");
}

TEST_CASE("canonical: calls and results that do not fit are refused") {
    const std::string turn = R"({"role":"assistant","tool_calls":[)" + kCall + "]}";
    const std::string result = R"({"role":"tool","tool_call_id":"c1","content":"x"})";
    CHECK(refused(messages(result)) == "messages[0].tool_call_id");
    CHECK(refused(messages(turn + R"(,{"role":"tool","tool_call_id":"c9","content":"x"})")) ==
          "messages[1].tool_call_id");
    CHECK(refused(messages(turn + "," + result + "," + result)) == "messages[2].tool_call_id");
    CHECK(refused(messages(turn)) == "messages[0].tool_calls");
    CHECK(refused(messages(turn + R"(,{"role":"user","content":"x"},)" + result)) ==
          "messages[0].tool_calls");
    CHECK(refused(messages(turn + R"(,{"role":"tool","content":"x"})")) ==
          "messages[1].tool_call_id");
    CHECK(refused(messages(R"({"role":"assistant","tool_calls":[)" + kCall + "," + kCall + "]}")) ==
          "messages[0].tool_calls");
    CHECK(refused(messages(
              R"({"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f",)"
              R"("arguments":"{\"a\":"}}]},{"role":"tool","tool_call_id":"c","content":"x"})")) ==
          "messages[0].tool_calls[0].function.arguments");
    CHECK(refused(messages(R"({"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f",)"
                           R"("arguments":"[1]"}}]})")) ==
          "messages[0].tool_calls[0].function.arguments");
    CHECK(refused(messages(R"({"role":"assistant","function_call":{"name":"f"}})")) ==
          "messages[0].function_call");
}

TEST_CASE("canonical: thoughts come back in two dialects") {
    const ChatRequest request = good(messages(
        R"({"role":"assistant","content":"x","reasoning_content":"ignored","reasoning_details":[)"
        R"({"type":"reasoning.text","text":"t","signature":"s","format":"anthropic-claude-v1"},)"
        R"({"type":"reasoning.encrypted","data":"d","id":"i","format":"openai-responses-v1"},)"
        R"({"type":"reasoning.summary","summary":"m"},{"type":"reasoning.new"}]},)"
        R"({"role":"assistant","content":"y","reasoning_content":"ignored","thinking_blocks":[)"
        R"({"type":"thinking","thinking":"t2","signature":"s2"},)"
        R"({"type":"redacted_thinking","data":"d2"}]})"));
    const auto& first = request.messages[0].reasoning;
    REQUIRE(first.size() == 3);
    CHECK(first[0].signature == "s");
    CHECK(first[0].format == "anthropic-claude-v1");
    CHECK(first[1].kind == ReasoningDetail::Kind::encrypted);
    CHECK(first[1].data == "d");
    CHECK(first[1].id == "i");
    CHECK(first[2].text == "m");
    const auto& second = request.messages[1].reasoning;
    REQUIRE(second.size() == 2);
    CHECK(second[0].text == "t2");
    CHECK(second[0].signature == "s2");
    CHECK(second[1].data == "d2");
    CHECK(second[1].format == "anthropic-claude-v1");
}

TEST_CASE("canonical: tools and how they are chosen") {
    const ChatRequest request = good(
        kHi + R"(,"tools":[{"type":"function","function":{"name":"f","description":"d",)"
              R"("parameters":{"type": "object"},"strict":true},"cache_control":{"type":"x"}},)"
              R"({"type":"function","function":{"name":"g"}},{"type":"web_search"}],)"
              R"("tool_choice":{"type":"function","function":{"name":"g"}},)"
              R"("parallel_tool_calls":false)");
    REQUIRE(request.tools.size() == 2);
    CHECK(request.tools[0].parameters == R"({"type": "object"})");
    CHECK(request.tools[0].strict == true);
    CHECK(request.tools[0].cache_control == R"({"type":"x"})");
    CHECK(request.tools[1].parameters.empty());
    CHECK(request.web_search);
    CHECK(request.tool_choice.kind == ToolChoice::Kind::named);
    CHECK(request.tool_choice.name == "g");
    CHECK(request.parallel_tool_calls == false);
    CHECK(good(kHi + R"(,"tool_choice":"required")").tool_choice.kind ==
          ToolChoice::Kind::required);
    CHECK(refused(kHi + R"(,"tool_choice":"any")") == "tool_choice");
    CHECK(refused(kHi + R"(,"tool_choice":{"type":"allowed_tools"})") == "tool_choice.type");
    CHECK(refused(kHi + R"(,"tools":[{"type":"custom"}])") == "tools[0].type");
    CHECK(refused(kHi + R"(,"tools":[{"type":"function"}])") == "tools[0].function.name");
    CHECK(refused(kHi + R"(,"tools":[{"type":"function","function":{"name":"f",)"
                        R"("parameters":[]}}])") == "tools[0].function.parameters");
}

TEST_CASE("canonical: limits, sampling and formats") {
    const ChatRequest request = good(
        kHi + R"(,"max_tokens":5,"max_completion_tokens":7.0,"temperature":0.5,"top_p":1,)"
              R"("top_k":40,"seed":-3,"n":2,"stop":["a","b"],"logprobs":true,"top_logprobs":4,)"
              R"("logit_bias":{"50256":-100},"presence_penalty":-1,"frequency_penalty":1e0,)"
              R"("response_format":{"type":"json_schema","json_schema":{"name":"r",)"
              R"("schema":{"type":"object"},"strict":true}},"user":null,"safety_identifier":"u")");
    CHECK(request.max_tokens == 7);
    CHECK(request.temperature == 0.5);
    CHECK(request.top_p == 1);
    CHECK(request.top_k == 40);
    CHECK(request.seed == -3);
    CHECK(request.n == 2);
    CHECK(request.stop == std::vector<std::string>{"a", "b"});
    CHECK(request.logprobs);
    CHECK(request.top_logprobs == 4);
    CHECK(request.logit_bias == R"({"50256":-100})");
    CHECK(request.presence_penalty == -1);
    CHECK(request.frequency_penalty == 1);
    CHECK(request.response_format.kind == ResponseFormat::Kind::json_schema);
    CHECK(request.response_format.schema == R"({"type":"object"})");
    CHECK(request.response_format.strict == true);
    CHECK(request.user == "u");
    CHECK(good(kHi + R"(,"max_tokens":5)").max_tokens == 5);
    CHECK(good(kHi + R"(,"stop":"x","logit_bias":{})").stop == std::vector<std::string>{"x"});
    CHECK(refused(kHi + R"(,"max_tokens":"5")") == "max_tokens");
    CHECK(refused(kHi + R"(,"max_tokens":-5)") == "max_tokens");
    CHECK(refused(kHi + R"(,"max_tokens":5.5)") == "max_tokens");
    CHECK(refused(kHi + R"(,"temperature":"hot")") == "temperature");
    CHECK(refused(kHi + R"(,"n":0)") == "n");
    CHECK(refused(kHi + R"(,"stop":[1])") == "stop[0]");
    CHECK(refused(kHi + R"(,"stop":{})") == "stop");
    CHECK(refused(kHi + R"(,"response_format":{"type":"json_schema"})") ==
          "response_format.json_schema.schema");
    CHECK(refused(kHi + R"(,"response_format":{"type":"xml"})") == "response_format.type");
    CHECK(refused(kHi + R"(,"logit_bias":[])") == "logit_bias");
}

TEST_CASE("canonical: reasoning in three dialects") {
    CHECK(good(kHi).reasoning_effort.empty());
    CHECK(good(kHi + R"(,"reasoning_effort":"low")").reasoning_effort == "low");
    CHECK(good(kHi + R"(,"reasoning":{"effort":"xhigh"})").reasoning_effort == "xhigh");
    CHECK(good(kHi + R"(,"reasoning":{"enabled":false})").reasoning_effort == "none");
    CHECK(good(kHi + R"(,"reasoning":{"enabled":true})").reasoning_effort == "medium");
    CHECK(good(kHi + R"(,"thinking":{"type":"disabled"})").reasoning_effort == "none");
    CHECK(good(kHi + R"(,"thinking":{"type":"adaptive"})").reasoning_effort == "high");
    const ChatRequest budget = good(kHi + R"(,"thinking":{"type":"enabled","budget_tokens":2000})");
    CHECK(budget.reasoning_budget == 2000);
    CHECK(budget.reasoning_effort.empty());
    CHECK(good(kHi + R"(,"reasoning":{"max_tokens":9})").reasoning_budget == 9);
    CHECK(refused(kHi + R"(,"reasoning_effort":"extreme")") == "reasoning_effort");
    CHECK(refused(kHi + R"(,"reasoning":{"effort":"extreme"})") == "reasoning.effort");
    CHECK(refused(kHi + R"(,"reasoning":"high")") == "reasoning");
}

TEST_CASE("canonical: fields without a place are named, idle ones are not") {
    const ChatRequest request =
        good(kHi + R"(,"functions":[],"function_call":"auto","prediction":null,"verb\u006fsity":)"
                   R"("low","modalities":["text"],"store":true,"metadata":{},"routing":"price")");
    CHECK(request.others == std::vector<std::string>{"functions", "function_call", "verbosity"});
}

TEST_CASE("canonical: whatever is in a request, it is read or refused by name") {
    const std::string body =
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]},)"
        R"({"role":"assistant","tool_calls":[)" +
        kCall +
        R"(]},{"role":"tool","tool_call_id":"c1","content":"x"}],"stop":["a"],"n":1,)"
        R"("tools":[{"type":"function","function":{"name":"f","parameters":{}}}],)"
        R"("reasoning":{"effort":"low"},"response_format":{"type":"text"},"max_tokens":5})";
    // Every value in turn becomes one of another type.
    int read_well = 0;
    int refused_well = 0;
    for (std::size_t at = body.find(':'); at != std::string::npos; at = body.find(':', at + 1)) {
        for (const char* const value : {"null", "true", "7", "\"x\"", "[]", "{}", "[[1]]"}) {
            std::string changed =
                body.substr(0, at + 1) + value + ",\"was\":" + body.substr(at + 1);
            auto call = InferenceCall::parse(Endpoint::chat_completions, std::move(changed));
            if (!call) {
                continue;  // a colon within a text, or what parse() checks itself
            }
            const auto request = read_chat_request(**call);
            if (request) {
                read_well++;
            } else {
                CHECK_FALSE(request.error().param.empty());
                CHECK(request.error().kind == Errc::invalid_request);
                refused_well++;
            }
        }
    }
    CHECK(read_well > 20);
    CHECK(refused_well > 100);
}
