// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

struct CompletionOptions {
    std::string shell;  ///< bash, zsh, fish
};
/// Prints a shell's completion file, which the binary carries.
[[nodiscard]] Result<int> run_completion(const GlobalOptions& global,
                                         const CompletionOptions& options);

/// One thing that may stand at the cursor.
struct CompletionItem {
    std::string value;
    std::string description;
};

/// What may stand in place of the last of `words`, which are those after `llmgw`. Values that live
/// in the database come from there; without one, or when it cannot be read, they are left out.
[[nodiscard]] std::vector<CompletionItem> complete(const std::vector<std::string>& words);

/// `llmgw __complete WORDS…`: prints complete(), a line each, "value\tdescription". Never fails.
int run_complete(const std::vector<std::string>& words);

}  // namespace llmgw
