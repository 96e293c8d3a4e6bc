// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/providers/usage_object.h"
#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// Decoded answers as text, one event a line: what tests compare.

inline std::string describe(const ChatEvent& event) {
    constexpr const char* kKinds[] = {
        "begin",       "text",  "refusal",  "reasoning", "detail", "tool_call", "arguments",
        "annotations", "image", "logprobs", "finish",    "usage",  "error"};
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
/// decoder gave up, which is the end of it as for TranslatedAnswer.
inline std::string decoded(AnswerDecoder& decoder, const std::vector<std::string_view>& pieces) {
    std::vector<ChatEvent> events;
    std::string failure;
    for (const std::string_view piece : pieces) {
        if (auto fed = decoder.feed(piece, events); !fed) {
            failure = fed.error().message;
            break;
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

}  // namespace llmgw
