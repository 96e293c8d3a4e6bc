// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_writer.h"
#include "daemon/providers/chat_request.h"

namespace llmgw {

/// A content block of a Messages request: a JSON object, and the cache breakpoint it carries.
struct AnthropicBlock {
    std::string json;
    std::string cache_control;  ///< JSON object; empty: none
};

struct AnthropicTurn {
    bool assistant = false;
    std::vector<AnthropicBlock> blocks;
};

/// A conversation in Anthropic's form: instructions apart, and turns of user and assistant in
/// alternation, the user's first.
struct AnthropicConversation {
    std::vector<AnthropicBlock> system;
    std::vector<AnthropicTurn> turns;
};

[[nodiscard]] Result<AnthropicConversation> anthropic_conversation(const ChatRequest& request);

/// Whether a thought was Claude's, so that it can and must be given back to it.
[[nodiscard]] bool is_anthropic_thought(const ReasoningDetail& detail);

}  // namespace llmgw
