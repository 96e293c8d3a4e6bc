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

/// Marks the words that CLI11 must take as they are: those behind `--`, which goes; "++", where it
/// would end the command; and "[a,b]", which it would split.
[[nodiscard]] std::vector<std::string> protect(const std::vector<CommandInfo>& tree,
                                               std::vector<std::string> words);

/// A word as it was typed.
[[nodiscard]] std::string unprotected(std::string word);

}  // namespace llmgw
