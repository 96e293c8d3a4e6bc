// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/chat_writer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "daemon/providers/usage_object.h"

using namespace llmgw;

namespace {

using Kind = ChatEvent::Kind;

ChatEvent event(Kind kind, std::string text = {}, std::string name = {}) {
    ChatEvent out;
    out.kind = kind;
    out.text = std::move(text);
    out.name = std::move(name);
    return out;
}

ChatEvent call(unsigned tool, std::string id, std::string name, std::string signature = {}) {
    ChatEvent out = event(Kind::tool_call, "", std::move(name));
    out.tool = tool;
    out.id = std::move(id);
    out.signature = std::move(signature);
    return out;
}

ChatEvent arguments(unsigned tool, std::string text) {
    ChatEvent out = event(Kind::tool_arguments, std::move(text));
    out.tool = tool;
    return out;
}

ChatEvent thought(ReasoningDetail detail) {
    ChatEvent out = event(Kind::reasoning_detail);
    out.detail = std::move(detail);
    return out;
}

ChatEvent usage(std::uint64_t in, std::uint64_t out_tokens) {
    ChatEvent out = event(Kind::usage);
    out.usage.input = in;
    out.usage.output = out_tokens;
    return out;
}

const ChatAnswerIdentity kIdentity{"chatcmpl-1", 7, "model"};

template <typename Writer>
std::string written(const std::vector<ChatEvent>& events) {
    Writer writer(kIdentity);
    std::string out;
    for (const ChatEvent& one : events) {
        writer.write(one, out);
    }
    writer.finish(out);
    return out;
}

// A chunk's bytes around what its choice says.
std::string chunk(const std::string& delta, const std::string& rest = R"(,"finish_reason":null)") {
    return R"(data: {"id":"msg","object":"chat.completion.chunk","created":7,"model":"m",)"
           R"("choices":[{"index":0,"delta":{)" +
           delta + "}" + rest + "}]}\n\n";
}

const std::string kRole = chunk(R"("role":"assistant","content":"")");
const std::string kDetails = R"("prompt_tokens_details":{"cached_tokens":0},)"
                             R"("completion_tokens_details":{"reasoning_tokens":0})";

}  // namespace

TEST_CASE("chat_writer: a stream of text") {
    CHECK(written<ChunkWriter>({event(Kind::begin, "msg", "m"), usage(3, 1),
                                event(Kind::text, "a\n\"b\""), event(Kind::text, ""),
                                event(Kind::text, "c"), event(Kind::finish, "stop", "end_turn"),
                                event(Kind::finish, "stop", "again"), usage(3, 2)}) ==
          kRole + chunk(R"("content":"a\u000a\"b\"")") + chunk(R"("content":"c")") +
              chunk("", R"(,"finish_reason":"stop","native_finish_reason":"end_turn")") +
              R"(data: {"id":"msg","object":"chat.completion.chunk","created":7,"model":"m",)"
              R"("choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,)" +
              kDetails + "}}\n\ndata: [DONE]\n\n");
}

TEST_CASE("chat_writer: nothing is said before the answer begins") {
    ChunkWriter writer(kIdentity);
    std::string out;
    writer.write(event(Kind::begin, "msg", "m"), out);
    writer.write(usage(3, 1), out);
    CHECK(out.empty());
    writer.write(event(Kind::error, "busy", "overloaded_error"), out);
    writer.write(event(Kind::text, "late"), out);
    writer.finish(out);
    CHECK(out ==
          "data: {\"error\":{\"message\":\"busy\",\"type\":\"overloaded_error\",\"param\":null,"
          "\"code\":\"upstream_error\"}}\n\n");
}

TEST_CASE("chat_writer: chunks do not repeat an id or a model without end") {
    const std::string longest(256, 'x');
    const std::string taken =
        written<ChunkWriter>({event(Kind::begin, longest, longest), event(Kind::text, "a")});
    CHECK(taken.find("\"id\":\"" + longest + "\"") != std::string::npos);
    CHECK(taken.find("\"model\":\"" + longest + "\"") != std::string::npos);
    const std::string refused = written<ChunkWriter>(
        {event(Kind::begin, longest + "x", longest + "x"), event(Kind::text, "a")});
    CHECK(refused.find("\"id\":\"chatcmpl-1\"") != std::string::npos);
    CHECK(refused.find("\"model\":\"model\"") != std::string::npos);
}

TEST_CASE("chat_writer: identity is made up where the provider has none, and stays") {
    ChunkWriter writer(kIdentity);
    std::string out;
    writer.write(event(Kind::text, "a"), out);
    writer.write(event(Kind::begin, "late", "late"), out);
    writer.write(event(Kind::text, "b"), out);
    CHECK(out.find("late") == std::string::npos);
    CHECK(out.find("\"id\":\"chatcmpl-1\"") != std::string::npos);
    CHECK(out.find("\"model\":\"model\"") != std::string::npos);
}

TEST_CASE("chat_writer: streamed tool calls") {
    CHECK(written<ChunkWriter>({event(Kind::begin, "msg", "m"), call(0, "c0", "f", "sig"),
                                call(1, "c1", "g"), arguments(1, ""), arguments(1, "{\"a\""),
                                arguments(1, ":1}"), event(Kind::finish, "stop", "")}) ==
          kRole +
              chunk(R"("tool_calls":[{"index":0,"id":"c0","type":"function","function":)"
                    R"({"name":"f","arguments":""},"extra_content":{"google":)"
                    R"({"thought_signature":"sig"}}}])") +
              chunk(R"("tool_calls":[{"index":1,"id":"c1","type":"function","function":)"
                    R"({"name":"g","arguments":""}}])") +
              chunk(R"("tool_calls":[{"index":1,"function":{"arguments":"{\"a\""}}])") +
              chunk(R"("tool_calls":[{"index":1,"function":{"arguments":":1}"}}])") +
              chunk(R"("tool_calls":[{"index":0,"function":{"arguments":"{}"}}])") +
              chunk("", R"(,"finish_reason":"tool_calls")") + "data: [DONE]\n\n");
}

TEST_CASE("chat_writer: thoughts, refusal, annotations, pictures and logprobs in a stream") {
    CHECK(written<ChunkWriter>(
              {event(Kind::begin, "msg", "m"), event(Kind::reasoning, "hm"),
               thought({.text = "hm", .signature = "s", .format = "anthropic-claude-v1"}),
               thought({.kind = ReasoningDetail::Kind::encrypted, .data = "d", .id = "i"}),
               event(Kind::refusal, "no"), event(Kind::annotations, "{\"type\":\"x\"}"),
               event(Kind::image, "data:image/png;base64,AA=="),
               event(Kind::logprobs, "{\"token\":\"a\"}"),
               event(Kind::finish, "length", "max_tokens")}) ==
          kRole + chunk(R"("reasoning_content":"hm")") +
              chunk(R"("reasoning_details":[{"type":"reasoning.text","text":"hm",)"
                    R"("signature":"s","format":"anthropic-claude-v1","index":0}])") +
              chunk(R"("reasoning_details":[{"type":"reasoning.encrypted","data":"d","id":"i",)"
                    R"("format":"unknown","index":1}])") +
              chunk(R"("refusal":"no")") + chunk(R"("annotations":[{"type":"x"}])") +
              chunk(R"("images":[{"type":"image_url","image_url":)"
                    R"({"url":"data:image/png;base64,AA=="}}])") +
              chunk("", R"(,"logprobs":{"content":[{"token":"a"}],"refusal":null},)"
                        R"("finish_reason":null)") +
              chunk("", R"(,"finish_reason":"length","native_finish_reason":"max_tokens")") +
              "data: [DONE]\n\n");
}

TEST_CASE("chat_writer: a whole document") {
    CHECK(
        written<CompletionWriter>(
            {event(Kind::begin, "msg", "m"), event(Kind::reasoning, "h"),
             event(Kind::reasoning, "m"), thought({.text = "hm", .signature = "s"}),
             event(Kind::text, "a"), event(Kind::text, "b"), call(0, "c0", "f"),
             arguments(0, "{\"a\":"), arguments(0, "1}"), call(1, "c1", "g", "sig"),
             event(Kind::annotations, "1"), event(Kind::annotations, "2"),
             event(Kind::image, "data:,a"), event(Kind::image, "data:,b"),
             event(Kind::logprobs, "3"), event(Kind::finish, "stop", "tool_use"), usage(3, 2)}) ==
        R"({"id":"msg","object":"chat.completion","created":7,"model":"m","choices":[)"
        R"({"index":0,"message":{"role":"assistant","content":"ab","refusal":null,)"
        R"("reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm",)"
        R"("signature":"s","format":"unknown","index":0}],"tool_calls":[{"id":"c0",)"
        R"("type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"c1",)"
        R"("type":"function","function":{"name":"g","arguments":"{}"},"extra_content":)"
        R"({"google":{"thought_signature":"sig"}}}],"annotations":[1,2],"images":[{"type":"image_url",)"
        R"("image_url":{"url":"data:,a"}},{"type":"image_url","image_url":{"url":"data:,b"}}]},)"
        R"("logprobs":{"content":[3],"refusal":null},"finish_reason":"tool_calls",)"
        R"("native_finish_reason":"tool_use"}],"usage":{"prompt_tokens":3,)"
        R"("completion_tokens":2,"total_tokens":5,)" +
            kDetails + "}}");
}

TEST_CASE("chat_writer: an empty answer, and several choices") {
    CHECK(written<CompletionWriter>({event(Kind::finish, "content_filter")}) ==
          R"({"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"model",)"
          R"("choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null},)"
          R"("logprobs":null,"finish_reason":"content_filter"}]})");
    ChatEvent second = event(Kind::text, "x");
    second.choice = 1;
    const std::string stream = written<ChunkWriter>({event(Kind::text, "y"), second});
    CHECK(stream.find(R"({"index":1,"delta":{"role":"assistant")") != std::string::npos);
    CHECK(written<CompletionWriter>({second, event(Kind::text, "y")}).find(R"("index":0)") <
          written<CompletionWriter>({second, event(Kind::text, "y")}).find(R"("index":1)"));
}

TEST_CASE("chat_writer: a provider's failure is the whole document") {
    CHECK(written<CompletionWriter>({event(Kind::text, "a"), event(Kind::error, "bad")}) ==
          R"({"error":{"message":"bad","type":"upstream_error","param":null,)"
          R"("code":"upstream_error"}})");
}

TEST_CASE("chat_writer: read_usage reads the same buckets out of usage_object again") {
    Usage all;
    all.input = 1;
    all.cached_input = 20;
    all.cache_write = 300;
    all.cache_write_1h = 4000;
    all.audio_input = 50000;
    all.image_input = 600000;
    all.output = 7;
    all.reasoning = 80;
    all.audio_output = 900;
    all.image_output = 1000;
    all.web_searches = 2;
    all.estimated = true;
    Usage some;
    some.input = 5;
    some.cache_write = 9;
    some.output = 3;
    for (const Usage& usage : {all, some, Usage{}}) {
        const std::string object = usage_object(usage);
        CAPTURE(object);
        const auto read = read_usage(object);
        REQUIRE(read);
        CHECK(read->input == usage.input);
        CHECK(read->cached_input == usage.cached_input);
        CHECK(read->cache_write == usage.cache_write);
        CHECK(read->cache_write_1h == usage.cache_write_1h);
        CHECK(read->audio_input == usage.audio_input);
        CHECK(read->image_input == usage.image_input);
        CHECK(read->output == usage.output);
        CHECK(read->reasoning == usage.reasoning);
        CHECK(read->audio_output == usage.audio_output);
        CHECK(read->image_output == usage.image_output);
        CHECK(read->web_searches == usage.web_searches);
        CHECK(read->estimated == usage.estimated);
    }
}
