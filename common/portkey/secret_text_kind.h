// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

/// What stands where a key is expected, in files that people and admin APIs write.
enum class SecretTextKind {
    none,         // nothing
    secret,       // a key
    variable,     // the name of a variable: "$OPENAI_API_KEY", "process.env.OPENAI_API_KEY"
    placeholder,  // something to be replaced: "sk-*****abcd", "<your key>", "var.openai_key"
};

[[nodiscard]] SecretTextKind secret_text_kind(std::string_view text);

/// The name of the variable of SecretTextKind::variable; otherwise empty.
[[nodiscard]] std::string secret_variable(std::string_view text);

}  // namespace llmgw
