// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <string_view>
#include <utility>
#include <vector>

#include "daemon/routing/decision.h"

namespace llmgw::test {

/// The defaults.
inline RoutingSettings routing_settings() {
    const auto settings = read_settings(std::vector<std::pair<std::string, std::string>>());
    REQUIRE(settings);
    return settings->routing;
}

/// The defaults, without chance.
inline RoutingSettings steady_settings() {
    RoutingSettings settings = routing_settings();
    settings.exploration_rate = 0;
    return settings;
}

inline CandidateFacts candidate(std::string_view provider, std::optional<double> price = {}) {
    CandidateFacts facts;
    facts.provider = provider;
    facts.model = "m";
    facts.key = provider;
    facts.price = price;
    return facts;
}

inline CandidateFacts with_uptime(CandidateFacts facts, double uptime) {
    facts.health.uptime = uptime;
    facts.health.calls = 100;
    return facts;
}

/// The keys of a ranking, best first.
inline std::vector<std::string_view> keys(const Ranking& ranking,
                                          const std::vector<CandidateFacts>& candidates) {
    std::vector<std::string_view> keys;
    for (const ScoredCandidate& scored : ranking.order) {
        keys.push_back(candidates.at(scored.index).key);
    }
    return keys;
}

}  // namespace llmgw::test
