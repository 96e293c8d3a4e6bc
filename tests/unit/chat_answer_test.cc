// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_answer.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace llmgw;  // NOLINT: a test of this namespace

namespace {

// Writes down what it hears.
class Record final : public AnswerEvents {
  public:
    void on_start(const Answer& answer) override { log += "start " + answer.id + '\n'; }
    void on_text(std::string_view text) override { log.append("text ").append(text).append("\n"); }
    void on_reasoning(std::string_view text) override {
        log.append("reasoning ").append(text).append("\n");
    }
    void on_tool_call(const AnsweredToolCall& call) override {
        log += "tool " + call.id + ' ' + call.name + ' ' + call.arguments + '\n';
    }
    std::string log;
};

struct Outcome {
    Answer answer;
    Result<void> result;
    std::string log;
};

const HeaderList kStreamHead = {{"Content-Type", "text/event-stream; charset=utf-8"},
                                {"X-LLMGW-Provider", "openai"},
                                {"x-llmgw-cache", "miss"}};
const HeaderList kJsonHead = {{"content-type", "application/json"}};

Outcome receive(int status, const HeaderList& head, const std::vector<std::string_view>& pieces,
                const Result<void>& call = {}) {
    Record record;
    AnswerReader reader(record);
    if (status != 0) {
        reader.on_head(status, head);
    }
    for (const auto piece : pieces) {
        reader.on_data(piece);
    }
    auto result = reader.finish(call);
    return {reader.answer(), result, record.log};
}

std::string event(const std::string& json) {
    return "data: " + json + "\n\n";
}

std::string delta(const std::string& json) {
    return event(R"({"id":"c1","model":"m","choices":[{"index":0,"delta":)" + json + "}]}");
}

const std::string kEnd =
    event(R"({"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
const std::string kUsage =
    event(R"({"id":"c1","choices":[],"usage":{"prompt_tokens":812,"completion_tokens":240,)"
          R"("prompt_tokens_details":{"cached_tokens":500},"cost":0.0041},)"
          R"("metadata":{"used_model":"gpt-4o","used_provider":"azure",)"
          R"("routing":[{"provider":"azure","status":200,"ms":12}]}})");
const std::string kDone = "data: [DONE]\n\n";

}  // namespace

TEST_CASE("chat_answer: a whole stream, at every split") {
    const std::string stream = ": ping\n\n" + delta(R"({"role":"assistant","content":""})") +
                               delta(R"({"reasoning_content":"hm"})") +
                               delta(R"({"content":"grü"})") + delta(R"({"content":"n"})") + kEnd +
                               kUsage + kDone;
    const std::string_view whole = stream;
    for (std::size_t at = 0; at <= whole.size(); at++) {
        CAPTURE(at);
        const auto got = receive(200, kStreamHead, {whole.substr(0, at), whole.substr(at)});
        REQUIRE(got.result);
        CHECK(got.log == "start c1\nreasoning hm\ntext grü\ntext n\n");
        CHECK(got.answer.content == "grün");
        CHECK(got.answer.reasoning == "hm");
        CHECK(got.answer.finish_reason == "stop");
        CHECK(got.answer.model == "gpt-4o");
        CHECK(got.answer.provider == "azure");
        CHECK(got.answer.cache == "miss");
        CHECK(got.answer.input_tokens == 812);
        CHECK(got.answer.output_tokens == 240);
        CHECK(got.answer.cached_tokens == 500);
        CHECK(got.answer.cost == Money{4'100'000});
        CHECK(got.answer.attempts == R"([{"provider":"azure","status":200,"ms":12}])");
        CHECK(got.answer.first_token_ms.has_value());
    }
}

TEST_CASE("chat_answer: parallel tool calls in pieces, with any first index") {
    const std::string stream =
        delta(R"({"tool_calls":[{"index":1,"id":"a","function":{"name":"f","arguments":""}}]})") +
        delta(R"({"tool_calls":[{"index":2,"id":"b","function":{"name":"g","arguments":"{"}}]})") +
        delta(R"({"tool_calls":[{"index":1,"function":{"arguments":"{\"x\":1}"}}]})") +
        delta(R"({"tool_calls":[{"index":2,"function":{"arguments":"}"}}]})") + kEnd + kDone;
    const auto got = receive(200, kStreamHead, {stream});
    REQUIRE(got.result);
    CHECK(got.log == "start c1\ntool a f {\"x\":1}\ntool b g {}\n");
}

TEST_CASE("chat_answer: an answer that is not streamed") {
    const auto got =
        receive(200, kJsonHead,
                {R"({"id":"c2","model":"m","choices":[{"index":0,"message":{"content":)",
                 R"([{"type":"text","text":"a"},{"type":"text","text":"b"}]},)",
                 R"("finish_reason":"length"}],"usage":{"prompt_tokens":1,)"
                 R"("completion_tokens":2,"cost":null}})"});
    REQUIRE(got.result);
    CHECK(got.log == "start c2\ntext ab\n");
    CHECK(got.answer.finish_reason == "length");
    CHECK(got.answer.input_tokens == 1);
    CHECK_FALSE(got.answer.cached_tokens.has_value());
    CHECK_FALSE(got.answer.cost.has_value());
}

TEST_CASE("chat_answer: only the first of several choices is read") {
    const auto got = receive(
        200, kStreamHead,
        {event(R"({"choices":[{"index":1,"delta":{"content":"second"}}]})") +
         event(R"({"choices":[{"index":0,"delta":{"content":"first"},"finish_reason":"stop"}]})")});
    REQUIRE(got.result);
    CHECK(got.answer.content == "first");
}

TEST_CASE("chat_answer: the end of a stream") {
    const std::string start = delta(R"({"content":"half"})");
    const Result<void> cut = fail(Errc::upstream, "the connection broke");
    SUBCASE("neither [DONE] nor a finish_reason is a cut") {
        const auto got = receive(200, kStreamHead, {start});
        REQUIRE_FALSE(got.result);
        CHECK(got.result.error().kind == Errc::upstream);
        CHECK(got.answer.content == "half");
    }
    SUBCASE("a finish_reason suffices") {
        CHECK(receive(200, kStreamHead, {start + kEnd}).result);
    }
    SUBCASE("[DONE] suffices") {
        CHECK(receive(200, kStreamHead, {start + kDone}).result);
    }
    SUBCASE("[DONE] without its blank line") {
        CHECK(receive(200, kStreamHead, {start + "data: [DONE]"}).result);
    }
    SUBCASE("what breaks after [DONE] does not matter") {
        CHECK(receive(200, kStreamHead, {start + kDone}, cut).result);
    }
    SUBCASE("what breaks before it does") {
        const auto got = receive(200, kStreamHead, {start + "data: {\"choi"}, cut);
        REQUIRE_FALSE(got.result);
        CHECK(got.result.error().message == "the connection broke");
        CHECK(got.answer.content == "half");
    }
    SUBCASE("an interruption is one, even late") {
        const auto got =
            receive(200, kStreamHead, {start + kDone}, fail(Errc::interrupted, "interrupted"));
        REQUIRE_FALSE(got.result);
        CHECK(got.result.error().kind == Errc::interrupted);
    }
    SUBCASE("nothing behind [DONE] is read") {
        const auto got = receive(200, kStreamHead, {start + kDone + delta(R"({"content":"!"})")});
        CHECK(got.answer.content == "half");
    }
}

TEST_CASE("chat_answer: an error inside the stream") {
    const auto got = receive(
        200, kStreamHead,
        {delta(R"({"content":"half"})") + event(R"({"error":{"message":"boom","code":"x"}})")});
    REQUIRE_FALSE(got.result);
    CHECK(got.result.error().kind == Errc::upstream);
    CHECK(got.result.error().message == "boom");
    CHECK(got.result.error().code == "x");
    CHECK(got.answer.content == "half");
}

TEST_CASE("chat_answer: what is no chat completion is an error") {
    CHECK_FALSE(receive(200, kJsonHead, {"<html>"}).result);
    CHECK_FALSE(receive(200, kJsonHead, {"[]"}).result);
    CHECK_FALSE(receive(200, kJsonHead, {"{}"}).result);
    CHECK_FALSE(receive(200, kJsonHead, {R"({"error":{"message":"no"}})"}).result);
    CHECK_FALSE(receive(200, kStreamHead, {"data: {oops\n\n"}).result);
    CHECK_FALSE(receive(0, {}, {}).result);
    CHECK(receive(200, kStreamHead, {"data: 7\n\ndata: {\"choices\":[3]}\n\n" + kDone}).result);
}

TEST_CASE("chat_answer: the kind of an error answer follows from its status") {
    struct Case {
        int status;
        Errc kind;
        int exit;
    };
    for (const Case& c :
         {Case{400, Errc::invalid_request, 1}, Case{401, Errc::auth, 4}, Case{402, Errc::budget, 7},
          Case{403, Errc::permission, 4}, Case{404, Errc::not_found, 3},
          Case{408, Errc::timeout, 6}, Case{413, Errc::too_large, 1}, Case{429, Errc::limit, 7},
          Case{500, Errc::upstream, 6}, Case{502, Errc::upstream, 6}, Case{503, Errc::upstream, 6},
          Case{504, Errc::timeout, 6}, Case{529, Errc::upstream, 6}}) {
        CAPTURE(c.status);
        const auto error =
            error_from_answer(c.status, R"({"error":{"message":"why","code":"c","param":"p"}})");
        CHECK(error.kind == c.kind);
        CHECK(exit_code(error.kind) == c.exit);
        CHECK(error.message == "why");
        CHECK(error.code == "c");
        CHECK(error.param == "p");
    }
    CHECK(error_from_answer(502, "<h1>Bad</h1>").message ==
          "the server answered HTTP 502: <h1>Bad</h1>");
    CHECK(error_from_answer(500, "").message == "the server answered HTTP 500");
    CHECK(error_from_answer(400, R"({"error":"plain"})").message == "plain");
    CHECK(error_from_answer(400, R"({"message":"bare"})").message == "bare");
    CHECK(error_from_answer(400, R"({"error":{"message":"a\u001b[31mb"}})").message.find('\x1b') ==
          std::string::npos);
}

TEST_CASE("chat_answer: providers that all refused alike tell the kind of a 502") {
    const auto kind = [](const std::string& attempts) {
        return error_from_answer(
                   502, R"({"error":{"message":"m"},"metadata":{"routing":[)" + attempts + "]}}")
            .kind;
    };
    CHECK(kind(R"({"status_code":401})") == Errc::auth);
    CHECK(kind(R"({"status_code":401},{"status_code":401})") == Errc::auth);
    CHECK(kind(R"({"status_code":402})") == Errc::budget);
    CHECK(kind(R"({"status_code":429})") == Errc::limit);
    CHECK(kind(R"({"status_code":401},{"status_code":429})") == Errc::upstream);
    CHECK(kind(R"({"status_code":404})") == Errc::upstream);
    CHECK(kind(R"({"status_code":null})") == Errc::upstream);
    CHECK(kind("7") == Errc::upstream);
    CHECK(kind("") == Errc::upstream);
}
