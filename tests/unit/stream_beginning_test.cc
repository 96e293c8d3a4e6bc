// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/stream_beginning.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace llmgw;
using State = StreamBeginning::State;

std::string event(const std::string& data) {
    return "data: " + data + "\n\n";
}
std::string delta(const std::string& members, const std::string& rest = "") {
    return event(R"({"choices":[{"index":0,"delta":{)" + members + "}" + rest + "}]}");
}

const std::string kRole = delta(R"("role":"assistant","content":"","refusal":null)",
                                R"(,"logprobs":null,"finish_reason":null)");

State state_of(const std::string& bytes) {
    StreamBeginning beginning(false);
    const State state = beginning.feed(bytes);
    CHECK(beginning.bytes() == bytes);
    // However it is cut.
    StreamBeginning slow(false);
    State last = State::waiting;
    for (std::size_t i = 0; i < bytes.size() && last == State::waiting; i++) {
        last = slow.feed(std::string_view(bytes).substr(i, 1));
    }
    CHECK(last == state);
    CHECK(bytes.starts_with(slow.bytes()));
    return state;
}

}  // namespace

TEST_CASE("stream beginning: what says nothing yet") {
    for (const std::string& one :
         {kRole, delta(""), delta(R"("content":null)"), delta(R"("tool_calls":[ ])"),
          delta(R"("role":"assistant")", R"(,"finish_reason":"")"), event(R"({"choices":[]})"),
          event(R"({"choices":[],"usage":{"prompt_tokens":1}})"), std::string(": ping\n\n"),
          std::string("event: ping\n\n"), event(R"({"choices":[{"index":0,"text":""}]})"),
          event(R"({"error":null,"choices":[]})")}) {
        CAPTURE(one);
        CHECK(state_of(one) == State::waiting);
        CHECK(state_of(kRole + one) == State::waiting);
    }
}

TEST_CASE("stream beginning: what answers") {
    for (const std::string& one :
         {delta(R"("content":"a")"), delta(R"("content":" ")"), delta(R"("refusal":"no")"),
          delta(R"("reasoning_content":"hm")"), delta(R"("reasoning_details":[{"type":"x"}])"),
          delta(R"("tool_calls":[{"index":0,"id":"c"}])"), delta(R"("audio":{"id":"a"})"),
          delta(R"("something_new":{"a":1})"), delta("", R"(,"finish_reason":"stop")"),
          event(R"({"choices":[{"index":0,"delta":{}},{"index":1,"delta":{"content":"b"}}]})"),
          event(R"({"choices":[{"index":0,"text":"a"}]})"),
          event(R"({"choices":[{"index":0,"message":{"role":"assistant","content":"a"}}]})"),
          event("[DONE]"), event("hello"), event(R"({"type":"unknown"})")}) {
        CAPTURE(one);
        CHECK(state_of(one) == State::answers);
        CHECK(state_of(kRole + one) == State::answers);
    }
}

TEST_CASE("stream beginning: an error first") {
    const std::string document = R"({"error":{"message":"overloaded"},"choices":[]})";
    StreamBeginning beginning(false);
    CHECK(beginning.feed(kRole) == State::waiting);
    CHECK(beginning.feed(event(document)) == State::fails);
    CHECK(beginning.error() == document);
    CHECK(state_of(kRole + event(document)) == State::fails);
}

TEST_CASE("stream beginning: an end without an empty line") {
    StreamBeginning content(false);
    CHECK(content.feed(R"(data: {"choices":[{"delta":{"content":"a"}}]})") == State::waiting);
    CHECK(content.finish() == State::answers);
    StreamBeginning role(false);
    CHECK(role.feed(kRole) == State::waiting);
    CHECK(role.finish() == State::waiting);
}

TEST_CASE("stream beginning: Azure's prelude is dropped, or kept") {
    const std::string prelude = event(R"({"choices":[],"prompt_filter_results":[]})");
    const std::string text = delta(R"("content":"a")");
    for (const bool drop : {true, false}) {
        StreamBeginning beginning(drop);
        CHECK(beginning.feed(prelude) == State::waiting);
        CHECK(beginning.feed(kRole + text) == State::answers);
        std::string expected = drop ? "" : prelude;
        expected += kRole;
        expected += text;
        CHECK(beginning.bytes() == expected);
    }
}
