// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

/// A text as a name that llmgw takes, [a-z0-9][a-z0-9._-]{0,63}; `otherwise` when nothing is left
/// of it.
[[nodiscard]] std::string plan_name(std::string_view text, std::string_view otherwise);

/// "name-2": a name with something behind it, within the same bounds.
[[nodiscard]] std::string plan_name_with(std::string_view name, std::string_view suffix);

/// What tells a slug from others of its name: "1a2b3c" of "pc-produc-1a2b3c".
[[nodiscard]] std::string_view slug_tail(std::string_view slug);

}  // namespace llmgw
