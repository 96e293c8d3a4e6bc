// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/store/settings.h"
#include "daemon/routing/health.h"

namespace llmgw {

/// Why a provider cannot answer a request, or is not asked.
enum class Exclusion : std::uint8_t {
    none,
    disabled,          // by the user
    unusable,          // its secret or address is not usable
    unsupported_wire,  // a format that this version cannot send
    no_key,            // the catalog's provider has no key here
    deactivated,       // no longer offered
    unstable,          // marked so in the catalog
    priority_zero,     // by the user
    no_vision,
    no_tools,
    no_json_schema,
    no_reasoning,
    no_audio,
    no_documents,
    no_streaming,
    context_too_small,
    other_region,
    rate_limited,  // rests: the provider asked for it
    refused,       // rests: the key was not taken
    failing,       // rests: it failed too often
    other_key,     // another key of the same provider is asked first
};
/// One sentence about it, without a subject: "does not take images".
[[nodiscard]] std::string_view describe(Exclusion exclusion);
[[nodiscard]] std::string_view exclusion_name(Exclusion exclusion);
[[nodiscard]] Exclusion read_exclusion(std::string_view name);

/// What is known of one candidate when a request is routed. The views point into whatever
/// Decision::owner keeps.
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
    bool makes_images = false;
    double priority = 1;
    std::int64_t weight = 1;  ///< among the keys of its provider
    HealthFigures health;
    Exclusion excluded = Exclusion::none;
};

/// What routing has to know of a request.
struct RouteRequest {
    RoutingStrategy strategy = RoutingStrategy::automatic;
    bool streaming = false;
    std::uint64_t prompt_tokens = 0;  ///< an estimate
    std::uint64_t seed = 0;
    /// The candidate (its place in the list) that this session or model used last; none: nobody.
    std::optional<std::size_t> session;
    std::optional<std::size_t> preferred;
    bool pinned = false;  ///< the client named a provider
};

/// Why the first one is the first.
enum class RouteReason : std::uint8_t {
    only_candidate,
    best_score,
    price_only,  ///< nothing is known of anyone's health, and there is no weight but the price's
    stable_preferred,
    session_sticky,
    random_exploration,
    pinned,
    low_uptime,  ///< the pinned provider's uptime is too low
};
[[nodiscard]] std::string_view reason_name(RouteReason reason);

/// One candidate's score and its terms; lower is better. score = Σ weight·term + (1 - priority) +
/// penalty, with the weights normalised to 1.
struct ScoredCandidate {
    std::size_t index = 0;  ///< its place in the list
    double score = 0;
    double price = 0, uptime = 0, throughput = 0, latency = 0, cache = 0;  ///< unweighted
    double penalty = 0;
};

/// The candidates that are not excluded, best first.
struct Ranking {
    std::vector<ScoredCandidate> order;
    RouteReason reason = RouteReason::only_candidate;
};

/// Ranks candidates as LLM Gateway documents it. Pure: the same arguments give the same ranking.
[[nodiscard]] Ranking rank(std::span<const CandidateFacts> candidates, const RouteRequest& request,
                           const RoutingSettings& settings);

/// A routing decision, as it is logged and explained: what rank() was given, and what it said.
struct Decision {
    std::string model;  ///< as the client named it
    RouteRequest request;
    std::vector<CandidateFacts> candidates;  ///< excluded ones too
    Ranking ranking;
    std::shared_ptr<const void> owner;  ///< of what the candidates' views point into
};

/// A decision as a JSON document, and back; reading gives exactly what rank() had been given, so
/// that it can be ranked again.
[[nodiscard]] std::string decision_json(const Decision& decision);
[[nodiscard]] Result<Decision> read_decision(std::string_view json);

}  // namespace llmgw
