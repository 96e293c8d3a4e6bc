// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/providers/chat_writer.h"
#include "daemon/providers/gemini.h"

using namespace llmgw;

namespace {

std::string fixture(const std::string& name) {
    std::ifstream in(LLMGW_TEST_DATA "/gemini/" + name, std::ios::binary);
    REQUIRE_MESSAGE(in, name);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Gemini's streams end their lines with CR LF; the fixtures stay readable.
std::string with_crlf(const std::string& text) {
    std::string out;
    for (const char c : text) {
        out += c == '\n' ? "\r\n" : std::string(1, c);
    }
    return out;
}

std::string line_of(const ChatEvent& event) {
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    const std::string where = "[" + number(event.choice) + "] ";
    switch (event.kind) {
        case ChatEvent::Kind::begin:
            return "begin " + event.text + " " + event.name + "\n";
        case ChatEvent::Kind::text:
            return where + "text " + event.text + "\n";
        case ChatEvent::Kind::refusal:
            return where + "refusal " + event.text + "\n";
        case ChatEvent::Kind::reasoning:
            return where + "reasoning " + event.text + "\n";
        case ChatEvent::Kind::reasoning_detail:
            return where + "detail " + event.detail.format + " " + event.detail.data + " for '" +
                   event.detail.id + "'\n";
        case ChatEvent::Kind::tool_call:
            return where + "call " + number(event.tool) + " " + event.id + " " + event.name +
                   " signed '" + event.signature + "'\n";
        case ChatEvent::Kind::tool_arguments:
            return where + "arguments " + number(event.tool) + " " + event.text + "\n";
        case ChatEvent::Kind::annotations:
            return where + "annotations " + event.text + "\n";
        case ChatEvent::Kind::logprobs:
            return where + "logprobs " + event.text + "\n";
        case ChatEvent::Kind::finish:
            return where + "finish " + event.text + " (" + event.name + ")\n";
        case ChatEvent::Kind::usage: {
            const Usage& usage = event.usage;
            return "usage in " + number(usage.input) + " cached " + number(usage.cached_input) +
                   " audio " + number(usage.audio_input) + " out " + number(usage.output) +
                   " thoughts " + number(usage.reasoning) + " image " + number(usage.image_output) +
                   " searches " + number(usage.web_searches) + "\n";
        }
        case ChatEvent::Kind::error:
            return "error " + number(static_cast<std::uint64_t>(event.status)) + " " + event.name +
                   ": " + event.text + "\n";
    }
    return "?\n";
}

struct Reader {
    ChatRequest request;
    WireTarget target;

    Reader() { target.model = "gemini-3-flash-preview"; }

    // The events of an answer that arrives in these pieces, one a line; a failure is the last.
    std::string read(const std::vector<std::string_view>& pieces) const {
        const auto decoder = gemini_decoder(request, target);
        std::vector<ChatEvent> events;
        Result<void> result;
        for (const std::string_view piece : pieces) {
            if (result) {
                result = decoder->feed(piece, events);
            }
        }
        if (result) {
            result = decoder->finish(events);
        }
        std::string lines;
        for (const ChatEvent& event : events) {
            lines += line_of(event);
        }
        if (!result) {
            CHECK(result.error().kind == Errc::upstream);
            lines += "failed: " + result.error().message + "\n";
        }
        return lines;
    }

    // The same, after checking that no way to cut the bytes makes a difference.
    std::string read_every_way(const std::string& bytes) const {
        const std::string whole = read({bytes});
        const std::string_view all = bytes;
        for (std::size_t at = 0; at <= all.size(); at++) {
            const std::string halves = read({all.substr(0, at), all.substr(at)});
            REQUIRE_MESSAGE(halves == whole, "cut at " << at);
        }
        std::vector<std::string_view> bytewise;
        for (std::size_t at = 0; at < all.size(); at++) {
            bytewise.push_back(all.substr(at, 1));
        }
        REQUIRE(read(bytewise) == whole);
        return whole;
    }

    std::string stream(const std::string& name) const {
        const std::string text = fixture(name);
        const std::string lines = read_every_way(with_crlf(text));
        CHECK(read({text}) == lines);
        return lines;
    }
};

const std::string kBegin = "begin r1Q gemini-3-flash-preview\n";

std::string usage(unsigned in, unsigned out, unsigned thoughts = 0, unsigned cached = 0) {
    return "usage in " + std::to_string(in) + " cached " + std::to_string(cached) +
           " audio 0 out " + std::to_string(out) + " thoughts " + std::to_string(thoughts) +
           " image 0 searches 0\n";
}

}  // namespace

TEST_CASE("gemini answer: text") {
    CHECK(Reader().stream("text.sse") ==
          kBegin + "[0] text Grüß \n" + usage(9, 1) + "[0] text Gott, 日\n" + usage(9, 4) +
              "[0] text 本🐎\n" + usage(9, 7) + "[0] finish stop (STOP)\n");
}

TEST_CASE("gemini answer: thoughts and parallel calls") {
    const std::string calls =
        "[0] call 0 call_r1Q_0 weather signed 'c2lnLTE='\n"
        "[0] arguments 0 {\"city\":\"Brno\",\"days\":2}\n"
        "[0] detail google-gemini-v1 c2lnLTE= for 'call_r1Q_0'\n"
        "[0] call 1 x7 time signed ''\n"
        "[0] arguments 1 {}\n";
    CHECK(Reader().stream("calls.sse") == kBegin + "[0] reasoning I need \n" + usage(40, 0, 20) +
                                              "[0] reasoning the weather.\n" + usage(40, 0, 31) +
                                              calls + usage(40, 18, 31) + usage(8, 18, 31, 32) +
                                              "[0] finish tool_calls (STOP)\n");
}

TEST_CASE("gemini answer: invented ids differ from those of earlier turns") {
    Reader reader;
    reader.request.messages.resize(2);
    reader.request.messages[0].tool_calls.resize(2);
    reader.request.messages[1].tool_calls.resize(1);
    const std::string lines = reader.stream("calls.sse");
    CHECK(lines.find("call 0 call_r1Q_3 weather") != std::string::npos);
    CHECK(reader
              .read({R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}},)"
                     R"({"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]})"})
              .find("[0] call 1 call_4 f ") != std::string::npos);
}

TEST_CASE("gemini answer: the signature of a text") {
    CHECK(Reader().stream("signed_text.sse") ==
          kBegin + "[0] text Done.\n" + usage(5, 2) +
              "[0] detail google-gemini-v1 c2lnLTI= for ''\n" + usage(5, 2) +
              "[0] finish stop (STOP)\n");
}

TEST_CASE("gemini answer: citations count characters") {
    Reader reader;
    reader.request.web_search = true;
    const auto cite = [](const char* begin, const char* end, const char* url, const char* title) {
        return R"({"type":"url_citation","url_citation":{"start_index":)" + std::string(begin) +
               ",\"end_index\":" + end + ",\"url\":\"" + url + "\",\"title\":\"" + title + "\"}}";
    };
    const std::string second = "https://b.test/\\\"2\\\"";
    CHECK(reader.stream("grounded.sse") ==
          kBegin + "[0] text Žďár is a town.\n" + usage(5, 4) + "[0] text  It is old.\n" +
              "usage in 105 cached 0 audio 0 out 9 thoughts 0 image 0 searches 2\n" +
              "[0] annotations " + cite("0", "15", "https://a.test/1", "a.test") + "," +
              cite("0", "15", second.c_str(), "b") + "," + cite("16", "26", second.c_str(), "b") +
              "\n[0] finish stop (STOP)\n");
    SUBCASE("a search of generation 2.5 is paid by the prompt") {
        reader.target.model = "gemini-2.5-flash";
        CHECK(reader.stream("grounded.sse").find("searches 1") != std::string::npos);
    }
}

TEST_CASE("gemini answer: sources without a place in the text") {
    CHECK(
        Reader()
            .read(
                {R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP",)"
                 R"("groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.test"}}]}}]})"})
            .find(R"("start_index":0,"end_index":0,"url":"https://a.test","title":"")") !=
        std::string::npos);
}

TEST_CASE("gemini answer: several choices") {
    CHECK(Reader().stream("choices.sse") ==
          kBegin + "[0] text A\n[1] text B\n" + usage(2, 2) + "[0] text a\n" + usage(2, 3) +
              "[0] finish stop (STOP)\n[1] finish length (MAX_TOKENS)\n");
}

TEST_CASE("gemini answer: logprobs") {
    CHECK(Reader()
              .stream("logprobs.sse")
              .find(R"([0] logprobs {"token":"H","logprob":-0.25,"bytes":[72],"top_logprobs":[)"
                    R"({"token":"H","logprob":-0.25,"bytes":[72]},)"
                    R"({"token":"J","logprob":-2.5,"bytes":[74]}]},)"
                    R"({"token":"í","logprob":-1,"bytes":[195,173],"top_logprobs":[]})") !=
          std::string::npos);
}

TEST_CASE("gemini answer: what was blocked") {
    CHECK(Reader().stream("unsafe.sse") == kBegin + "[0] text It\n" + usage(3, 1) + usage(3, 1) +
                                               "[0] finish content_filter (SAFETY)\n");
    CHECK(Reader().stream("blocked.sse") ==
          kBegin + usage(8, 0) + "[0] finish content_filter (PROHIBITED_CONTENT)\n");
    CHECK(Reader().stream("malformed_call.sse") ==
          kBegin + usage(3, 0) + "[0] finish stop (MALFORMED_FUNCTION_CALL)\n");
}

TEST_CASE("gemini answer: finish reasons") {
    const auto told = [](const std::string& word) {
        const std::string lines =
            Reader().read({R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},)"
                           R"("finishReason":")" +
                           word + "\"}]}"});
        const auto at = lines.find("finish ") + 7;
        return lines.substr(at, lines.find(' ', at) - at);
    };
    CHECK(told("STOP") == "tool_calls");
    CHECK(told("MAX_TOKENS") == "length");
    CHECK(told("RECITATION") == "content_filter");
    CHECK(told("IMAGE_SAFETY") == "content_filter");
    CHECK(told("OTHER") == "stop");
    CHECK(told("A_WORD_TO_COME") == "stop");
}

TEST_CASE("gemini answer: parts that OpenAI's form has no place for") {
    CHECK(Reader().stream("other_parts.sse") ==
          kBegin + "[0] text one\n" +
              "usage in 3 cached 0 audio 0 out 10 thoughts 0 image 1290 searches 0\n" +
              "[0] finish stop (STOP)\n");
}

TEST_CASE("gemini answer: errors inside a stream") {
    CHECK(Reader().stream("error_midway.sse") ==
          kBegin + "[0] text Once\n" + usage(3, 1) +
              "error 503 overloaded_error: The model is overloaded. Please try again later.\n");
    CHECK(Reader().stream("error_array.sse") == "error 429 rate_limit_error: Quota exceeded.\n");
    // Not even framed as an event.
    CHECK(
        Reader().read_every_way(
            R"([{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.",)"
            R"("status":"INVALID_ARGUMENT","details":[{"@type":)"
            R"("type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}])") ==
        "error 401 authentication_error: API key not valid. Please pass a valid API key.\n");
}

TEST_CASE("gemini answer: whole documents") {
    CHECK(Reader().read_every_way(fixture("plain.json")) ==
          kBegin + "[0] reasoning Thinking.\n[0] text It is \n" +
              "[0] call 0 call_r1Q_0 f signed 'c2lnLTM='\n"
              R"([0] arguments 0 {"a b":[1,{"c":"d: \"e\" \\"}],"n":null})"
              "\n[0] detail google-gemini-v1 c2lnLTM= for 'call_r1Q_0'\n"
              "usage in 4 cached 4 audio 2 out 5 thoughts 3 image 0 searches 0\n"
              "[0] finish tool_calls (STOP)\n");
    CHECK(Reader().read_every_way(fixture("array.json")) ==
          kBegin + "[0] text Hel\n" + usage(1, 1) + "[0] text lo\n" + usage(1, 2) +
              "[0] finish stop (STOP)\n");
}

TEST_CASE("gemini answer: a stream that is cut off is not complete") {
    const std::string text = with_crlf(fixture("text.sse"));
    const std::size_t last = text.find("\"finishReason\"");
    for (std::size_t end = 0; end < last; end++) {
        const std::string lines = Reader().read({std::string_view(text).substr(0, end)});
        REQUIRE_MESSAGE(lines.find("failed: ") != std::string::npos, "ends at " << end);
        REQUIRE(lines.find("finish") == std::string::npos);
    }
    // The empty line behind the last event may be missing.
    CHECK(Reader().read({std::string_view(text).substr(0, text.size() - 4)}) ==
          Reader().read({text}));
}

TEST_CASE("gemini answer: bytes that are no answer") {
    for (const char* bytes :
         {"",
          " ",
          "{}",
          "[]",
          "{\"candidates\":[]}",
          "{\"candidates\":7}",
          "{",
          "[1]",
          "data: x\n\n",
          "data: 7\n\n",
          "data: [DONE]\n\n",
          "<html>",
          ": comment\n\n",
          R"({"candidates":[1]})",
          R"({"candidates":[{"index":-1}]})",
          R"({"candidates":[{"index":4000000000}]})",
          R"({"candidates":[{"content":"x"}]})",
          R"({"candidates":[{"content":{"parts":[null]}}]})",
          R"({"candidates":[{"content":{"parts":[{"functionCall":{"args":{}}}]}}]})",
          R"({"candidates":[{"content":{"parts":[{"functionCall":"f"}]}}]})",
          R"({"candidates":[{"content":{"parts":[{"text":"no end"}]}}]})",
          R"({"promptFeedback":{"safetyRatings":[]}})"}) {
        CAPTURE(bytes);
        CHECK(Reader().read({bytes}).find("failed: ") != std::string::npos);
    }
    SUBCASE("odd kinds of members are passed over") {
        CHECK(Reader().read(
                  {R"({"candidates":[{"content":null,"finishReason":"STOP","index":null,)"
                   R"("groundingMetadata":[],"logprobsResult":3}],"usageMetadata":"many"})"}) ==
              "begin  \nusage in 0 cached 0 audio 0 out 0 thoughts 0 image 0 searches 0\n"
              "[0] finish stop (STOP)\n");
    }
    SUBCASE("an event without end is not collected for ever") {
        const auto decoder = gemini_decoder({}, {});
        std::vector<ChatEvent> events;
        const std::string much(1 << 20, 'x');
        Result<void> result = decoder->feed("data: ", events);
        for (int i = 0; result && i < 20; i++) {
            result = decoder->feed(much, events);
        }
        CHECK_FALSE(result);
    }
}

TEST_CASE("gemini answer: chunks as a client of OpenAI's reads them") {
    const auto decoder = gemini_decoder({}, {});
    std::vector<ChatEvent> events;
    REQUIRE(decoder->feed(with_crlf(fixture("calls.sse")), events));
    REQUIRE(decoder->finish(events));
    ChunkWriter writer({"chatcmpl-1", 7, "m"});
    std::string out;
    for (const ChatEvent& event : events) {
        writer.write(event, out);
    }
    writer.finish(out);
    CHECK(out.find(R"({"tool_calls":[{"index":0,"id":"call_r1Q_0","type":"function",)"
                   R"("function":{"name":"weather","arguments":""},"extra_content":{"google":)"
                   R"({"thought_signature":"c2lnLTE="}}}]})") != std::string::npos);
    CHECK(out.find(R"("finish_reason":"tool_calls","native_finish_reason":"STOP")") !=
          std::string::npos);
    CHECK(out.find(R"("prompt_tokens":40,"completion_tokens":49)") != std::string::npos);
    CHECK(out.ends_with("data: [DONE]\n\n"));
}

TEST_CASE("gemini error: what the body says") {
    const auto read = [](int status, const std::string& body) {
        return read_gemini_error(status, {}, body);
    };
    const std::string quota =
        R"({"error":{"code":429,"message":"Quota.","status":"RESOURCE_EXHAUSTED","details":[)"
        R"({"@type":"type.googleapis.com/google.rpc.Help"},7,)"
        R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}})";
    const ProviderError limited = read(429, quota);
    CHECK(limited.message == "Quota.");
    CHECK(limited.type == "rate_limit_error");
    CHECK(limited.code == "RESOURCE_EXHAUSTED");
    CHECK(limited.status == 0);
    CHECK(read(429, "[" + quota + "]").message == "Quota.");

    const ProviderError key = read(
        400, R"({"error":{"code":400,"message":"API key expired.","status":"INVALID_ARGUMENT",)"
             R"("details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",)"
             R"("reason":"API_KEY_INVALID"}]}})");
    CHECK(key.status == 401);
    CHECK(key.type == "authentication_error");
    CHECK(key.code == "API_KEY_INVALID");

    CHECK(read(400, R"({"error":{"code":400,"message":"User location is not supported for the )"
                    R"(API use.","status":"FAILED_PRECONDITION"}})")
              .status == 403);
    const ProviderError wrong =
        read(400, R"({"error":{"code":400,"message":"Bad.","status":"INVALID_ARGUMENT"}})");
    CHECK(wrong.status == 0);
    CHECK(wrong.type == "invalid_request_error");
    for (const char* body : {"", "<html>", "{}", "[]", R"({"error":"x"})", R"({"error":null})"}) {
        CAPTURE(body);
        CHECK(read(502, body).message.empty());
        CHECK(read(502, body).type == "api_error");
    }
}
