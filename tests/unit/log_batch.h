// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "common/store/log_store.h"

namespace llmgw::test {

inline CallBatch batch_of(std::span<const LoggedCall> calls) {
    CallBatch batch;
    for (const LoggedCall& call : calls) {
        batch.add(view_of(call));
    }
    return batch;
}

/// Adds calls to a log, none with a decision.
[[nodiscard]] inline Result<void> append(LogStore& log, std::span<const LoggedCall> calls) {
    return log.append(batch_of(calls), {});
}
[[nodiscard]] inline Result<void> append(LogStore& log, const std::vector<LoggedCall>& calls) {
    return append(log, std::span<const LoggedCall>(calls));
}

}  // namespace llmgw::test
