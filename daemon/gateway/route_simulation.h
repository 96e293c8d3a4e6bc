// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "common/store/log_store.h"
#include "common/store/settings.h"
#include "daemon/gateway/route_questions.h"

namespace llmgw {

/// Routes logged requests again, each as if it came alone: what it would have changed for those
/// behind it (health, sessions) is left as it was.
class RouteSimulation {
  public:
    /// `in_force`: the settings without those that are tried. They only tell which requests said
    /// themselves what is to decide.
    RouteSimulation(const RoutingSettings& in_force, const RoutingSettings& tried)
        : in_force_(in_force), tried_(tried) {}

    /// A request and its decision, which gets the tried settings' ranking.
    void add(const LoggedCall& call, Decision& decision);

    [[nodiscard]] const std::map<std::string, SimulatedRequests>& models() const { return models_; }

  private:
    void adapt(Decision& decision) const;

    RoutingSettings in_force_, tried_;
    std::map<std::string, SimulatedRequests> models_;
};

}  // namespace llmgw
