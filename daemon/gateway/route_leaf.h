// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/routes/route_walk.h"
#include "daemon/gateway/ask_providers.h"
#include "daemon/gateway/route_target.h"

namespace llmgw {

/// A target of a route that a request asks: what it takes, and what has come of it. The walk and a
/// call that others may join hold it together.
struct LeafCall {
    std::shared_ptr<const RouteCall> route;
    std::shared_ptr<const Snapshot> snapshot;  ///< what `target` points into
    const RouteStep* step = nullptr;
    std::string model;
    std::shared_ptr<const InferenceCall> call;
    RouteTarget target;
    CallTerms terms;
    /// A good answer of these statuses is no answer: another target is asked after it.
    std::vector<int> passed_over;

    Asked asked;
    LeafStatuses statuses;  ///< how it went
    bool answered = false;  ///< the client has got an answer

    /// Counts a target that cannot even be asked as one that has failed.
    void refuse(Error error);
};

/// Asks it, again where its `retry` says so, and gives the client the answer, if there is one. What
/// has failed is in `leaf`. Sets Exchange::route_progress.
Task<void> ask_leaf(Exchange& exchange, std::shared_ptr<LeafCall> leaf);

/// Tells the client how the last target of a route has failed, as that target told it.
Task<void> answer_leaf_failure(Exchange& exchange, LeafCall& leaf);

}  // namespace llmgw
