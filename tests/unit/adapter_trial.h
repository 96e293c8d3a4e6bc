// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "replay.h"

// Short ways to try an adapter: a client's body in, the provider's out, and answers back.
namespace llmgw::trial {

inline std::string events_of(const WireAdapter& adapter, std::string_view body) {
    return decoded(*adapter.decoder(ChatRequest(), WireTarget()), {body});
}

// Checks a recorded answer against its events, however it is cut.
inline void check_fixture(const WireAdapter& adapter, const std::string& answer,
                          const std::string& events) {
    CAPTURE(answer);
    check_replay([&] { return adapter.decoder(ChatRequest(), WireTarget()); }, test_data(answer),
                 test_data(events));
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
            REQUIRE(decoded(*decoder, {view.substr(0, at), view.substr(at)}) ==
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

}  // namespace llmgw::trial
