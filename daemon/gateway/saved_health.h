// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/gateway/core.h"

namespace llmgw {

/// Has a gateway log its requests from now on, and takes over the health of keys that the log has.
/// On the loop's thread, or before the loop runs.
void use_request_log(Core& core, RequestLog& log);

/// Hands what has changed in the health of keys to the log, if there is one. On the loop's thread,
/// or after the loop has run.
void save_health(Core& core);

}  // namespace llmgw
