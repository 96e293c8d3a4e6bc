// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/providers/bedrock.h"
#include "daemon/providers/bedrock_error.h"
#include "tests/unit/event_stream_writer.h"

using namespace llmgw;

namespace {

namespace fs = std::filesystem;
using Kind = ChatEvent::Kind;

std::string describe_usage(const Usage& usage) {
    std::string text =
        "usage in " + std::to_string(usage.input) + " out " + std::to_string(usage.output);
    const auto add = [&](const char* name, std::uint64_t tokens) {
        if (tokens > 0) {
            text += std::string(" ") + name + " " + std::to_string(tokens);
        }
    };
    add("cached", usage.cached_input);
    add("written", usage.cache_write);
    add("written_1h", usage.cache_write_1h);
    add("reasoning", usage.reasoning);
    return text;
}

std::string describe(const ChatEvent& event) {
    switch (event.kind) {
        case Kind::begin:
            return "begin" + event.text + event.name;
        case Kind::text:
            return "text " + event.text;
        case Kind::reasoning:
            return "reasoning " + event.text;
        case Kind::reasoning_detail:
            return (event.detail.kind == ReasoningDetail::Kind::encrypted
                        ? "detail encrypted " + event.detail.data
                        : "detail text " + event.detail.text + " signed " +
                              event.detail.signature) +
                   " format " + event.detail.format;
        case Kind::tool_call:
            return "call " + std::to_string(event.tool) + " " + event.id + " " + event.name;
        case Kind::tool_arguments:
            return "args " + std::to_string(event.tool) + " " + event.text;
        case Kind::annotations:
            return "annotations " + event.text;
        case Kind::finish:
            return "finish " + event.text + " (" + event.name + ")";
        case Kind::usage:
            return describe_usage(event.usage);
        case Kind::error:
            return "error " + std::to_string(event.status) + " " + event.name + " " + event.text;
        default:
            return "unexpected";
    }
}

// How an answer is read: for which request, and of which model.
struct BedrockReading {
    ChatRequest request;
    WireTarget target;
    std::string model;

    explicit BedrockReading(bool stream, std::string model_id = "amazon.nova-pro-v1:0",
                            nlohmann::json openai = nlohmann::json::object())
        : model(std::move(model_id)) {
        openai["model"] = "m";
        openai["stream"] = stream;
        openai["messages"] = {{{"role", "user"}, {"content", "x"}}};
        const auto call = InferenceCall::parse(Endpoint::chat_completions, openai.dump());
        REQUIRE(call);
        auto read = read_chat_request(**call);
        REQUIRE(read);
        request = std::move(*read);
        target.model = model;
        target.mapping = catalog::find_at_provider("aws-bedrock", model).mapping;
    }

    // What the pieces say; the last line is "failed" when they are not well-formed.
    [[nodiscard]] std::vector<std::string> read(const std::vector<std::string_view>& pieces) const {
        const auto decoder = bedrock_decoder(request, target);
        std::vector<ChatEvent> events;
        Result<void> done;
        for (const std::string_view piece : pieces) {
            done = done ? decoder->feed(piece, events) : done;
        }
        done = done ? decoder->finish(events) : done;
        std::vector<std::string> lines;
        for (const ChatEvent& event : events) {
            lines.push_back(describe(event));
        }
        if (!done) {
            CHECK(done.error().kind == Errc::upstream);
            lines.emplace_back("failed");
        }
        return lines;
    }
    // The same, split at every byte and byte by byte, which must not make a difference.
    [[nodiscard]] std::vector<std::string> read_split(std::string_view bytes) const {
        const auto whole = read({bytes});
        std::vector<std::string_view> single;
        for (std::size_t i = 0; i < bytes.size(); i++) {
            REQUIRE(read({bytes.substr(0, i), bytes.substr(i)}) == whole);
            single.push_back(bytes.substr(i, 1));
        }
        REQUIRE(read(single) == whole);
        return whole;
    }
};

// Messages as the golden files have them: a type, with "!" an exception's, and its payload.
std::string stream_bytes(const nlohmann::json& messages) {
    std::string bytes;
    for (const auto& message : messages) {
        const std::string type = message.at(0);
        const std::string payload = message.at(1).dump();
        bytes += type.starts_with('!') ? exception_message(type.substr(1), payload)
                                       : event_message(type, payload);
    }
    return bytes;
}

std::vector<std::string> read_stream(const std::string& bytes) {
    return BedrockReading(true).read_split(bytes);
}

std::vector<std::string> read_plain(const std::string& body) {
    return BedrockReading(false).read_split(body);
}

ProviderError error_of(int status, const std::string& type, std::string_view body) {
    ResponseHead head;
    head.status = status;
    if (!type.empty()) {
        head.headers.push_back({"x-amzn-ErrorType", type});
    }
    return read_bedrock_error(status, head, body);
}

const std::string kStart = event_message("messageStart", R"({"role":"assistant"})");
const std::string kText =
    event_message("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hi"}})");
const std::string kStop = event_message("messageStop", R"({"stopReason":"end_turn"})");
const std::string kMetadata =
    event_message("metadata", R"({"usage":{"inputTokens":1,"outputTokens":2}})");

}  // namespace

TEST_CASE("bedrock answer: golden files") {
    std::size_t cases = 0;
    for (const auto& entry : fs::directory_iterator(LLMGW_TEST_DATA "/bedrock/answers")) {
        CAPTURE(entry.path());
        std::ifstream file(entry.path());
        const auto golden = nlohmann::json::parse(file);
        const auto openai = golden.value("openai", nlohmann::json::object());
        using Lines = std::vector<std::string>;
        if (golden.contains("stream")) {
            const BedrockReading reading(true, golden.at("model"), openai);
            CHECK(reading.read_split(stream_bytes(golden.at("stream"))) ==
                  golden.at("events").get<Lines>());
        }
        if (golden.contains("plain")) {
            const BedrockReading reading(false, golden.at("model"), openai);
            CHECK(reading.read_split(golden.at("plain").dump()) ==
                  golden.at("plain_events").get<Lines>());
        }
        cases++;
    }
    CHECK(cases >= 12);
}

TEST_CASE("bedrock answer: the end is told when the numbers have come, or there are none") {
    const BedrockReading reading(true);
    const auto decoder = bedrock_decoder(reading.request, reading.target);
    std::vector<ChatEvent> events;
    REQUIRE(decoder->feed(kStart + kText + kStop, events));
    CHECK(events.back().kind == Kind::text);
    REQUIRE(decoder->feed(kMetadata, events));
    CHECK(events.size() == 4);
    CHECK(events[2].kind == Kind::finish);
    CHECK(events[3].kind == Kind::usage);
    REQUIRE(decoder->finish(events));
    CHECK(events.size() == 4);
    CHECK(read_stream(kStart + kText + kStop) ==
          std::vector<std::string>{"begin", "text Hi", "finish stop (end_turn)"});
}

TEST_CASE("bedrock answer: a stream that breaks off is an error wherever it does") {
    const std::string bytes = kStart + kText + kStop;
    for (std::size_t size = 0; size < bytes.size(); size++) {
        const auto lines = BedrockReading(true).read({std::string_view(bytes).substr(0, size)});
        REQUIRE(lines.back() == "failed");
    }
    // Behind the end only numbers can be missing, but half of them is no end either.
    CHECK(BedrockReading(true).read({bytes + kMetadata.substr(0, 20)}).back() == "failed");
}

TEST_CASE("bedrock answer: a damaged stream is an error") {
    std::string bytes = kStart + kText + kStop;
    bytes[kStart.size() + 30] ^= 1;
    CHECK(read_stream(bytes) == std::vector<std::string>{"begin", "failed"});
    CHECK(read_stream(kStart + event_message("contentBlockDelta", "{\"delta\":")) ==
          std::vector<std::string>{"begin", "failed"});
    CHECK(read_stream("data: {\"text\":\"not an event stream\"}\n\n") ==
          std::vector<std::string>{"failed"});
}

TEST_CASE("bedrock answer: events of other shapes do no harm") {
    for (const char* const payload :
         {"{}", R"({"delta":null})", R"({"delta":[]})", R"({"delta":{"text":7}})",
          R"({"delta":{"toolUse":"x"},"contentBlockIndex":-1})",
          R"({"delta":{"toolUse":{"input":{}}},"contentBlockIndex":1e99})",
          R"({"delta":{"reasoningContent":{"text":null}},"contentBlockIndex":99999999999999})"}) {
        CAPTURE(payload);
        CHECK(read_stream(kStart + event_message("contentBlockDelta", payload) + kStop) ==
              std::vector<std::string>{"begin", "finish stop (end_turn)"});
    }
    CHECK(read_stream(event_message("contentBlockStart", R"({"start":{"toolUse":{}}})") + kStop) ==
          std::vector<std::string>{"begin", "call 0  ", "args 0 {}", "finish stop (end_turn)"});
    CHECK(read_stream(kStart + event_message("metadata", R"({"usage":[1]})") + kStop) ==
          std::vector<std::string>{"begin", "finish stop (end_turn)"});
}

TEST_CASE("bedrock answer: errors that the API does not describe") {
    const std::string error = message_bytes(string_header(":message-type", "error") +
                                                string_header(":error-code", "InternalError") +
                                                string_header(":error-message", "Try\x1b later"),
                                            "");
    CHECK(read_stream(kStart + error + kText) ==
          std::vector<std::string>{"begin", "error 500 InternalError Try\xEF\xBF\xBD later"});
    CHECK(read_stream(exception_message("newException", "no JSON")) ==
          std::vector<std::string>{"error 500 newException newException"});
    CHECK(read_stream(exception_message("serviceUnavailableException", R"({"Message":"busy"})")) ==
          std::vector<std::string>{"error 503 serviceUnavailableException busy"});
}

TEST_CASE("bedrock answer: stop reasons") {
    const auto finish = [](const std::string& reason) {
        return BedrockReading(false)
            .read({R"({"output":{"message":{"content":[]}},"stopReason":")" + reason + "\"}"})
            .back();
    };
    CHECK(finish("end_turn") == "finish stop (end_turn)");
    CHECK(finish("stop_sequence") == "finish stop (stop_sequence)");
    CHECK(finish("max_tokens") == "finish length (max_tokens)");
    CHECK(finish("model_context_window_exceeded") ==
          "finish length (model_context_window_exceeded)");
    CHECK(finish("content_filtered") == "finish content_filter (content_filtered)");
    CHECK(finish("guardrail_intervened") == "finish content_filter (guardrail_intervened)");
    CHECK(finish("malformed_tool_use") == "finish stop (malformed_tool_use)");
    CHECK(finish("") == "finish stop ()");
}

TEST_CASE("bedrock answer: a plain one that is none") {
    const std::vector<std::string> failed = {"failed"};
    CHECK(read_plain("") == failed);
    CHECK(read_plain("[]") == failed);
    CHECK(read_plain(R"({"output":{"message":{"content":[{"text":"Hal)") == failed);
    CHECK(read_plain(R"({"output":{}})") == failed);
    CHECK(read_plain(R"({"output":{"message":"x"}})") == failed);
    const BedrockReading reading(false);
    const auto decoder = bedrock_decoder(reading.request, reading.target);
    std::vector<ChatEvent> events;
    REQUIRE(
        decoder->feed(R"({"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},
                              "Version":"1.0"})",
                      events));
    const auto done = decoder->finish(events);
    REQUIRE_FALSE(done);
    CHECK(done.error().message == "the answer has no output: UnknownOperationException");
}

TEST_CASE("bedrock answer: a document in place of a stream") {
    CHECK(read_stream(R"({"Output":{"__type":"x#UnknownOperationException"},"Version":"1.0"})") ==
          std::vector<std::string>{"failed"});
    CHECK(read_stream(
              R"({"output":{"message":{"content":[{"text":"Hi"}]}},"stopReason":"end_turn"})") ==
          std::vector<std::string>{"begin", "text Hi", "finish stop (end_turn)"});
}

TEST_CASE("bedrock answer: whatever stands in a payload, it is read or refused") {
    const std::string payload =
        R"({"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\":1}"}},"start":{"toolUse":{}}})";
    const std::string known = event_message(
        "contentBlockStart",
        R"({"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"A","name":"f"}}})");
    const BedrockReading reading(true);
    for (std::size_t at = 0; at < payload.size(); at++) {
        for (const char other : {'"', '{', '}', '\\', '\0', '9', '\xff', ' '}) {
            std::string changed = payload;
            changed[at] = other;
            const auto lines =
                reading.read({known + event_message("contentBlockDelta", changed) + kStop});
            REQUIRE(lines.front() == "begin");
            REQUIRE((lines.back() == "failed" || lines.back() == "finish stop (end_turn)"));
        }
    }
}

TEST_CASE("bedrock error: named in the header, in words in the body") {
    const ProviderError throttled =
        error_of(429, "ThrottlingException:http://internal.amazon.com/coral/x/",
                 R"({"message":"Slow down"})");
    CHECK(throttled.message == "Slow down");
    CHECK(throttled.code == "ThrottlingException");
    CHECK(throttled.type == "rate_limit_error");
    CHECK(throttled.status == 0);
    CHECK(error_of(403, "", R"({"Message":"No"})").message == "No");
    CHECK(error_of(403, "", R"({"Message":"No"})").type == "permission_error");
    const ProviderError unknown =
        error_of(404, "", R"({"__type":"com.amazon.coral.service#UnknownOperationException"})");
    CHECK(unknown.message == "UnknownOperationException");
    CHECK(unknown.type == "invalid_request_error");
    const ProviderError html = error_of(502, "", "<html>Bad gateway");
    CHECK(html.message == "HTTP status 502");
    CHECK(html.type == "api_error");
    CHECK(error_of(400, "ValidationException", "{\"message\":\"a\\u0007b\"}").message ==
          "a\xEF\xBF\xBD"
          "b");
}

TEST_CASE("bedrock error: statuses that say what to do") {
    const auto status = [](int given, const char* type) {
        return error_of(given, type, "{}").status;
    };
    CHECK(status(400, "ThrottlingException") == 429);
    CHECK(status(400, "ServiceQuotaExceededException") == 429);
    CHECK(status(503, "ModelNotReadyException") == 429);
    CHECK(status(400, "ModelTimeoutException") == 408);
    CHECK(status(500, "ServiceUnavailableException") == 503);
    CHECK(status(424, "ModelErrorException") == 502);
    CHECK(status(403, "ValidationException") == 400);
    CHECK(status(400, "AccessDeniedException") == 403);
    CHECK(status(403, "ExpiredTokenException") == 401);
    CHECK(status(403, "AccessDeniedException") == 0);
    CHECK(status(418, "TeapotException") == 0);
}

TEST_CASE("bedrock error: a refused signature does not show what was signed") {
    const ProviderError error = error_of(
        403, "InvalidSignatureException",
        R"({"message":"The request signature we calculated does not match. Check your key.\n\n)"
        R"(The Canonical String for this request should have been\n'POST\n)"
        R"(x-amz-security-token:SESSION\n'"})");
    CHECK(error.message == "The request signature we calculated does not match. Check your key.");
    CHECK(error.status == 401);
    CHECK(bedrock_message(R"({"message":"x The Canonical String … SESSION"})") == "x");
    CHECK(bedrock_message(R"({"message":"x The String-to-Sign … SESSION"})") == "x");
}
