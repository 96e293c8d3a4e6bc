// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/providers/wire_adapter.h"

// Replays recorded answers through decoders and shows the events as lines, so that a fixture can be
// compared with them.
namespace llmgw::replay {

inline std::string fixture(const std::string& name) {
    std::ifstream in(std::string(LLMGW_TEST_DATA) + "/" + name, std::ios::binary);
    REQUIRE_MESSAGE(in.good(), name);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string usage_line(const Usage& usage) {
    return "usage in=" + std::to_string(usage.input) +
           " cached=" + std::to_string(usage.cached_input) +
           " write=" + std::to_string(usage.cache_write) + " out=" + std::to_string(usage.output) +
           " thought=" + std::to_string(usage.reasoning);
}

inline std::string line_of(const ChatEvent& event) {
    const std::string tool = std::to_string(event.tool);
    switch (event.kind) {
        case ChatEvent::Kind::begin:
            return "begin " + event.text + "|" + event.name;
        case ChatEvent::Kind::text:
            return "text " + json_quote(event.text);
        case ChatEvent::Kind::refusal:
            return "refusal " + json_quote(event.text);
        case ChatEvent::Kind::reasoning:
            return "reasoning " + json_quote(event.text);
        case ChatEvent::Kind::reasoning_detail:
            return "detail " + event.detail.format + "|" + event.detail.id + "|" +
                   event.detail.data + event.detail.text;
        case ChatEvent::Kind::tool_call:
            return "call " + tool + " " + event.id + "|" + event.name;
        case ChatEvent::Kind::tool_arguments:
            return "arguments " + tool + " " + event.text;
        case ChatEvent::Kind::annotations:
            return "annotations " + event.text;
        case ChatEvent::Kind::logprobs:
            return "logprobs " + event.text;
        case ChatEvent::Kind::finish:
            return "finish " + event.text + "|" + event.name;
        case ChatEvent::Kind::usage:
            return usage_line(event.usage);
        case ChatEvent::Kind::error:
            return "error " + std::to_string(event.status) + "|" + event.name + "|" + event.text;
    }
    return {};
}

// The events of an answer that comes in these pieces, one a line. Ends with "!" and the reason when
// the decoder says that the body is broken.
inline std::string events_of(AnswerDecoder& decoder, const std::vector<std::string_view>& pieces) {
    std::vector<ChatEvent> events;
    Result<void> done;
    for (const std::string_view piece : pieces) {
        done = decoder.feed(piece, events);
        if (!done) {
            break;
        }
    }
    if (done) {
        done = decoder.finish(events);
    }
    std::string lines;
    for (const ChatEvent& event : events) {
        CHECK(event.choice == 0);
        lines += line_of(event) + "\n";
    }
    if (!done) {
        CHECK(done.error().kind == Errc::upstream);
        lines += "! " + done.error().message + "\n";
    }
    return lines;
}

inline std::string events_of(const WireAdapter& adapter, std::string_view body) {
    return events_of(*adapter.decoder(ChatRequest(), WireTarget()), {body});
}

// The same, having made sure that it makes no difference how the body is cut.
inline std::string events_however_cut(const WireAdapter& adapter, const std::string& body) {
    const std::string whole = events_of(adapter, body);
    const std::string_view view = body;
    std::vector<std::string_view> bytes;
    for (std::size_t at = 0; at < body.size(); at++) {
        CAPTURE(at);
        bytes.push_back(view.substr(at, 1));
        const auto decoder = adapter.decoder(ChatRequest(), WireTarget());
        REQUIRE(events_of(*decoder, {view.substr(0, at), view.substr(at)}) == whole);
    }
    const auto decoder = adapter.decoder(ChatRequest(), WireTarget());
    CHECK(events_of(*decoder, bytes) == whole);
    return whole;
}

// A broken answer is read the same however it is cut, too. `step` says how many of its bytes stand
// for all of them.
inline void check_broken(const WireAdapter& adapter, const std::string& body, std::size_t step) {
    for (std::size_t at = 0; at < body.size(); at += step) {
        for (const char wrong : {'"', '}', '\0', '\n', '\xff'}) {
            std::string broken = body;
            broken[at] = wrong;
            CAPTURE(at);
            CAPTURE(static_cast<int>(wrong));
            const std::string_view view = broken;
            const auto decoder = adapter.decoder(ChatRequest(), WireTarget());
            REQUIRE(events_of(*decoder, {view.substr(0, at), view.substr(at)}) ==
                    events_of(adapter, broken));
        }
    }
}

inline std::string body_of(const AdaptedRequest& request) {
    std::string text;
    for (const std::string_view piece : request.body) {
        text += piece;
    }
    CHECK(text.size() == request.body_size());
    CHECK(scan_object(text));
    return text;
}

// A request for a client's body; the test fails when it cannot be read.
inline ChatRequest chat_request(const std::string& body) {
    const auto call = InferenceCall::parse(Endpoint::chat_completions, body);
    REQUIRE(call);
    auto request = read_chat_request(**call);
    if (!request) {
        FAIL(request.error().message);
    }
    return std::move(*request);
}

// The same for a few members beside a model and a short message.
inline ChatRequest chat_request_with(const std::string& members) {
    return chat_request(R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + members +
                        "}");
}

}  // namespace llmgw::replay
