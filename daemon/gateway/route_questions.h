// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `llmgw routes` asks of the gateway, for gateway.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/home.h"
#include "common/base/money.h"
#include "common/store/log_store.h"
#include "daemon/routing/decision.h"

namespace llmgw {

/// A request that is to be explained instead of made.
struct RouteQuestion {
    std::string model;     ///< empty: the request's own
    std::string request;   ///< its body; empty: a short one that is not streamed
    std::string metadata;  ///< what `x-llmgw-metadata` would say; empty: nothing
};

/// A target of a route, in the order in which they would be asked if each of them failed.
struct RouteStop {
    std::string target;  ///< "targets[1].targets[0]"; empty: the route itself
    std::string name;
    std::string asks;  ///< "@LABEL", a provider; empty: whoever serves the model
    std::string model;
    std::string problem;  ///< why it cannot be asked; empty: it can
};

/// Whom a request would go to, and why.
struct RouteExplanation {
    Decision decision;  ///< with nobody in its ranking when nobody may be asked
    ScoreWeights weights;
    std::vector<std::string_view> needs;  ///< of the request: "images", "tools"…
    std::vector<RestRow> rests;           ///< of all keys
    double exploration_rate = 0;          ///< the part of requests that chance sends elsewhere
    std::string health_problem;           ///< why the health of keys is not known; empty: it is
    /// When it takes a route; the decision is then that of the first target that leaves it to
    /// llmgw, if that is the first of all, and has the choices that lead there.
    std::vector<RouteStop> stops;
};

/// Decides like a request does, by the set-up and by the health that was saved last, but nothing is
/// left to chance that the set-up leaves to it. What only a running daemon knows (which provider a
/// session or a model keeps to) does not count. Errors are those of a request; a request that
/// cannot be read is Errc::invalid_file.
[[nodiscard]] Result<RouteExplanation> explain_route(const Home& home,
                                                     const RouteQuestion& question);

using SettingList = std::vector<std::pair<std::string, std::string>>;

/// Logged requests, and the settings that they are to be routed by.
struct SimulationQuery {
    std::int64_t since = 0;  ///< Unix milliseconds
    std::string model;       ///< a pattern; empty: all
    std::uint64_t limit = 0;
    SettingList settings;  ///< checked; they win over those in force
};

/// A figure of those who were asked and of those who would be, added up over the requests for which
/// both are known.
struct FigurePair {
    double before = 0, after = 0;
    std::uint64_t requests = 0;

    void add(std::optional<double> was, std::optional<double> would_be);
    FigurePair& operator+=(const FigurePair& other);
};

/// Requests under the settings that they were routed by and under others.
struct SimulatedRequests {
    std::uint64_t requests = 0;
    std::uint64_t changed = 0;     ///< another provider would be asked first
    std::uint64_t unanswered = 0;  ///< nobody would be asked
    /// By today's prices, of the requests for which both are known.
    Money cost_before, cost_after;
    std::uint64_t unknown_costs = 0;
    FigurePair latency_ms;  ///< of a stream, to the first content
    FigurePair uptime;      ///< percent

    SimulatedRequests& operator+=(const SimulatedRequests& other);
};

struct Simulation {
    std::vector<std::pair<std::string, SimulatedRequests>> models;  ///< by name
    SimulatedRequests total;
    std::uint64_t unrouted = 0;  ///< logged requests that no provider was chosen for
    bool limited = false;        ///< there are older ones, too
};

/// Routes logged requests again, the newest first. Reads one request at a time.
[[nodiscard]] Result<Simulation> simulate_routes(const Home& home, const SimulationQuery& query);

/// Whether a setting takes part in what can be simulated: the log has the health of keys, their
/// rests and what sessions kept to as they were.
[[nodiscard]] bool can_simulate(std::string_view setting);

}  // namespace llmgw
