// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"
#include "common/store/settings.h"
#include "common/store/store.h"

namespace llmgw {

/// Checks the NAME of a setting such as `timeouts.idle.NAME` against the catalog and the provider
/// keys there are; the error names the nearest. A key's own label in front of a model may send any
/// name: one that the catalog does not know there is only warned of.
[[nodiscard]] Result<void> check_setting_target(const GlobalOptions& global,
                                                const SettingInfo& info, std::string_view target,
                                                Store& store);

/// What the NAME may be, by what is typed of it so far.
[[nodiscard]] std::vector<std::string> setting_targets(const SettingInfo& info,
                                                       std::string_view typed, Store& store);

}  // namespace llmgw
