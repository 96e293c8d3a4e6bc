// SPDX-License-Identifier: Apache-2.0
#include "cli/route_json.h"

#include <vector>

#include "cli/route_table.h"
#include "common/base/json_io.h"

namespace llmgw {
namespace {

constexpr double kNano = 1e9;

Json text_or_null(std::string_view text) {
    return text.empty() ? Json() : Json(std::string(text));
}

Json number_or_null(const std::optional<double>& value, double unit = 1) {
    return value ? Json(*value / unit) : Json();
}

Json who_json(const CandidateFacts& facts) {
    return {{"provider", std::string(facts.provider)},
            {"model", std::string(facts.model)},
            {"key", text_or_null(facts.key)},
            {"region", text_or_null(facts.region)}};
}

Json request_json(const RouteExplanation& explanation) {
    const RouteRequest& request = explanation.decision.request;
    Json needs = Json::array();
    for (const std::string_view need : explanation.needs) {
        needs.push_back(std::string(need));
    }
    return {{"strategy", std::string(strategy_name(request.strategy))},
            {"streaming", request.streaming},
            {"pinned", request.pinned},
            {"in_session", request.in_session},
            {"prompt_tokens", request.prompt_tokens},
            {"needs", std::move(needs)}};
}

Json weights_json(const ScoreWeights& weights) {
    return {{"price", weights.price},
            {"uptime", weights.uptime},
            {"throughput", weights.throughput},
            {"latency", weights.latency},
            {"cache", weights.cache}};
}

Json terms_json(const ScoreTerms& terms) {
    return {{"price", terms.price},     {"uptime", terms.uptime}, {"throughput", terms.throughput},
            {"latency", terms.latency}, {"cache", terms.cache},   {"priority", terms.priority},
            {"penalty", terms.penalty}};
}

Json raw_terms_json(const ScoredCandidate& scored) {
    return {{"price", scored.price},
            {"uptime", scored.uptime},
            {"throughput", scored.throughput},
            {"latency", scored.latency},
            {"cache", scored.cache}};
}

// All candidates have the same members. `scored`: nullptr for one that is excluded.
Json candidate_json(const RouteExplanation& explanation, const CandidateFacts& facts,
                    const ScoredCandidate* scored) {
    Json json = who_json(facts);
    json["score"] = scored != nullptr ? Json(scored->score) : Json();
    json["price"] = number_or_null(facts.price, kNano);
    json["uptime"] = number_or_null(facts.health.uptime);
    json["latency_ms"] = number_or_null(facts.health.latency_ms);
    json["throughput"] = number_or_null(facts.health.throughput);
    json["calls"] = facts.health.calls;
    json["priority"] = facts.priority;
    json["weight"] = facts.weight;
    json["further_key"] = scored != nullptr && scored->further_key;
    json["terms"] =
        scored == nullptr ? Json() : terms_json(score_terms(*scored, facts, explanation.weights));
    json["raw_terms"] = scored == nullptr ? Json() : raw_terms_json(*scored);
    const bool other = facts.excluded == Exclusion::none;
    json["excluded"] = scored != nullptr ? Json()
                       : other           ? Json("not_named")
                                         : Json(std::string(exclusion_name(facts.excluded)));
    json["excluded_reason"] =
        scored != nullptr ? Json() : Json(exclusion_text(facts, explanation.rests));
    json["rests_for_ms"] = facts.rests_for_ms > 0 ? Json(facts.rests_for_ms) : Json();
    return json;
}

// In the order in which they are asked, then those that are not.
Json candidates_json(const RouteExplanation& explanation) {
    const Decision& decision = explanation.decision;
    Json list = Json::array();
    std::vector<bool> ranked(decision.candidates.size());
    for (const ScoredCandidate& scored : decision.ranking.order) {
        ranked[scored.index] = true;
        list.push_back(candidate_json(explanation, decision.candidates[scored.index], &scored));
    }
    for (std::size_t i = 0; i < ranked.size(); i++) {
        if (!ranked[i]) {
            list.push_back(candidate_json(explanation, decision.candidates[i], nullptr));
        }
    }
    return list;
}

Json targets_json(const RouteExplanation& explanation) {
    Json targets = Json::array();
    for (const RouteStop& stop : explanation.stops) {
        targets.push_back({{"target", stop.target},
                           {"name", text_or_null(stop.name)},
                           {"asks", text_or_null(stop.asks)},
                           {"model", text_or_null(stop.model)},
                           {"problem", text_or_null(stop.problem)}});
    }
    return targets;
}

}  // namespace

std::string explanation_json(const RouteExplanation& explanation) {
    const Decision& decision = explanation.decision;
    const auto& order = decision.ranking.order;
    Json document = {
        {"model", decision.model},
        {"winner", order.empty() ? Json() : who_json(decision.candidates[order.front().index])},
        {"reason",
         order.empty() ? Json() : Json(std::string(reason_name(decision.ranking.reason)))},
        {"request", request_json(explanation)},
        {"weights", weights_json(explanation.weights)},
        {"exploration_rate", explanation.exploration_rate},
        {"candidates", candidates_json(explanation)}};
    document["route"] = explanation.stops.empty() ? Json() : Json(decision.route);
    document["targets"] = targets_json(explanation);
    return print_json(document, 2) + "\n";
}

}  // namespace llmgw
