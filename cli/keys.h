// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// `llmgw keys`: the keys that clients of the gateway send. Each function is one verb, prints its
/// result and returns the exit code; a failure is for the caller to print.

struct KeysCreateOptions {
    std::string name;
    std::string expires;  ///< a duration, "30d"; empty: never
    std::string route;    ///< that its requests take; empty: the one they ask for
};
/// The secret is alone on stdout, this once.
[[nodiscard]] Result<int> run_keys_create(const GlobalOptions& global,
                                          const KeysCreateOptions& options);

[[nodiscard]] Result<int> run_keys_list(const GlobalOptions& global);

struct KeysUpdateOptions {
    std::string name;   ///< or id
    std::string route;  ///< the new one; empty: unchanged
    bool no_route = false;
};
[[nodiscard]] Result<int> run_keys_update(const GlobalOptions& global,
                                          const KeysUpdateOptions& options);

struct KeyName {
    std::string name;  ///< or id
    bool yes = false;  ///< revoke only
};
[[nodiscard]] Result<int> run_keys_show(const GlobalOptions& global, const KeyName& options);
[[nodiscard]] Result<int> run_keys_revoke(const GlobalOptions& global, const KeyName& options);

}  // namespace llmgw
