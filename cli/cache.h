// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// `llmgw cache`: the response cache. Each function is one verb, prints its result and returns the
/// exit code; a failure is for the caller to print. None needs a daemon: a running one uses the
/// change within a second.

struct CacheOnOptions {
    std::string ttl;  ///< a duration; empty: as it is set
};
[[nodiscard]] Result<int> run_cache_on(const GlobalOptions& global, const CacheOnOptions& options);
[[nodiscard]] Result<int> run_cache_off(const GlobalOptions& global);
[[nodiscard]] Result<int> run_cache_status(const GlobalOptions& global);

struct CacheClearOptions {
    std::string model;       ///< a pattern; empty: all
    std::string older_than;  ///< a duration, likewise
    std::string key;         ///< name or id of a gateway key, likewise
    bool yes = false;
};
[[nodiscard]] Result<int> run_cache_clear(const GlobalOptions& global,
                                          const CacheClearOptions& options);

}  // namespace llmgw
