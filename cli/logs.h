// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cli/globals.h"
#include "common/base/error.h"
#include "common/store/log_store.h"

namespace llmgw {

/// `llmgw logs`: the log of requests. Each function is one verb, prints its result and returns the
/// exit code; a failure is for the caller to print. None needs a daemon.

struct LogsListOptions {
    std::int64_t limit = 20;
    std::string since;  ///< a duration, "1h"; empty: any time
    std::string model, provider, key;
    bool errors = false;
    bool follow = false;
};
[[nodiscard]] Result<int> run_logs_list(const GlobalOptions& global,
                                        const LogsListOptions& options);

struct LogId {
    std::string id;  ///< of the request, or of a row
};
[[nodiscard]] Result<int> run_logs_show(const GlobalOptions& global, const LogId& options);

struct LogsExportOptions {
    std::string since;
};
/// Every row, oldest first, as a line of JSON.
[[nodiscard]] Result<int> run_logs_export(const GlobalOptions& global,
                                          const LogsExportOptions& options);

struct LogsPruneOptions {
    std::string older_than;  ///< a duration; empty: logs.keep and logs.max_size
    bool yes = false;
};
[[nodiscard]] Result<int> run_logs_prune(const GlobalOptions& global,
                                         const LogsPruneOptions& options);

/// The log of this user; nullptr when nothing was ever logged. Makes nothing.
[[nodiscard]] Result<std::unique_ptr<LogStore>> open_existing_log();

/// The moment that lies so long ago; `duration` is checked by the parser already.
[[nodiscard]] std::int64_t time_ago(const std::string& duration);

}  // namespace llmgw
