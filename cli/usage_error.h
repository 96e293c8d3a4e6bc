// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/args.h"
#include "common/base/error.h"

namespace llmgw {

/// What was understood of a command line, and what was not.
struct UsageContext {
    std::vector<CommandInfo> tree;
    std::vector<std::string> path;      ///< the command that was recognised
    std::vector<std::string> leftover;  ///< the words that fit nowhere, in order
};

/// Why words could not be used, with the nearest command or flag. A word that may be a secret is
/// not repeated.
[[nodiscard]] Error unexpected_words(const UsageContext& context);

[[nodiscard]] Error missing_argument(const std::vector<std::string>& path, const std::string& name);
/// From CLI11's own message, which starts with the flag.
[[nodiscard]] Error missing_value(const std::vector<std::string>& path, std::string_view message);
[[nodiscard]] Error misplaced_flag(const std::vector<std::string>& path, const std::string& flag);

/// "llmgw providers add --help".
[[nodiscard]] std::string help_hint(const std::vector<std::string>& path);

/// "llmgw providers add".
[[nodiscard]] std::string command_line(const std::vector<std::string>& path);

/// Whether any command has a flag of this name ("-m", "--model") that takes a value.
[[nodiscard]] bool takes_value(const std::vector<CommandInfo>& tree, std::string_view flag);

}  // namespace llmgw
