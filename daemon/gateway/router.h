// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "daemon/gateway/offers.h"
#include "daemon/gateway/request_needs.h"
#include "daemon/gateway/snapshot.h"
#include "daemon/routing/decision.h"
#include "daemon/routing/health_table.h"
#include "daemon/routing/pins.h"

namespace llmgw {

/// What a request says about its routing.
struct RouteQuery {
    std::string_view model;    ///< as the client named it
    std::string_view session;  ///< empty: it belongs to none
    std::optional<RoutingStrategy> strategy;
    RequestNeeds needs;
    bool no_fallback = false;  ///< `x-no-fallback`
    std::uint64_t seed = 0;    ///< random
};

/// Whom to ask, in this order, and why. Points into the offers that it was made from.
struct Plan {
    std::vector<const Candidate*> order;  ///< at least one
    std::size_t max_attempts = 1;         ///< how many of them may be asked
    std::int64_t made_at = 0;
    std::shared_ptr<const Decision> decision;
    std::uint64_t session = 0;  ///< a hash; 0: it belongs to none
    bool last_resort = false;   ///< all rest, and are asked all the same
};

/// A call to a candidate of a plan.
struct Turn {
    const Candidate* candidate = nullptr;
    std::uint64_t session = 0;
    CallInFlight call;
};

/// Chooses between providers, and keeps in mind how they do: the health of every key, which one a
/// model or a session used last. Times are Unix milliseconds. Only for the loop's thread.
class Router {
  public:
    explicit Router(std::shared_ptr<const Snapshot> snapshot);

    /// Errors: Errc::overloaded (503) with the shortest wait when all keys rest, naming why.
    [[nodiscard]] Result<Plan> plan(const std::shared_ptr<const Snapshot>& snapshot,
                                    const Offers& offers, const RouteQuery& query,
                                    std::int64_t now);

    /// The same without keeping anything of it, and without an error: when nobody may be asked, the
    /// ranking is empty.
    [[nodiscard]] std::shared_ptr<Decision> decide(const std::shared_ptr<const Snapshot>& snapshot,
                                                   const Offers& offers, const RouteQuery& query,
                                                   std::int64_t now);

    /// Whether a candidate of a plan may be asked at this moment: other requests may have made it
    /// rest, or be probing it. Whatever becomes of the call, it must be reported: it may be the one
    /// that decides whether a key works again.
    [[nodiscard]] std::optional<Turn> begin(const Plan& plan, const Candidate& candidate,
                                            std::int64_t now);
    /// A call that is made although its key may rest: a route says whom it asks.
    [[nodiscard]] Turn begin_anyway(const std::shared_ptr<const Snapshot>& snapshot,
                                    const Candidate& candidate, std::int64_t now);
    /// Whether a key is to be left alone at this moment, if it can be helped.
    [[nodiscard]] bool rests(const Candidate& candidate, std::int64_t now);
    /// The first content of its answer is there. Optional, but a long stream that probes a key
    /// keeps others from it until then.
    void answering(Turn& turn);
    void report(const Turn& turn, const CallReport& report, std::int64_t now);

    /// Why none of the candidates may be asked now.
    [[nodiscard]] Error all_resting(const Offers& offers, std::int64_t now);

    /// Takes over what was saved, but no rest of a key that was renewed since it began.
    void restore(const SavedHealth& saved, std::int64_t now,
                 RefusedKeys refused = RefusedKeys::probe);
    /// For saving.
    [[nodiscard]] HealthTable& health() { return health_; }

  private:
    void use(const std::shared_ptr<const Snapshot>& snapshot);
    [[nodiscard]] CandidateFacts facts(const Candidate& candidate, bool pinned,
                                       const RouteRequest& request, std::int64_t now);
    void add_standing(CandidateFacts& facts, KeyModel name, std::int64_t now);
    void order_attempts(Plan& plan, const Decision& decision, const Offers& offers) const;
    [[nodiscard]] static std::uint64_t session_of(const RouteQuery& query, const Offers& offers);
    void find_pins(Decision& decision, std::uint64_t session, std::int64_t now);
    void keep_pins(const Decision& decision, std::uint64_t session, std::int64_t now);
    [[nodiscard]] static std::uint64_t preference_key(const Decision& decision);

    std::shared_ptr<const Snapshot> snapshot_;  // whose settings hold
    HealthTable health_;
    Pins sessions_;
    Pins preferences_;
};

}  // namespace llmgw
