// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// Prints llmgw's version and what it is linked with.
[[nodiscard]] Result<int> run_version(const GlobalOptions& global);

}  // namespace llmgw
