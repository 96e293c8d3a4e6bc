// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/json_writer.h"
#include "daemon/providers/chat_event.h"

namespace llmgw {

/// The parts of OpenAI's answers that streams and documents have in common.

/// {"error":{…}}, for an event of that kind.
[[nodiscard]] std::string error_json(const ChatEvent& event);
/// The members of a tool call, with the arguments so far; its braces are the caller's.
void write_tool_call(JsonWriter& json, const ToolCall& call);
/// An element of `reasoning_details`, OpenRouter's name for what has to come back in the next turn.
void write_reasoning_detail(JsonWriter& json, const ReasoningDetail& detail, std::size_t index);
/// A page of the web that an answer rests on, and the characters of the answer that do.
struct UrlCitation {
    std::string url;
    std::string title;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};
/// An element of `annotations`.
void write_url_citation(JsonWriter& json, const UrlCitation& citation);
/// What citations count in.
[[nodiscard]] std::uint64_t characters_in(std::string_view text);
/// An element of `images`, OpenRouter's name for pictures in answers.
[[nodiscard]] std::string image_element(const std::string& data_url);
/// The finish reason to tell: providers say "stop" of a turn that ends in tool calls, too.
[[nodiscard]] std::string_view told_finish_reason(std::string_view reason, bool has_calls);

}  // namespace llmgw
