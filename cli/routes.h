// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// `llmgw routes`: whom requests go to, and why. Each function is one verb, prints its result and
/// returns the exit code; a failure is for the caller to print. None needs a daemon.

struct RoutesExplainOptions {
    std::string model;         ///< empty: the request's
    std::string request_file;  ///< "-": stdin; empty: none
};
[[nodiscard]] Result<int> run_routes_explain(const GlobalOptions& global,
                                             const RoutesExplainOptions& options);

struct RoutesSimulateOptions {
    std::string since = "7d";  ///< a duration
    std::string model;         ///< a pattern; empty: all
    std::vector<std::pair<std::string, std::string>> settings;
    std::int64_t limit = 100'000;
};
[[nodiscard]] Result<int> run_routes_simulate(const GlobalOptions& global,
                                              const RoutesSimulateOptions& options);

}  // namespace llmgw
