// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/chat.h"
#include "cli/chat_conversation.h"
#include "common/base/error.h"

namespace llmgw {

/// The body of the chat completion that asks for the conversation's next turn. `schema` is JSON
/// text, empty for none. Fails with Errc::usage for an -o that another flag owns.
[[nodiscard]] Result<std::string> request_body(const ChatOptions& options,
                                               const Conversation& conversation,
                                               const std::string& schema);

}  // namespace llmgw
