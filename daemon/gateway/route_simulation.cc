// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/route_simulation.h"

#include <algorithm>

#include "common/catalog/catalog.h"
#include "daemon/gateway/route_price.h"
#include "daemon/gateway/usage.h"

namespace llmgw {

namespace {

// Its prices and abilities, unless it had none when it was logged: then it is a custom server, or
// is paid by other things than tokens.
const Mapping* mapping_of(const CandidateFacts& facts) {
    return facts.price ? catalog::find_at_provider(facts.provider, facts.model).mapping : nullptr;
}

// What a request would cost at a candidate that uses as many tokens as the one that answered.
std::optional<Money> cost_at(const CandidateFacts& facts, const LoggedCall& call) {
    if (call.usage_source == "unknown" || call.usage_source.empty()) {
        return std::nullopt;
    }
    Usage usage;
    usage.input = call.input;
    usage.cached_input = call.cached_input;
    usage.cache_write = call.cache_write;
    usage.output = call.output;
    usage.reasoning = call.reasoning;
    const auto cost = cost_of(usage, mapping_of(facts));
    return cost ? std::optional(cost->total) : std::nullopt;
}

void add_cost(SimulatedRequests& sums, const std::optional<Money>& before,
              const std::optional<Money>& after) {
    if (!before || !after) {
        sums.unknown_costs++;
        return;
    }
    sums.cost_before += *before;
    sums.cost_after += *after;
}

}  // namespace

void FigurePair::add(std::optional<double> was, std::optional<double> would_be) {
    if (was && would_be) {
        before += *was;
        after += *would_be;
        requests++;
    }
}

FigurePair& FigurePair::operator+=(const FigurePair& other) {
    before += other.before;
    after += other.after;
    requests += other.requests;
    return *this;
}

SimulatedRequests& SimulatedRequests::operator+=(const SimulatedRequests& other) {
    requests += other.requests;
    changed += other.changed;
    unanswered += other.unanswered;
    cost_before += other.cost_before;
    cost_after += other.cost_after;
    unknown_costs += other.unknown_costs;
    latency_ms += other.latency_ms;
    uptime += other.uptime;
    return *this;
}

// Brings what the settings in force left in a decision up to the tried ones.
void RouteSimulation::adapt(Decision& decision) const {
    RouteRequest& request = decision.request;
    if (request.strategy == in_force_.strategy) {
        request.strategy = tried_.strategy;
    }
    for (CandidateFacts& facts : decision.candidates) {
        if (const Mapping* const mapping = mapping_of(facts)) {
            facts.price = route_price(*mapping, request, tried_);
        }
        facts.priority = tried_.priority_of(facts.key, facts.provider);
        const bool out = facts.priority <= 0 && !(request.pinned && facts.named);
        if (out && facts.excluded == Exclusion::none) {
            facts.excluded = Exclusion::priority_zero;
        } else if (!out && facts.excluded == Exclusion::priority_zero) {
            facts.excluded = Exclusion::none;
        }
    }
}

void RouteSimulation::add(const LoggedCall& call, Decision& decision) {
    const CandidateFacts before = decision.candidates[decision.ranking.order.front().index];
    SimulatedRequests& sums =
        models_[std::string(before.model.empty() ? decision.model : before.model)];
    sums.requests++;
    adapt(decision);
    decision.ranking = rank(decision.candidates, decision.request, tried_);
    if (decision.ranking.order.empty()) {
        sums.unanswered++;
        return;
    }
    const CandidateFacts& after = decision.candidates[decision.ranking.order.front().index];
    sums.changed += after.provider == before.provider && after.region == before.region ? 0 : 1;
    add_cost(sums, cost_at(before, call), cost_at(after, call));
    sums.latency_ms.add(before.health.latency_ms, after.health.latency_ms);
    sums.uptime.add(before.health.uptime, after.health.uptime);
}

}  // namespace llmgw
