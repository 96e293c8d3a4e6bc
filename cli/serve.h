// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/globals.h"
#include "common/base/error.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

/// Runs the daemon in the foreground until it is told to stop.
[[nodiscard]] Result<int> run_serve(const GlobalOptions& global, const ServeOptions& options);

/// What the daemon of this home is doing. Errc::daemon_unreachable when there is none.
[[nodiscard]] Result<int> run_serve_status(const GlobalOptions& global);

struct ServeStopOptions {
    bool now = false;  ///< cut live requests off instead of letting them finish
};
/// Tells the daemon to stop and waits until it is gone.
[[nodiscard]] Result<int> run_serve_stop(const GlobalOptions& global,
                                         const ServeStopOptions& options);

}  // namespace llmgw
