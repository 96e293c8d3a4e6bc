// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/chat_session.h"
#include "cli/chat_signals.h"
#include "cli/globals.h"
#include "common/base/error.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

/// Holds a conversation with the person at the terminal until ^D, /quit or ^C twice; returns the
/// exit code. `cancel` is the one that `signals` fires.
[[nodiscard]] Result<int> run_interactive(const GlobalOptions& global, ChatSession& session,
                                          ChatSignals& signals, Cancel& cancel);

}  // namespace llmgw
