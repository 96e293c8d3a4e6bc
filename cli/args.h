// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// A command ready to run. Returns the exit code; a failure is for the caller to print.
using Action = std::function<Result<int>()>;

/// Turns the words after the program's name into a command. `global` is filled in either case, so
/// that a usage error is printed the way the words ask for; it must outlive the action.
[[nodiscard]] Result<Action> parse_args(const std::vector<std::string>& words,
                                        GlobalOptions& global);

/// The command tree as data: help, completions and drift tests are made from it.
struct OptionInfo {
    std::string long_name;   ///< "--model"
    std::string short_name;  ///< "-m"; may be empty
    std::string value;       ///< what it takes: "MODEL", "text|json"; empty for a switch
    std::string help;
    bool repeatable = false;
};
struct PositionalInfo {
    std::string name;  ///< "PROVIDER"
    std::string help;
    bool required = false;
    bool repeatable = false;
};
struct CommandInfo {
    std::vector<std::string> path;  ///< {"providers", "add"}; empty for llmgw itself
    std::string help;
    bool hidden = false;
    std::vector<OptionInfo> options;  ///< of llmgw itself: the flags of every command
    std::vector<PositionalInfo> positionals;
};

/// All commands and verbs, each noun before its verbs; llmgw itself first.
[[nodiscard]] std::vector<CommandInfo> command_tree();

/// The command of that path, or nullptr. Points into `tree`.
[[nodiscard]] const CommandInfo* find_command(const std::vector<CommandInfo>& tree,
                                              const std::vector<std::string>& path);

/// The names directly below a path, without hidden ones: the verbs of a noun.
[[nodiscard]] std::vector<std::string> subcommands(const std::vector<CommandInfo>& tree,
                                                   const std::vector<std::string>& path);

}  // namespace llmgw
