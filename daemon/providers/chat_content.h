// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "daemon/providers/chat_request.h"
#include "daemon/providers/request_object.h"

namespace llmgw {

/// Reads a message's `content`, a string or an array of parts. Mistakes go to the shared error.
[[nodiscard]] std::vector<ContentPart> read_content(RequestObject& message);

}  // namespace llmgw
