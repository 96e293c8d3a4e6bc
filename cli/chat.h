// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// `llmgw chat` as it was typed. Files are not opened and models not looked up yet.
struct ChatOptions {
    std::vector<std::string> prompt;         ///< the words after the flags; "-" stands for stdin
    std::string model;                       ///< -m, else LLMGW_MODEL (not with -c); or empty
    std::string system;                      ///< -s
    std::vector<std::string> files;          ///< -f, repeatable; "-" is stdin
    std::vector<std::string> images;         ///< --image, repeatable
    bool continue_last = false;              ///< -c
    std::optional<double> temperature;       ///< -t, 0 or more
    std::optional<std::int64_t> max_tokens;  ///< at least 1
    std::string schema_file;                 ///< --schema; empty: none
    bool no_stream = false;
    bool usage = false;    ///< -u
    bool extract = false;  ///< -x: only the first fenced code block
    bool jsonl = false;    ///< one JSON event a line; never together with GlobalOptions::json
    bool dry_run = false;
    std::string url;  ///< --url, else LLMGW_URL; empty: the gateway runs in this process
    std::vector<std::pair<std::string, std::string>> options;  ///< -o KEY=VALUE, in order
};

/// Sends a prompt, or holds a conversation when there is none and stdin is a terminal. Prints the
/// answer; returns the exit code. A failure is for the caller to print.
[[nodiscard]] Result<int> run_chat(const GlobalOptions& global, const ChatOptions& options);

}  // namespace llmgw
