// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// `llmgw usage`: requests, tokens, cost and times, summed up from the log.
struct UsageOptions {
    std::string by = "model";   ///< model, provider, key, day, route or portkey-header
    std::string since = "30d";  ///< a duration
};
[[nodiscard]] Result<int> run_usage(const GlobalOptions& global, const UsageOptions& options);

}  // namespace llmgw
