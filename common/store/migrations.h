// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/base/error.h"
#include "common/store/database.h"

namespace llmgw {

/// The schema that this llmgw makes and understands.
[[nodiscard]] int newest_schema();

/// Brings a database to the newest schema, one transaction a step; processes that start at the same
/// time wait for each other. Fails with Errc::invalid_file, having changed nothing, for one of a
/// newer llmgw or of another program.
[[nodiscard]] Result<void> migrate(Database& database);

}  // namespace llmgw
