// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/answer_form.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/base/json_io.h"
#include "daemon/http/sse.h"

using namespace llmgw;

namespace {

CachedAnswer plain(std::string bytes, Endpoint endpoint = Endpoint::chat_completions) {
    CachedAnswer answer;
    answer.endpoint = endpoint;
    answer.bytes = std::move(bytes);
    return answer;
}

CachedAnswer stream(const std::vector<std::string>& chunks,
                    Endpoint endpoint = Endpoint::chat_completions) {
    CachedAnswer answer;
    answer.endpoint = endpoint;
    answer.streamed = true;
    for (const std::string& chunk : chunks) {
        answer.bytes += "data: " + chunk + "\n\n";
    }
    return answer;
}

// A chunk with the head that all have.
std::string chunk(const std::string& members) {
    return R"({"id":"c1","object":"chat.completion.chunk","created":7,"model":"m",)" + members +
           "}";
}

std::string delta(const std::string& content, int index = 0) {
    return chunk(R"("choices":[{"index":)" + std::to_string(index) + R"(,"delta":)" + content +
                 R"(,"logprobs":null,"finish_reason":null}])");
}

std::string finish(const std::string& reason, int index = 0) {
    return chunk(R"("choices":[{"index":)" + std::to_string(index) +
                 R"(,"delta":{},"finish_reason":")" + reason + R"("}])");
}

Json joined(const std::vector<std::string>& chunks) {
    const auto text = plain_form(stream(chunks));
    REQUIRE(text);
    return *parse_json(*text);
}

std::vector<Json> chunks_of(const CachedAnswer& answer) {
    const auto events = stream_form(answer);
    REQUIRE(events);
    REQUIRE(events->ends_with("data: [DONE]\n\n"));
    std::vector<Json> chunks;
    std::string_view rest = *events;
    std::string several;
    while (!rest.empty()) {
        const std::size_t end = find_event_end(rest);
        REQUIRE(end != std::string_view::npos);
        const std::string_view data = event_data(rest.substr(0, end), several);
        if (data != "[DONE]") {
            chunks.push_back(*parse_json(data));
        }
        rest.remove_prefix(end);
    }
    return chunks;
}

const std::string kPlain =
    R"({"id":"c1","object":"chat.completion","created":7,"model":"m","x_new":{"a":1.5},
    "choices":[{"index":0,"message":{"role":"assistant","content":"Hello","refusal":null,
    "reasoning_content":"hm","annotations":[{"url":"u"}],"tool_calls":[
    {"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
    {"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}}]},
    "logprobs":{"content":[{"token":"Hel"},{"token":"lo"}]},"finish_reason":"tool_calls"},
    {"index":1,"message":{"role":"assistant","content":"Hi","function_call":{"name":"h",
    "arguments":"{}"}},"logprobs":null,"finish_reason":"stop","native_finish_reason":"end"}],
    "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},
    "system_fingerprint":"fp"})";

}  // namespace

TEST_CASE("answer form: the deltas of a stream become a message") {
    const Json answer = joined({
        delta(R"({"role":"assistant","content":"","refusal":null})"),
        delta(R"({"reasoning_content":"think"})"),
        delta(
            R"({"reasoning_content":"ing","reasoning_details":[{"type":"reasoning.text","index":0,"text":"a"}]})"),
        delta(R"({"reasoning_details":[{"type":"reasoning.text","index":0,"text":"b"}]})"),
        delta(R"({"content":"Hel"})"),
        chunk(
            R"("system_fingerprint":"fp","choices":[{"index":0,"delta":{"content":"lo"},"logprobs":{"content":[{"token":"lo"}]},"finish_reason":null}])"),
        finish("stop"),
        chunk(R"("choices":[],"usage":{"total_tokens":5})"),
        "[DONE]",
    });
    CHECK(answer["id"] == "c1");
    CHECK(answer["object"] == "chat.completion");
    CHECK(answer["created"] == 7);
    CHECK(answer["usage"]["total_tokens"] == 5);
    CHECK(answer["system_fingerprint"] == "fp");
    REQUIRE(answer["choices"].size() == 1);
    const Json& choice = answer["choices"][0];
    CHECK(choice["finish_reason"] == "stop");
    CHECK(choice["logprobs"]["content"].size() == 1);
    CHECK_FALSE(choice.contains("delta"));
    CHECK(choice["message"]["role"] == "assistant");
    CHECK(choice["message"]["content"] == "Hello");
    CHECK(choice["message"]["refusal"].is_null());
    CHECK(choice["message"]["reasoning_content"] == "thinking");
    CHECK(choice["message"]["reasoning_details"][0]["text"] == "ab");
    CHECK(choice["message"]["reasoning_details"][0]["type"] == "reasoning.text");
}

TEST_CASE("answer form: tool calls are joined by their index, choices come interleaved") {
    const Json answer = joined({
        delta(R"({"role":"assistant","content":null})", 1),
        delta(
            R"({"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":""}}]})"),
        delta(R"({"content":"one"})", 1),
        delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a"}}]})"),
        delta(
            R"({"tool_calls":[{"index":1,"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}}]})"),
        // Some providers repeat what they have said.
        delta(
            R"({"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":"\":1}"}}]})"),
        finish("tool_calls"),
        finish("stop", 1),
        "[DONE]",
    });
    REQUIRE(answer["choices"].size() == 2);
    CHECK(answer["choices"][0]["index"] == 0);
    const Json& calls = answer["choices"][0]["message"]["tool_calls"];
    REQUIRE(calls.size() == 2);
    CHECK(calls[0] ==
          Json::parse(
              R"({"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}})"));
    CHECK(calls[1]["id"] == "t2");
    CHECK(answer["choices"][0]["message"]["content"].is_null());
    CHECK(answer["choices"][0]["finish_reason"] == "tool_calls");
    CHECK(answer["choices"][1]["message"]["content"] == "one");
}

TEST_CASE("answer form: a stream without a role, with comments, and of the old functions") {
    CachedAnswer answer = stream({delta(R"({"function_call":{"name":"f","arguments":""}})"),
                                  delta(R"({"function_call":{"arguments":"{}"}})"),
                                  finish("function_call"), "[DONE]"});
    answer.bytes = ": waiting\n\n" + answer.bytes;
    const Json whole = *parse_json(*plain_form(answer));
    CHECK(
        whole["choices"][0]["message"] ==
        Json::parse(
            R"({"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}})"));
}

TEST_CASE("answer form: text completions") {
    const CachedAnswer answer = stream(
        {R"({"id":"t","object":"text_completion","choices":[{"index":0,"text":"a","logprobs":{"tokens":["a"]},"finish_reason":null}]})",
         R"({"id":"t","object":"text_completion","choices":[{"index":0,"text":"b","logprobs":null,"finish_reason":"stop"}]})",
         "[DONE]"},
        Endpoint::completions);
    const Json whole = *parse_json(*plain_form(answer));
    CHECK(whole["object"] == "text_completion");
    CHECK(whole["choices"][0]["text"] == "ab");
    CHECK(whole["choices"][0]["finish_reason"] == "stop");
    const auto chunks = chunks_of(plain(whole.dump(), Endpoint::completions));
    REQUIRE(chunks.size() == 2);
    CHECK(chunks[0]["choices"][0]["text"] == "ab");
    CHECK(chunks[0]["choices"][0]["finish_reason"].is_null());
    CHECK(chunks[1]["choices"][0]["finish_reason"] == "stop");
}

TEST_CASE("answer form: a plain answer becomes chunks") {
    const auto chunks = chunks_of(plain(kPlain));
    for (const Json& one : chunks) {
        CHECK(one["object"] == "chat.completion.chunk");
        CHECK(one["id"] == "c1");
        CHECK(one["created"] == 7);
        CHECK(one["x_new"]["a"] == 1.5);
    }
    CHECK(chunks.front()["choices"][0]["delta"]["role"] == "assistant");
    CHECK(chunks.back()["choices"].empty());
    CHECK(chunks.back()["usage"]["total_tokens"] == 5);
    for (std::size_t i = 0; i + 1 < chunks.size(); i++) {
        CHECK_FALSE(chunks[i].contains("usage"));
        CHECK(chunks[i]["choices"].size() == 1);
    }
}

TEST_CASE("answer form: to a stream and back it is the same answer") {
    const auto there = stream_form(plain(kPlain));
    REQUIRE(there);
    CachedAnswer answer;
    answer.streamed = true;
    answer.bytes = *there;
    CHECK(is_storable(answer));
    Json back = *parse_json(*plain_form(answer));
    Json expected = *parse_json(kPlain);
    // nulls say nothing.
    expected["choices"][0]["message"].erase("refusal");
    CHECK(nlohmann::json(back) == nlohmann::json(expected));
}

TEST_CASE("answer form: what cannot be converted is told") {
    CHECK_FALSE(stream_form(plain(R"({"data":[]})", Endpoint::embeddings)));
    CHECK_FALSE(stream_form(plain("[]")));
    CHECK_FALSE(stream_form(plain(R"({"choices":[1]})")));
    CHECK_FALSE(stream_form(plain(R"({"choices":[{"index":0}]})")));
    CHECK_FALSE(plain_form(stream({"[DONE]"})));
    CHECK_FALSE(plain_form(stream({"not json", "[DONE]"})));
    CHECK_FALSE(plain_form(stream({R"({"error":{}})", "[DONE]"})));
    CHECK_FALSE(plain_form(stream({R"({"choices":[1]})", "[DONE]"})));
    // Odd shapes end well.
    for (const char* odd :
         {R"({"choices":{}})", R"({"choices":[{"index":[],"delta":3}]})",
          R"({"choices":[{"delta":{"tool_calls":[1,{"index":null},{"index":{}}]}}]})"}) {
        static_cast<void>(plain_form(stream({odd, odd, "[DONE]"})));
        static_cast<void>(stream_form(plain(odd)));
        CHECK_FALSE(is_storable(plain(odd)));
    }
}

TEST_CASE("storable: whole answers with something in them") {
    CHECK(is_storable(plain(kPlain)));
    CHECK(is_storable(stream({delta(R"({"content":"a"})"), finish("stop"), "[DONE]"})));
    CHECK(is_storable(
        stream({delta(R"({"tool_calls":[{"index":0}]})"), finish("tool_calls"), "[DONE]"})));
    CHECK(is_storable(plain(R"({"data":[{"embedding":[1]}]})", Endpoint::embeddings)));
    CHECK(is_storable(plain(R"({"choices":[{"index":0,"text":"a","finish_reason":"stop"}]})",
                            Endpoint::completions)));
}

TEST_CASE("storable: errors, what was cut off, and nothing are not") {
    const auto ended = [](const std::string& content, const std::string& reason) {
        return plain(R"({"choices":[{"index":0,"message":)" + content + R"(,"finish_reason":)" +
                     reason + "}]}");
    };
    const std::string content = R"({"role":"assistant","content":"a"})";
    CHECK(is_storable(ended(content, R"("stop")")));
    for (const char* reason :
         {R"("length")", R"("content_filter")", R"("error")", "null", R"("")", R"("new")"}) {
        CHECK_FALSE(is_storable(ended(content, reason)));
    }
    for (const char* empty :
         {R"({"role":"assistant","content":""})", R"({"role":"assistant","content":null})",
          R"({"role":"assistant","content":[ ],"tool_calls":[]})", "{}", "null",
          R"({"role":"assistant","content":"","reasoning_content":"hm"})"}) {
        CHECK_FALSE(is_storable(ended(empty, R"("stop")")));
    }
    CHECK_FALSE(is_storable(plain(R"({"error":{"message":"no"}})")));
    CHECK_FALSE(is_storable(plain(R"({"choices":[]})")));
    CHECK_FALSE(is_storable(plain("not json")));
    CHECK_FALSE(is_storable(plain("")));
    CHECK_FALSE(is_storable(plain(R"({"data":[]})", Endpoint::embeddings)));
    const std::string some = delta(R"({"content":"a"})");
    CHECK_FALSE(is_storable(stream({some, finish("stop")})));
    CHECK_FALSE(is_storable(stream({some, "[DONE]"})));
    CHECK_FALSE(is_storable(stream({some, finish("length"), "[DONE]"})));
    CHECK_FALSE(is_storable(stream({finish("stop"), "[DONE]"})));
    CHECK_FALSE(
        is_storable(stream({some, R"({"error":{"message":"no"}})", finish("stop"), "[DONE]"})));
    CHECK_FALSE(
        is_storable(stream({some, delta(R"({"content":"b"})", 1), finish("stop"), "[DONE]"})));
    CHECK_FALSE(is_storable(stream({some, finish("stop"), "[DONE]", some})));
    CachedAnswer cut = stream({some, finish("stop"), "[DONE]"});
    for (std::size_t size = 0; size < cut.bytes.size(); size++) {
        CachedAnswer shorter = cut;
        shorter.bytes.resize(size);
        CHECK_FALSE(is_storable(shorter));
    }
}

TEST_CASE("storable: an answer's identity is read from its bytes") {
    CachedAnswer answer = stream({delta(R"({"content":"a"})"), finish("stop"), "[DONE]"});
    answer.bytes = ": comment\n\n" + answer.bytes;
    read_identity(answer);
    CHECK(answer.id == "c1");
    CHECK(answer.created == 7);
    CHECK(answer.model == "m");
    CachedAnswer other = plain(kPlain);
    read_identity(other);
    CHECK(other.id == "c1");
    CachedAnswer none = plain("");
    read_identity(none);
    CHECK(none.id.empty());
}
