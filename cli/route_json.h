// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/gateway/gateway.h"

namespace llmgw {

/// `routes explain --json`.
[[nodiscard]] std::string explanation_json(const RouteExplanation& explanation);

}  // namespace llmgw
