// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/routes/document.h"

namespace llmgw {

/// A condition of a dynamic route (`field`, `op`, `value`) as a query that holds for the same
/// requests. Mistakes are noted in the document.
[[nodiscard]] std::string dynamic_query(const DocumentObject& condition);

}  // namespace llmgw
