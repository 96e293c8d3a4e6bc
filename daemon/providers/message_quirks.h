// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/providers/quirks.h"
#include "daemon/providers/splice.h"

namespace llmgw {

/// Adds to `edits` what the messages of a chat completion need at a provider with these quirks.
/// `messages` is the value of that field, a part of `body`.
void edit_messages(const Quirks& quirks, std::string_view body, std::string_view messages,
                   std::vector<TextEdit>& edits);

/// An id of a tool call as nine letters and digits: itself if it is that already, and otherwise
/// always the same ones for the same id, so that calls and results stay together.
[[nodiscard]] std::string short_tool_id(std::string_view id);

}  // namespace llmgw
