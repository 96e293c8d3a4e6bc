// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/routes/document.h"

namespace llmgw {

/// Notes what the evaluator of conditions could not make sense of: operators that it does not
/// know, lists that are none.
void check_query(const DocumentValue& query);

}  // namespace llmgw
