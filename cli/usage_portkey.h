// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/globals.h"
#include "cli/usage.h"
#include "common/base/error.h"

namespace llmgw {

/// `llmgw usage --by portkey-header`: which clients still send which header of Portkey's.
[[nodiscard]] Result<int> run_portkey_usage(const GlobalOptions& global,
                                            const UsageOptions& options);

}  // namespace llmgw
