// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/routes/route_walk.h"
#include "daemon/routing/score.h"

namespace llmgw {

/// A routing decision, as it is logged and explained: what rank() was given, and what it said.
struct Decision {
    std::string model;  ///< as the client named it
    RouteRequest request;
    std::vector<CandidateFacts> candidates;  ///< excluded ones too
    Ranking ranking;
    std::string route;                  ///< that the request took; its choice of targets:
    std::vector<RouteChoice> choices;   ///< none: it took none
    std::shared_ptr<const void> owner;  ///< of what the candidates' views point into
};

/// A decision as a JSON document, and back. Numbers come back exactly as they were, so that rank()
/// gives the logged ranking again. Reading fails with Errc::invalid_file.
[[nodiscard]] std::string decision_json(const Decision& decision);
[[nodiscard]] Result<Decision> read_decision(std::string_view json);

}  // namespace llmgw
