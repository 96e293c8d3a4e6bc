// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/providers/usage_object.h"
#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// Decoded answers as text, one event a line, and the same bytes in all the pieces they may arrive
/// in: what a golden file of a provider's format is checked with.

inline std::string describe(const ChatEvent& event) {
    constexpr const char* kKinds[] = {"begin",    "text",      "refusal",   "reasoning",
                                      "detail",   "tool_call", "arguments", "annotations",
                                      "logprobs", "finish",    "usage",     "error"};
    std::string line = kKinds[static_cast<std::size_t>(event.kind)];
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) {
            line += std::string(" ") + name + "=" + json_quote(value);
        }
    };
    if (event.choice != 0) {
        line += " choice=" + std::to_string(event.choice);
    }
    if (event.kind == ChatEvent::Kind::tool_call || event.kind == ChatEvent::Kind::tool_arguments) {
        line += " tool=" + std::to_string(event.tool);
    }
    add("text", event.text);
    add("name", event.name);
    add("id", event.id);
    add("signature", event.signature);
    if (event.kind == ChatEvent::Kind::reasoning_detail) {
        constexpr const char* kDetails[] = {"text", "summary", "encrypted"};
        line += std::string(" kind=") + kDetails[static_cast<std::size_t>(event.detail.kind)];
        add("text", event.detail.text);
        add("signature", event.detail.signature);
        add("data", event.detail.data);
        add("id", event.detail.id);
        add("format", event.detail.format);
    }
    if (event.kind == ChatEvent::Kind::usage) {
        line += " " + usage_object(event.usage);
    }
    if (event.status != 0) {
        line += " status=" + std::to_string(event.status);
    }
    return line + "\n";
}

/// The events of an answer that arrives in these pieces; the last line is "failed: …" when the
/// decoder gave up.
inline std::string decoded(AnswerDecoder& decoder, const std::vector<std::string_view>& pieces) {
    std::vector<ChatEvent> events;
    std::string failure;
    for (const std::string_view piece : pieces) {
        if (auto fed = decoder.feed(piece, events); !fed && failure.empty()) {
            failure = fed.error().message;
        }
    }
    if (failure.empty()) {
        if (auto finished = decoder.finish(events); !finished) {
            failure = finished.error().message;
        }
    }
    std::string text;
    for (const ChatEvent& event : events) {
        text += describe(event);
    }
    return failure.empty() ? text : text + "failed: " + failure + "\n";
}

/// Checks the events of an answer as a whole, byte by byte and cut in two at every byte.
inline void check_replay(const std::function<std::unique_ptr<AnswerDecoder>()>& make,
                         std::string_view bytes, const std::string& expected) {
    CHECK(decoded(*make(), {bytes}) == expected);
    std::vector<std::string_view> single;
    for (std::size_t i = 0; i < bytes.size(); i++) {
        single.push_back(bytes.substr(i, 1));
    }
    CHECK(decoded(*make(), single) == expected);
    for (std::size_t cut = 1; cut < bytes.size(); cut++) {
        const std::string got = decoded(*make(), {bytes.substr(0, cut), bytes.substr(cut)});
        if (got != expected) {
            CAPTURE(cut);
            CHECK(got == expected);
            return;
        }
    }
}

/// Feeds an answer with bytes changed at random, always the same ones: whatever comes of it, it is
/// an end. Sanitizers see the rest.
inline void check_mutations(const std::function<std::unique_ptr<AnswerDecoder>()>& make,
                            const std::string& bytes) {
    std::minstd_rand random(1);  // NOLINT(cert-msc51-cpp): repeatable by intent
    for (int round = 0; round < 300; round++) {
        std::string broken = bytes;
        for (int change = 0; change < 4; change++) {
            broken[random() % broken.size()] = "\"{}[],:\\\n0e\xff"[random() % 12];
        }
        broken.resize(broken.size() - random() % 40);
        const std::string text = decoded(*make(), {broken});
        CHECK((text.find("finish ") != std::string::npos ||
               text.find("error ") != std::string::npos ||
               text.find("failed: ") != std::string::npos));
    }
}

inline std::string test_data(const std::string& name) {
    std::ifstream file(std::string(LLMGW_TEST_DATA) + "/" + name, std::ios::binary);
    REQUIRE_MESSAGE(file, name);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace llmgw
