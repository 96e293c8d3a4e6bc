// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/gateway/resolve.h"
#include "daemon/gateway/route_call.h"
#include "daemon/gateway/route_questions.h"
#include "daemon/gateway/router.h"

namespace llmgw {

/// The request whose way is asked about.
struct WayQuestion {
    const RouteQuery& query;
    const InferenceCall* call;    ///< nullptr: one with nothing but a model
    const std::string& metadata;  ///< a JSON object; empty: none
    std::int64_t now;
};

/// A request's way through a route.
struct Way {
    std::vector<RouteStop> stops;
    std::vector<RouteChoice> choices;  ///< that lead to the first of them
    Offers offers;                     ///< of the first one, if llmgw's router chooses for it
};

/// Chance is left out: of targets that are drawn by weight the first one with a weight counts.
/// Errors are those of a request: a route that leads nowhere; Errc::invalid_file when the metadata
/// is no JSON object.
[[nodiscard]] Result<Way> explain_way(const Snapshot& snapshot, const RouteCall& route,
                                      const WayQuestion& question);

}  // namespace llmgw
