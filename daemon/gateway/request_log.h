// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "common/store/log_store.h"
#include "daemon/routing/score.h"

namespace llmgw {

/// The log's writer: takes rows from the loop's thread without ever making it wait, and writes them
/// in batches on a thread of its own. What cannot be written (a full disk, a locked or damaged
/// file) is dropped and counted, never an error of a request.
class RequestLog {
  public:
    /// The decision is turned into text on the writer's thread.
    void add(LoggedCall call, std::shared_ptr<const Decision> decision);
};

}  // namespace llmgw
