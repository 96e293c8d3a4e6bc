// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/args.h"
#include "common/base/error.h"

namespace llmgw {

/// Refuses spellings that CLI11 takes for something else: `-m=x` would be the value "=x", and
/// `--model= x` would swallow x.
[[nodiscard]] Result<void> check_spelling(const std::vector<CommandInfo>& tree,
                                          const std::vector<std::string>& words);

/// Puts in the verb `list` where a noun stands alone or with flags only.
[[nodiscard]] std::vector<std::string> with_default_verb(const std::vector<CommandInfo>& tree,
                                                         std::vector<std::string> words);

}  // namespace llmgw
