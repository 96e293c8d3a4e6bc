// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

/// Whether a value stands for a secret without being one: a variable, "YOUR_API_KEY", "<key>",
/// "xxx", "dummy".
[[nodiscard]] bool is_placeholder(std::string_view value);

/// Whether a line of a file, of whatever language, shows a secret: a well-known kind of key, a
/// literal behind a name like "api_key", a token behind "Bearer".
[[nodiscard]] bool shows_secret(std::string_view line);

/// The line with "…" in place of its secrets.
[[nodiscard]] std::string without_secrets(std::string_view line);

}  // namespace llmgw
