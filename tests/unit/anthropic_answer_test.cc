// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "daemon/providers/anthropic.h"
#include "replay.h"

using namespace llmgw;

namespace {

std::unique_ptr<AnswerDecoder> plain_decoder() {
    return anthropic_decoder(ChatRequest(), WireTarget());
}

std::string event(const std::string& data) {
    return "event: x\r\ndata: " + data + "\r\n\r\n";
}

const std::string kStart = event(R"({"type":"message_start","message":{"id":"i","model":"m"}})");
const std::string kStop = event(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})") +
                          event(R"({"type":"message_stop"})");

std::string text_of_stream(const std::string& events) {
    return decoded(*plain_decoder(), {events});
}

std::string finish_of(const std::string& stop_reason) {
    return text_of_stream(
        event(R"({"type":"message_delta","delta":{"stop_reason":")" + stop_reason + "\"}}") +
        event(R"({"type":"message_stop"})"));
}

}  // namespace

TEST_CASE("anthropic: golden answers, in whatever pieces they arrive") {
    for (const char* const name : {"tools", "search"}) {
        CAPTURE(name);
        const std::string path = std::string("anthropic/") + name;
        check_replay(plain_decoder, test_data(path + ".sse"), test_data(path + ".events"));
    }
    check_replay(plain_decoder, test_data("anthropic/answer.json"),
                 test_data("anthropic/answer.events"));
}

TEST_CASE("anthropic: broken answers have an end, too") {
    for (const char* const name : {"tools.sse", "search.sse", "answer.json"}) {
        CAPTURE(name);
        check_mutations(plain_decoder, test_data(std::string("anthropic/") + name));
    }
}

TEST_CASE("anthropic: every reason to stop") {
    CHECK(finish_of("end_turn") == "finish text=\"stop\" name=\"end_turn\"\n");
    CHECK(finish_of("stop_sequence") == "finish text=\"stop\" name=\"stop_sequence\"\n");
    CHECK(finish_of("max_tokens") == "finish text=\"length\" name=\"max_tokens\"\n");
    CHECK(finish_of("model_context_window_exceeded") ==
          "finish text=\"length\" name=\"model_context_window_exceeded\"\n");
    CHECK(finish_of("refusal") == "finish text=\"content_filter\" name=\"refusal\"\n");
    CHECK(finish_of("pause_turn") == "finish text=\"stop\" name=\"pause_turn\"\n");
    CHECK(finish_of("brand_new") == "finish text=\"stop\" name=\"brand_new\"\n");
    CHECK(finish_of("tool_use") == "finish text=\"stop\" name=\"tool_use\"\n");  // no call came
}

TEST_CASE("anthropic: an answer given by a tool is its content") {
    ChatRequest request;
    request.response_format.kind = ResponseFormat::Kind::json_schema;
    request.response_format.schema = "{}";
    const auto make = [&] { return anthropic_decoder(request, WireTarget()); };
    check_replay(
        make,
        kStart +
            event(R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use",)"
                  R"("id":"t","name":"structured_answer","input":{}}})") +
            event(R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta",)"
                  R"("partial_json":"{\"a\":"}})") +
            event(R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta",)"
                  R"("partial_json":"1}"}})") +
            event(R"({"type":"content_block_stop","index":0})") +
            event(R"({"type":"message_delta","delta":{"stop_reason":"tool_use"}})") +
            event(R"({"type":"message_stop"})"),
        "begin text=\"i\" name=\"m\"\ntext text=\"{\\\"a\\\":\"\ntext text=\"1}\"\n"
        "finish text=\"stop\" name=\"tool_use\"\n");
    CHECK(decoded(*make(), {R"({"type":"message","id":"i","model":"m","content":[{"type":)"
                            R"("tool_use","id":"t","name":"structured_answer","input":{"a":1}}],)"
                            R"("stop_reason":"tool_use"})"}) ==
          "begin text=\"i\" name=\"m\"\ntext text=\"{\\\"a\\\":1}\"\n"
          "finish text=\"stop\" name=\"tool_use\"\n");
}

TEST_CASE("anthropic: errors within an answer") {
    const std::string overloaded =
        R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";
    const std::string told = "error text=\"Overloaded\" name=\"overloaded_error\" status=529\n";
    CHECK(text_of_stream(kStart + event(overloaded)) == "begin text=\"i\" name=\"m\"\n" + told);
    CHECK(text_of_stream(event(overloaded) + kStart) == told);  // nothing follows it
    CHECK(text_of_stream(overloaded) == told);                  // as a document
    CHECK(text_of_stream(event(R"({"type":"error","error":{"type":"new_error"}})")) ==
          "error name=\"new_error\" status=500\n");
}

TEST_CASE("anthropic: an answer that stops in the middle is none") {
    const std::string cut = "failed: its stream ended in the middle of the answer\n";
    CHECK(text_of_stream(kStart) == "begin text=\"i\" name=\"m\"\n" + cut);
    CHECK(text_of_stream("") == cut);
    CHECK(text_of_stream(event(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})")) ==
          cut);
    CHECK(text_of_stream(event("{\"type\":")) == "failed: an event of its stream is not JSON\n");
    CHECK(text_of_stream(R"({"type":"message","content":[)") ==
          "failed: it sent an answer that is not JSON\n");
    CHECK(text_of_stream(R"({"type":"message","content":7})") ==
          "failed: it sent an answer without any content\n");
    CHECK(text_of_stream("{}") == "failed: it sent an answer without any content\n");
}

TEST_CASE("anthropic: streams that are not as documented do no harm") {
    CHECK(text_of_stream(
              event(R"({"type":"content_block_delta","index":3,"delta":{"type":"text_delta",)"
                    R"("text":"lost"}})") +
              event(R"({"type":"content_block_stop","index":3})") +
              event(R"({"type":"content_block_start","index":0,"content_block":7})") +
              event(R"({"type":"content_block_delta","index":0,"delta":null})") +
              event(R"({"type":7})") + event("{}") + ": comment\r\n\r\n" + kStop) ==
          "finish text=\"stop\" name=\"end_turn\"\n");
    // A block whose end is missing, and an end whose empty line is.
    const std::string unfinished =
        event(R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use",)"
              R"("id":"t","name":"f"}})") +
        kStop;
    CHECK(text_of_stream(unfinished.substr(0, unfinished.size() - 4)) ==
          "tool_call tool=0 name=\"f\" id=\"t\"\narguments tool=0 text=\"{}\"\n"
          "finish text=\"stop\" name=\"end_turn\"\n");
}

TEST_CASE("anthropic: an event without end is given up") {
    const auto decoder = plain_decoder();
    std::vector<ChatEvent> events;
    const std::string megabyte(1024 * 1024, 'x');
    int fed = 0;
    while (fed < 32 && decoder->feed(megabyte, events)) {
        fed++;
    }
    CHECK(fed == 16);
}

TEST_CASE("anthropic: refusals in its own words") {
    const ResponseHead head;
    const ProviderError error = read_anthropic_error(
        429, head,
        R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"},"request_id":"r"})");
    CHECK(error.message == "slow");
    CHECK(error.type == "rate_limit_error");
    CHECK(error.status == 0);
    CHECK(read_anthropic_error(400, head,
                               R"({"error":{"type":"invalid_request_error","message":)"
                               R"("Your credit balance is too low to access the API."}})")
              .status == 402);
    CHECK(read_anthropic_error(400, head,
                               R"({"error":{"type":"invalid_request_error","message":)"
                               R"("prompt is too long: 300000 tokens > 200000 maximum"}})")
              .code == "context_length_exceeded");
    CHECK(read_anthropic_error(502, head, "<html>Bad gateway</html>").message.empty());
    CHECK(read_anthropic_error(500, head, R"({"error":"text"})").message.empty());
}
