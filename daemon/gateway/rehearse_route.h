// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "common/base/error.h"
#include "common/portkey/proof.h"

namespace llmgw {

/// Takes requests through a route's document in this process, by the very code that the daemon
/// does it by: walk, retries, timeouts, statuses. Nothing is sent and nothing is waited for, and
/// each request finds a gateway that knows of no failures. The keys that the route names need not
/// be there. Errc::invalid_file for what is no route.
[[nodiscard]] Result<ProofRunner> rehearse_route(std::string_view document);

}  // namespace llmgw
