// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/providers/chat_request.h"
#include "daemon/providers/request_object.h"

namespace llmgw {

/// Reads `messages`, and checks that every tool result answers a call and every call is answered,
/// which providers demand in words that tell a client less. Mistakes go to the shared error.
[[nodiscard]] std::vector<ChatMessage> read_chat_messages(RequestObject& body);

/// Whether `text` is one JSON object.
[[nodiscard]] bool is_json_object(const std::string& text);

}  // namespace llmgw
