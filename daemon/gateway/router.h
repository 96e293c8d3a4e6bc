// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "daemon/gateway/request_needs.h"
#include "daemon/gateway/resolve.h"
#include "daemon/routing/health.h"
#include "daemon/routing/score.h"

namespace llmgw {

/// What a request says about its routing.
struct RouteQuery {
    std::string_view model;    ///< as the client named it
    std::string_view session;  ///< empty: it belongs to none
    std::optional<RoutingStrategy> strategy;
    RequestNeeds needs;
    bool no_fallback = false;  ///< `x-no-fallback`
};

/// Whom to ask, in this order, and why.
struct Plan {
    std::vector<Candidate> order;  ///< at least one
    std::shared_ptr<const Decision> decision;
};

/// Chooses between providers, and keeps in mind how they do: the health of every key, which one a
/// model or a session used last. Only for the loop's thread.
class Router {
  public:
    /// Errors: Errc::unavailable (503) with the shortest wait when all keys rest, naming why.
    [[nodiscard]] Result<Plan> plan(const std::shared_ptr<const Snapshot>& snapshot,
                                    const Offers& offers, const RouteQuery& query,
                                    std::uint64_t seed, std::int64_t now);

    /// Whether a candidate of a plan may be asked at this moment. The request that is given the one
    /// probe of a key must report() about it, whatever happens.
    [[nodiscard]] bool begin(const Candidate& candidate, const RoutingSettings& settings,
                             std::int64_t now);
    void report(const Candidate& candidate, const CallReport& report,
                const RoutingSettings& settings, std::int64_t now);
};

}  // namespace llmgw
