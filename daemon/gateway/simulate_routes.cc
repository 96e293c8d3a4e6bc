// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/store/database.h"
#include "common/store/log_store.h"
#include "common/store/settings.h"
#include "common/store/store.h"
#include "daemon/gateway/route_simulation.h"

namespace llmgw {

namespace {

// As many rows are held at a time.
constexpr std::uint64_t kPage = 500;

// Settings of routing whose effect is in the log already, or comes after the choice.
constexpr std::array<std::string_view, 16> kNotSimulated = {
    "routing.decay.near",   "routing.decay.near_weight",   "routing.decay.older_weight",
    "routing.decay.recent", "routing.decay.recent_weight", "routing.fallback_statuses",
    "routing.max_retries",  "routing.rest.failing",        "routing.rest.failures",
    "routing.rest.max",     "routing.rest.rate_limit",     "routing.rest.refused",
    "routing.session.ttl",  "routing.stable.ttl",          "routing.unstable",
    "routing.window"};

Result<RouteSimulation> begin(const Home& home, const SettingList& given) {
    auto store = Store::open(home.database());
    if (!store) {
        return tl::unexpected(store.error());
    }
    const auto stored = (*store)->settings();
    if (!stored) {
        return tl::unexpected(stored.error());
    }
    const auto in_force = read_settings(*stored);
    if (!in_force) {
        return tl::unexpected(in_force.error());
    }
    const auto tried = read_settings(*stored, given);
    if (!tried) {
        return tl::unexpected(tried.error());
    }
    return RouteSimulation(in_force->routing, tried->routing);
}

Result<void> add_call(LogStore& log, const LoggedCall& call, RouteSimulation& simulation,
                      Simulation& result) {
    const auto json = log.decision(call.id);
    if (!json) {
        return tl::unexpected(json.error());
    }
    auto decision = json->empty() ? Result<Decision>(Decision()) : read_decision(*json);
    if (!decision || decision->ranking.order.empty()) {
        result.unrouted++;
        return {};
    }
    simulation.add(call, *decision);
    return {};
}

// Reads through the log, page by page.
Result<void> add_calls(LogStore& log, const SimulationQuery& query, RouteSimulation& simulation,
                       Simulation& result) {
    CallFilter filter;
    filter.since = query.since;
    filter.model = query.model;
    for (std::uint64_t read = 0;;) {
        // One more than is wanted, to know whether there are more.
        filter.limit = static_cast<std::int64_t>(std::min(kPage, query.limit + 1 - read));
        const auto calls = log.calls(filter);
        if (!calls) {
            return tl::unexpected(calls.error());
        }
        for (const LoggedCall& call : *calls) {
            if (read++ == query.limit) {
                result.limited = true;
                return {};
            }
            if (auto added = add_call(log, call, simulation, result); !added) {
                return added;
            }
        }
        if (calls->empty()) {
            return {};
        }
        filter.before = calls->back().id;
    }
}

}  // namespace

bool can_simulate(std::string_view setting) {
    return setting.starts_with("routing.") &&
           std::find(kNotSimulated.begin(), kNotSimulated.end(), setting) == kNotSimulated.end();
}

Result<Simulation> simulate_routes(const Home& home, const SimulationQuery& query) {
    auto simulation = begin(home, query.settings);
    if (!simulation) {
        return tl::unexpected(simulation.error());
    }
    Simulation result;
    if (::access(home.log_database().c_str(), F_OK) != 0) {
        return result;
    }
    const auto log = LogStore::open(home.log_database(), kLockWaitMs);
    if (!log) {
        return tl::unexpected(log.error());
    }
    if (auto added = add_calls(**log, query, *simulation, result); !added) {
        return tl::unexpected(added.error());
    }
    for (const auto& [model, sums] : simulation->models()) {
        result.models.emplace_back(model, sums);
        result.total += sums;
    }
    return result;
}

}  // namespace llmgw
