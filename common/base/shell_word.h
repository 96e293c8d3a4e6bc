// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

/// A word of a command that is shown to be copied: in quotes when a shell would change it.
[[nodiscard]] std::string shell_word(std::string_view word);

}  // namespace llmgw
