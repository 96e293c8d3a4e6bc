// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "daemon/providers/chat_request.h"

namespace llmgw {

/// The address of an image or file: its own, or its bytes as a data URL (RFC 2397).
[[nodiscard]] std::string part_url(const ContentPart& part);

[[nodiscard]] bool is_text(const ContentPart& part);

/// The texts of a message's parts, one after the other.
[[nodiscard]] std::string joined_text(const ChatMessage& message);

/// The error for a request that a provider's format cannot express. `param` names the field.
[[nodiscard]] tl::unexpected<Error> cannot_express(std::string message, std::string param);

/// "messages[3].content[0]"
[[nodiscard]] std::string part_path(std::size_t message, std::size_t part);

}  // namespace llmgw
