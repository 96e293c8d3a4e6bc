// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/portkey/plan.h"
#include "common/portkey/plan_keys.h"

namespace llmgw {

/// A config that became a route, before the labels of its keys and its own name are settled.
struct RouteDraft {
    const ExportedConfig* config = nullptr;
    RouteNode root;
    /// Which of KeyPlanner's drafts is meant by a label of the tree.
    std::map<std::string, std::size_t> keys;
};

/// Converts the configs, and tells the key planner which keys they name. What cannot be used is in
/// the findings only.
[[nodiscard]] std::vector<RouteDraft> draft_routes(const std::vector<ExportedConfig>& configs,
                                                   const PortkeyReading& reading, KeyPlanner& keys,
                                                   std::vector<Finding>& findings);

/// Names the routes, and compares them with those that are there.
void plan_routes(const std::vector<RouteDraft>& drafts, const KeyPlanner& keys,
                 const ImportTarget& target, const std::string& name, ImportPlan& plan);

/// The routes' slugs as aliases, after plan_routes().
void plan_aliases(const ImportTarget& target, ImportPlan& plan);

/// Gateway keys for Portkey's API keys, after plan_routes().
void plan_client_keys(const PortkeyExports& exports, const ImportTarget& target, ImportPlan& plan);

}  // namespace llmgw
