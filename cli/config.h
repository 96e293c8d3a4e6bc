// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/globals.h"
#include "common/base/error.h"
#include "common/store/store.h"

namespace llmgw {

/// `llmgw config`: the settings. Each function is one verb, prints its result and returns the exit
/// code; a failure is for the caller to print.

struct ConfigListOptions {
    bool origin = false;  ///< also where each value comes from
};
[[nodiscard]] Result<int> run_config_list(const GlobalOptions& global,
                                          const ConfigListOptions& options);

struct SettingOptions {
    std::string name;
    std::string value;  ///< set only
};
[[nodiscard]] Result<int> run_config_get(const GlobalOptions& global,
                                         const SettingOptions& options);
[[nodiscard]] Result<int> run_config_set(const GlobalOptions& global,
                                         const SettingOptions& options);
[[nodiscard]] Result<int> run_config_unset(const GlobalOptions& global,
                                           const SettingOptions& options);

/// What `config set` checks before it stores anything.
[[nodiscard]] Result<void> check_new_setting(const GlobalOptions& global,
                                             const SettingOptions& setting, Store& store);

}  // namespace llmgw
