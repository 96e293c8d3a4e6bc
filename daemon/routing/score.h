// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/store/settings.h"
#include "daemon/routing/exclusion.h"
#include "daemon/routing/health.h"

namespace llmgw {

/// What is known of one candidate when a request is routed. The views point into what the decision
/// keeps.
struct CandidateFacts {
    std::string_view provider;  ///< what answers call it
    std::string_view model;
    std::string_view key;     ///< the provider key's label
    std::string_view region;  ///< empty: none is known
    /// Nano-dollars for a million tokens, input and output weighed as the request's kind has it;
    /// none: unknown.
    std::optional<double> price;
    /// The client's model name means it. Others are asked only when the pinned one's uptime is low.
    bool named = true;
    bool caches_prompts = false;
    /// What it answered earlier in a session holds what only it can read (Gemini's thought
    /// signatures): the session stays, however it does.
    bool binds_sessions = false;
    double priority = 1;
    std::int64_t weight = 1;  ///< among the keys of its provider
    HealthFigures health;
    Exclusion excluded = Exclusion::none;
    std::int64_t rests_for_ms = 0;  ///< what is left of its rest

    bool operator==(const CandidateFacts&) const = default;
};

/// What routing has to know of a request.
struct RouteRequest {
    RoutingStrategy strategy = RoutingStrategy::automatic;
    bool streaming = false;
    bool makes_images = false;  ///< the model does
    bool pinned = false;        ///< the client named a provider
    bool no_fallback = false;   ///< no other provider than the first
    bool in_session = false;
    std::uint64_t prompt_tokens = 0;  ///< an estimate
    std::uint64_t seed = 0;           ///< of all that is left to chance
    /// The candidate (its place in the list) that this session used last; none: nobody.
    std::optional<std::size_t> session;
    /// A key of the provider that the model's requests keep to.
    std::optional<std::size_t> preferred;

    bool operator==(const RouteRequest&) const = default;
};

/// Whether prompts are so large that what a provider's cache saves matters, or become so.
[[nodiscard]] inline bool caching_matters(const RouteRequest& request,
                                          const RoutingSettings& settings) {
    return request.in_session ||
           request.prompt_tokens >= static_cast<std::uint64_t>(settings.large_prompt);
}

/// The share of each factor in a request's scores. They add up to 1, or are all 0: then the price
/// alone decides.
struct ScoreWeights {
    double price = 0, uptime = 0, throughput = 0, latency = 0, cache = 0;
};
[[nodiscard]] ScoreWeights score_weights(const RouteRequest& request,
                                         const RoutingSettings& settings);

/// Why the first one is the first.
enum class RouteReason : std::uint8_t {
    only_candidate,
    best_score,
    price_only,  ///< nothing is known of anyone's health, or nothing else has weight
    stable_preferred,
    session_sticky,
    random_exploration,
    pinned,
    low_uptime,   ///< the pinned provider's uptime is too low
    last_resort,  ///< all rest, and are asked all the same
};
[[nodiscard]] std::string_view reason_name(RouteReason reason);
[[nodiscard]] std::optional<RouteReason> read_reason(std::string_view name);

/// One candidate's score and its terms; lower is better. score = Σ weight·term + (1 - priority) +
/// penalty.
struct ScoredCandidate {
    std::size_t index = 0;  ///< its place in the list
    double score = 0;
    double price = 0, uptime = 0, throughput = 0, latency = 0, cache = 0;  ///< terms, unweighted
    double penalty = 0;
    bool further_key = false;  ///< another key of the same provider is asked before it

    bool operator==(const ScoredCandidate&) const = default;
};

/// The candidates that may be asked, in the order in which they are.
struct Ranking {
    std::vector<ScoredCandidate> order;
    RouteReason reason = RouteReason::only_candidate;

    bool operator==(const Ranking&) const = default;
};

/// Ranks candidates as LLM Gateway documents it. Pure: the same arguments give the same ranking.
/// Adjacent candidates of one provider and region are a pool of keys: one of them, chosen by
/// weight, stands for the pool, and the others come behind all pools. A candidate without a known
/// price counts as the most expensive one; when no price is known, all cost the same.
[[nodiscard]] Ranking rank(std::span<const CandidateFacts> candidates, const RouteRequest& request,
                           const RoutingSettings& settings);

}  // namespace llmgw
