// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/args.h"
#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// What `llmgw` and `llmgw help` print.
[[nodiscard]] std::string top_help();

/// What `llmgw COMMAND --help` prints.
[[nodiscard]] std::string command_help(const std::vector<CommandInfo>& tree,
                                       const std::vector<std::string>& path);

/// `llmgw help [COMMAND…]`. Errc::usage with the nearest names for a command that does not exist.
[[nodiscard]] Result<int> run_help(const std::vector<std::string>& path);

/// `llmgw __options --json`: the command tree as JSON, for the tests that compare it with the man
/// pages and the completions.
[[nodiscard]] Result<int> run_options_dump();

}  // namespace llmgw
