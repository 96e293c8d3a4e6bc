// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/providers/quirks.h"

namespace llmgw {

/// An answer, or one chunk of a stream, as clients of OpenAI's format understand it: thoughts
/// in `reasoning_content`, where most of them look, and `content` as one text. nullopt when nothing
/// is to be changed, which is so for every provider without such quirks.
[[nodiscard]] std::optional<std::string> mend_answer(const Quirks& quirks, std::string_view json);

}  // namespace llmgw
