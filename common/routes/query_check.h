// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/routes/document.h"

namespace llmgw {

/// Notes what could not be evaluated, whatever a request holds, names that are there twice, and
/// numbers out of range.
void check_query(const DocumentValue& query);

}  // namespace llmgw
