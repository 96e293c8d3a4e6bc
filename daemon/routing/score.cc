// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/score.h"

#include <algorithm>
#include <array>
#include <limits>

namespace llmgw {

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 9> kReasons = {
    "only_candidate",     "best_score", "price_only", "stable_preferred", "session_sticky",
    "random_exploration", "pinned",     "low_uptime", "last_resort"};

/// Pure chance: a number in [0, 1) for each use of a seed. The mixing function is that of Steele,
/// Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
double chance(std::uint64_t seed, std::uint64_t use) {
    std::uint64_t bits = seed + (use + 1) * 0x9e3779b97f4a7c15U;
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    bits ^= bits >> 31U;
    return static_cast<double>(bits >> 11U) * 0x1p-53;
}

// Uses of a seed: pools of keys have the numbers from kPools on.
enum : std::uint64_t { kExplores, kExplored, kPools };

class Ranker {
  public:
    Ranker(std::span<const CandidateFacts> candidates, const RouteRequest& request,
           const RoutingSettings& settings)
        : candidates_(candidates),
          request_(request),
          settings_(settings),
          weights_(score_weights(request, settings)),
          rerouted_(must_reroute()) {
        ranking_.order.reserve(candidates.size());
    }

    Ranking rank() {
        keep_session();
        for (std::size_t begin = 0; begin < candidates_.size();) {
            const std::size_t end = pool_end(begin);
            add_pool(begin, end);
            begin = end;
        }
        if (ranking_.order.empty()) {
            add_last_resort();
        } else {
            score_all();
            choose_first();
        }
        return std::move(ranking_);
    }

  private:
    using Order = std::vector<ScoredCandidate>;

    [[nodiscard]] double uptime(std::size_t index) const {
        return candidates_[index].health.uptime.value_or(settings_.default_uptime);
    }
    [[nodiscard]] bool usable(std::size_t index) const {
        return candidates_[index].excluded == Exclusion::none &&
               (candidates_[index].named || rerouted_);
    }

    // Whether the pinned provider is to be left: it does badly, and somebody else does better.
    [[nodiscard]] bool must_reroute() const {
        if (!request_.pinned || request_.no_fallback) {
            return false;
        }
        double pinned = -1;
        double other = -1;
        for (std::size_t i = 0; i < candidates_.size(); i++) {
            const CandidateFacts& one = candidates_[i];
            if (one.named &&
                (one.excluded == Exclusion::none || one.excluded == Exclusion::failing)) {
                pinned = std::max(pinned, uptime(i));
            } else if (!one.named && one.excluded == Exclusion::none) {
                other = std::max(other, uptime(i));
            }
        }
        return pinned >= 0 && pinned < settings_.low_uptime && other > pinned;
    }

    // Whether the session stays with the candidate that it used last.
    void keep_session() {
        if (!request_.session || *request_.session >= candidates_.size()) {
            return;
        }
        const CandidateFacts& last = candidates_[*request_.session];
        const bool well = uptime(*request_.session) >= settings_.session_min_uptime;
        if (usable(*request_.session) && (well || last.binds_sessions) &&
            !(rerouted_ && last.named)) {
            session_ = *request_.session;
        }
    }

    [[nodiscard]] std::size_t pool_end(std::size_t begin) const {
        const CandidateFacts& first = candidates_[begin];
        std::size_t end = begin + 1;
        while (end < candidates_.size() && candidates_[end].provider == first.provider &&
               candidates_[end].region == first.region && candidates_[end].named == first.named) {
            end++;
        }
        return end;
    }

    // Adds the usable candidates of a pool of keys, and chooses the one that stands for it.
    void add_pool(std::size_t begin, std::size_t end) {
        const std::size_t first = ranking_.order.size();
        for (std::size_t i = begin; i < end; i++) {
            if (usable(i)) {
                ScoredCandidate& scored = ranking_.order.emplace_back();
                scored.index = i;
                scored.further_key = true;
            }
        }
        if (first < ranking_.order.size()) {
            choose_key(begin, first)->further_key = false;
        }
    }

    [[nodiscard]] Order::iterator choose_key(std::size_t pool, std::size_t first) {
        const auto keys = ranking_.order.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = ranking_.order.end();
        if (end - keys == 1) {
            return keys;
        }
        double total = 0;
        for (auto key = keys; key != end; key++) {
            if (key->index == session_) {
                return key;
            }
            total += weight(key->index);
        }
        double left = chance(request_.seed, kPools + pool) * total;
        for (auto key = keys; key != end; key++) {
            left -= weight(key->index);
            if (left < 0) {
                return key;
            }
        }
        return keys;  // none has any weight
    }
    [[nodiscard]] double weight(std::size_t index) const {
        return static_cast<double>(std::max<std::int64_t>(candidates_[index].weight, 0));
    }

    // Those that rest because they failed (or all that rest), soonest back first.
    void add_last_resort() {
        if (settings_.last_resort == LastResort::none) {
            return;
        }
        for (std::size_t i = 0; i < candidates_.size(); i++) {
            const Exclusion why = candidates_[i].excluded;
            const bool asked = why == Exclusion::failing ||
                               (is_rest(why) && settings_.last_resort == LastResort::any);
            if (asked && candidates_[i].named) {
                ranking_.order.emplace_back().index = i;
            }
        }
        score_all();
        std::stable_sort(ranking_.order.begin(), ranking_.order.end(),
                         [this](const ScoredCandidate& a, const ScoredCandidate& b) {
                             return candidates_[a.index].rests_for_ms <
                                    candidates_[b.index].rests_for_ms;
                         });
        ranking_.reason = RouteReason::last_resort;
    }

    void score_all() {
        find_bounds();
        for (ScoredCandidate& scored : ranking_.order) {
            score(scored);
        }
        std::sort(ranking_.order.begin(), ranking_.order.end(),
                  [](const ScoredCandidate& a, const ScoredCandidate& b) {
                      if (a.further_key != b.further_key) {
                          return b.further_key;
                      }
                      if (a.score != b.score) {
                          return a.score < b.score;
                      }
                      return a.price != b.price ? a.price < b.price : a.index < b.index;
                  });
    }

    [[nodiscard]] double throughput(std::size_t index) const {
        return candidates_[index].health.throughput.value_or(settings_.default_throughput);
    }
    [[nodiscard]] double latency(std::size_t index) const {
        return candidates_[index].health.latency_ms.value_or(settings_.default_latency_ms);
    }

    void find_bounds() {
        for (const ScoredCandidate& scored : ranking_.order) {
            const CandidateFacts& facts = candidates_[scored.index];
            if (facts.price) {
                min_price_ = std::min(min_price_, *facts.price);
                max_price_ = std::max(max_price_, *facts.price);
                if (*facts.price > 0) {
                    min_positive_price_ = std::min(min_positive_price_, *facts.price);
                }
            }
            max_uptime_ = std::max(max_uptime_, uptime(scored.index));
            max_throughput_ = std::max(max_throughput_, throughput(scored.index));
            min_latency_ = std::min(min_latency_, latency(scored.index));
            known_ = known_ || facts.health != HealthFigures{};
        }
    }

    [[nodiscard]] double price_term(const std::optional<double>& known) const {
        if (max_price_ < 0) {
            return 0;  // nobody's price is known
        }
        const double price = known.value_or(max_price_);
        if (min_price_ > 0) {
            return price / min_price_ - 1;
        }
        if (price > 0) {
            return price / min_positive_price_;
        }
        return known ? 0 : 1;  // only free ones are known: unknown is not free
    }

    void score(ScoredCandidate& scored) const {
        const CandidateFacts& facts = candidates_[scored.index];
        const double up = uptime(scored.index);
        const double speed = throughput(scored.index);
        scored.price = price_term(facts.price);
        scored.uptime = up > 0 ? max_uptime_ / up - 1 : 1;
        scored.throughput =
            speed > 0 ? std::min(max_throughput_ / speed - 1, settings_.max_throughput_score)
                      : settings_.max_throughput_score;
        if (request_.streaming && min_latency_ > 0) {
            scored.latency = latency(scored.index) / min_latency_ - 1;
        }
        scored.cache = facts.caches_prompts ? 0 : 1;
        const double threshold = settings_.penalty_threshold;
        if (up < threshold) {
            const double short_of = (threshold - up) / threshold * settings_.penalty_factor;
            scored.penalty = short_of * short_of;
        }
        const ScoreTerms terms = score_terms(scored, facts, weights_);
        scored.score = terms.price + terms.uptime + terms.throughput + terms.latency + terms.cache +
                       terms.priority + terms.penalty;
    }

    void choose_first() {
        Order& order = ranking_.order;
        const auto pools = std::find_if(order.begin(), order.end(),
                                        [](const auto& one) { return one.further_key; });
        if (session_ != kNobody) {
            move_first(find(session_), RouteReason::session_sticky);
        } else if (rerouted_) {
            const auto other = std::find_if(order.begin(), pools, [this](const auto& one) {
                return !candidates_[one.index].named;
            });
            move_first(other, RouteReason::low_uptime);
        } else if (explores(pools - order.begin())) {
            const double share = chance(request_.seed, kExplored);
            const auto place =
                static_cast<std::ptrdiff_t>(share * static_cast<double>(pools - order.begin()));
            move_first(order.begin() + place, RouteReason::random_exploration);
        } else if (const auto kept = find_preferred(pools); kept != order.end()) {
            move_first(kept, RouteReason::stable_preferred);
        } else if (request_.pinned) {
            ranking_.reason = RouteReason::pinned;
        } else if (order.size() == 1) {
            ranking_.reason = RouteReason::only_candidate;
        } else {
            ranking_.reason = weights_.price_decides() || !known_ ? RouteReason::price_only
                                                                  : RouteReason::best_score;
        }
    }

    [[nodiscard]] Order::iterator find(std::size_t index) {
        return std::find_if(ranking_.order.begin(), ranking_.order.end(),
                            [index](const auto& one) { return one.index == index; });
    }
    void move_first(Order::iterator chosen, RouteReason reason) {
        std::rotate(ranking_.order.begin(), chosen, chosen + 1);
        ranking_.reason = reason;
    }
    [[nodiscard]] bool explores(std::ptrdiff_t pools) const {
        return pools > 1 && !request_.in_session &&
               chance(request_.seed, kExplores) < settings_.exploration_rate;
    }
    // The pool that the model keeps to, unless it does badly or another is clearly better; nobody
    // when it is the best anyway.
    [[nodiscard]] Order::iterator find_preferred(Order::iterator pools) {
        Order& order = ranking_.order;
        if (!request_.preferred || *request_.preferred >= candidates_.size()) {
            return order.end();
        }
        const CandidateFacts& preferred = candidates_[*request_.preferred];
        const auto kept = std::find_if(order.begin(), pools, [&](const auto& one) {
            return candidates_[one.index].provider == preferred.provider &&
                   candidates_[one.index].region == preferred.region;
        });
        const bool keep = kept != pools && kept != order.begin() &&
                          uptime(kept->index) >= settings_.stable_min_uptime &&
                          kept->score - order.front().score <= settings_.stable_margin;
        return keep ? kept : order.end();
    }

    static constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();
    static constexpr double kInfinity = std::numeric_limits<double>::infinity();

    std::span<const CandidateFacts> candidates_;
    const RouteRequest& request_;
    const RoutingSettings& settings_;
    ScoreWeights weights_;
    bool rerouted_;
    std::size_t session_ = kNobody;  // where the session stays
    double min_price_ = kInfinity, min_positive_price_ = kInfinity;
    double max_price_ = -1;  // none is known
    double max_uptime_ = 0, max_throughput_ = 0, min_latency_ = kInfinity;
    bool known_ = false;  // something of somebody's health
    Ranking ranking_;
};

}  // namespace

ScoreWeights score_weights(const RouteRequest& request, const RoutingSettings& settings) {
    ScoreWeights weights;
    weights.uptime = 1 - settings.strategy_weight;
    switch (request.strategy) {
        case RoutingStrategy::price:
            weights.price = settings.strategy_weight;
            return weights;
        case RoutingStrategy::throughput:
            weights.throughput = settings.strategy_weight;
            return weights;
        case RoutingStrategy::latency:
            if (request.streaming) {  // only streams tell how long their first content takes
                weights.latency = settings.strategy_weight;
                return weights;
            }
            break;
        case RoutingStrategy::automatic:
            break;
    }
    weights.price = request.makes_images ? settings.image_price_weight : settings.price_weight;
    weights.uptime = settings.uptime_weight;
    weights.throughput = settings.throughput_weight;
    weights.latency = request.streaming ? settings.latency_weight : 0;
    weights.cache = caching_matters(request, settings) ? settings.cache_weight : 0;
    const double sum =
        weights.price + weights.uptime + weights.throughput + weights.latency + weights.cache;
    if (sum <= 0) {
        return {};
    }
    for (double* const weight :
         {&weights.price, &weights.uptime, &weights.throughput, &weights.latency, &weights.cache}) {
        *weight /= sum;
    }
    return weights;
}

ScoreTerms score_terms(const ScoredCandidate& scored, const CandidateFacts& facts,
                       const ScoreWeights& weights) {
    ScoreTerms terms;
    terms.price = weights.price_decides() ? scored.price : weights.price * scored.price;
    terms.uptime = weights.uptime * scored.uptime;
    terms.throughput = weights.throughput * scored.throughput;
    terms.latency = weights.latency * scored.latency;
    terms.cache = weights.cache * scored.cache;
    terms.priority = 1 - facts.priority;
    terms.penalty = scored.penalty;
    return terms;
}

std::string_view reason_name(RouteReason reason) {
    return kReasons.at(static_cast<std::size_t>(reason));
}

std::optional<RouteReason> read_reason(std::string_view name) {
    const auto* const at = std::find(kReasons.begin(), kReasons.end(), name);
    return at == kReasons.end() ? std::nullopt
                                : std::optional(static_cast<RouteReason>(at - kReasons.begin()));
}

Ranking rank(std::span<const CandidateFacts> candidates, const RouteRequest& request,
             const RoutingSettings& settings) {
    return Ranker(candidates, request, settings).rank();
}

}  // namespace llmgw
