// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/router.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "common/base/text.h"
#include "daemon/gateway/eligibility.h"
#include "daemon/gateway/route_price.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxSessions = 10'000;
constexpr std::size_t kMaxPreferences = 1'000;

// What a client is told to wait for a key that another request is probing.
constexpr std::int64_t kProbeWaitMs = 1'000;

std::uint64_t hash(std::string_view text) {
    return std::hash<std::string_view>()(text);
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    return a ^ (b + 0x9e3779b97f4a7c15U + (a << 6U) + (a >> 2U));
}

// A session keeps to a key, whose account may have its prompts in a cache.
std::uint64_t session_target(std::string_view provider, std::string_view key) {
    return hash(key.empty() ? provider : key);
}

// A model keeps to a provider, whose keys share the load.
std::uint64_t preference_target(const CandidateFacts& facts) {
    return mix(hash(facts.provider), hash(facts.region));
}

KeyModel name_of(const Candidate& candidate) {
    return {candidate.access->label, candidate.model_name()};
}

Exclusion rest_exclusion(RestReason reason) {
    switch (reason) {
        case RestReason::rate_limited:
            return Exclusion::rate_limited;
        case RestReason::refused:
            return Exclusion::refused;
        case RestReason::failing:
            return Exclusion::failing;
    }
    return Exclusion::none;
}

bool makes_images(const Offers& offers) {
    const Model* const model =
        offers.candidates.empty() ? nullptr : offers.candidates.front().model;
    return model != nullptr &&
           std::find(model->output.begin(), model->output.end(), "image") != model->output.end();
}

// Owner of the names that are in no catalog, beside the snapshot that the rest points into.
struct KeptNames {
    std::shared_ptr<const Snapshot> snapshot;
    std::vector<std::string> names;
};

// Has the decision keep what its candidates point into: it lives longer than the request.
void keep_owner(Decision& decision, const Offers& offers,
                const std::shared_ptr<const Snapshot>& snapshot) {
    const auto unknown = [](const Candidate& candidate) { return candidate.model == nullptr; };
    if (std::none_of(offers.candidates.begin(), offers.candidates.end(), unknown)) {
        decision.owner = snapshot;
        return;
    }
    const auto kept = std::make_shared<KeptNames>();
    kept->snapshot = snapshot;
    kept->names.reserve(offers.candidates.size());
    for (std::size_t i = 0; i < offers.candidates.size(); i++) {
        if (unknown(offers.candidates[i])) {
            decision.candidates[i].model =
                kept->names.emplace_back(offers.candidates[i].upstream_model);
        }
    }
    decision.owner = kept;
}

bool same_access(const ProviderAccess& a, const ProviderAccess& b) {
    return a.renewed_at == b.renewed_at && a.secret == b.secret && a.url.text() == b.url.text() &&
           a.region == b.region && a.options == b.options && a.enabled == b.enabled;
}

// "openai (rests: it failed too often with 500, for another 12s: internal error)".
std::string rest_text(const CandidateFacts& facts, const Rest& rest) {
    std::string text(facts.key);
    text += " (" + std::string(describe(facts.excluded));
    if (rest.status != 0) {
        text += " with " + std::to_string(rest.status);
    }
    const std::int64_t seconds = (facts.rests_for_ms + 999) / 1000;
    text += ", for another " + std::to_string(seconds) + "s";
    if (!rest.detail.empty()) {
        text += ": " + printable(rest.detail);
    }
    return text + ")";
}

}  // namespace

Router::Router(std::shared_ptr<const Snapshot> snapshot)
    : snapshot_(std::move(snapshot)),
      health_(snapshot_->settings.routing),
      sessions_(kMaxSessions),
      preferences_(kMaxPreferences) {}

// Another set-up: other settings, and keys that were mended.
void Router::use(const std::shared_ptr<const Snapshot>& snapshot) {
    if (snapshot == snapshot_) {
        return;
    }
    for (const ProviderAccess& before : snapshot_->accesses) {
        if (snapshot->find_access(before.label) == nullptr) {
            health_.end_rests(before.label);
        }
    }
    for (const ProviderAccess& now : snapshot->accesses) {
        const ProviderAccess* const before = snapshot_->find_access(now.label);
        if (before == nullptr || !same_access(*before, now)) {
            health_.end_rests(now.label);
        }
    }
    snapshot_ = snapshot;
    health_.use(snapshot_->settings.routing);
}

CandidateFacts Router::facts(const Candidate& candidate, bool pinned, const RouteRequest& request,
                             std::int64_t now) {
    CandidateFacts facts;
    facts.provider = candidate.provider_name();
    facts.model = candidate.model_name();
    facts.named = candidate.named;
    facts.excluded = candidate.excluded;
    if (candidate.mapping != nullptr) {
        const RoutingSettings& settings = snapshot_->settings.routing;
        facts.price = route_price(*candidate.mapping, request, settings);
        facts.caches_prompts = candidate.mapping->prices.cached_input.has_value();
    }
    if (candidate.access == nullptr) {
        return facts;
    }
    const ProviderAccess& access = *candidate.access;
    facts.key = access.label;
    facts.region = region_of(access);
    facts.weight = access.weight;
    facts.binds_sessions = access.wire == Wire::gemini || access.wire == Wire::vertex;
    facts.priority = snapshot_->settings.routing.priority_of(access.label, access.name);
    if (facts.excluded == Exclusion::none && facts.priority <= 0 && !(pinned && facts.named)) {
        facts.excluded = Exclusion::priority_zero;
    }
    add_standing(facts, name_of(candidate), now);
    return facts;
}

void Router::add_standing(CandidateFacts& facts, KeyModel name, std::int64_t now) {
    const Standing standing = health_.standing(name, now);
    facts.health = standing.health;
    if (facts.excluded == Exclusion::none && standing.readiness == Readiness::resting) {
        const std::int64_t left = standing.rest->until - now;
        facts.excluded = rest_exclusion(standing.rest->reason);
        facts.rests_for_ms = left > 0 ? left : kProbeWaitMs;
    }
}

Result<Plan> Router::plan(const std::shared_ptr<const Snapshot>& snapshot, const Offers& offers,
                          const RouteQuery& query, std::int64_t now) {
    const auto decision = decide(snapshot, offers, query, now);
    if (decision->ranking.order.empty()) {
        return tl::unexpected(all_resting(offers, now));
    }
    Plan plan;
    plan.made_at = now;
    plan.session = session_of(query, offers);
    keep_pins(*decision, plan.session, now);
    plan.last_resort = decision->ranking.reason == RouteReason::last_resort;
    order_attempts(plan, *decision, offers);
    plan.decision = decision;
    return plan;
}

std::shared_ptr<Decision> Router::decide(const std::shared_ptr<const Snapshot>& snapshot,
                                         const Offers& offers, const RouteQuery& query,
                                         std::int64_t now) {
    use(snapshot);
    const RoutingSettings& settings = snapshot_->settings.routing;
    auto decision = std::make_shared<Decision>();
    decision->model = query.model;
    RouteRequest& request = decision->request;
    request.strategy = query.strategy.value_or(settings.strategy);
    request.streaming = query.needs.streaming;
    request.makes_images = makes_images(offers);
    request.pinned = offers.pinned;
    request.no_fallback = query.no_fallback;
    request.in_session = !query.session.empty();
    request.prompt_tokens = query.needs.prompt_tokens;
    request.seed = query.seed;
    decision->candidates.reserve(offers.candidates.size());
    for (const Candidate& candidate : offers.candidates) {
        decision->candidates.push_back(facts(candidate, offers.pinned, request, now));
    }
    keep_owner(*decision, offers, snapshot_);
    find_pins(*decision, session_of(query, offers), now);
    decision->ranking = rank(decision->candidates, request, settings);
    return decision;
}

std::uint64_t Router::session_of(const RouteQuery& query, const Offers& offers) {
    const bool matters = !query.session.empty() && offers.candidates.size() > 1;
    return matters ? mix(hash(query.model), hash(query.session)) | 1U : 0;
}

void Router::order_attempts(Plan& plan, const Decision& decision, const Offers& offers) const {
    const auto& order = decision.ranking.order;
    const std::string_view first = decision.candidates[order.front().index].provider;
    plan.order.reserve(order.size());
    for (const ScoredCandidate& scored : order) {
        const bool other = decision.candidates[scored.index].provider != first;
        if (!other || !decision.request.no_fallback) {
            plan.order.push_back(&offers.candidates[scored.index]);
        }
    }
    plan.max_attempts = 1 + static_cast<std::size_t>(snapshot_->settings.routing.max_retries);
}

// Who has to be kept to, among the candidates.
void Router::find_pins(Decision& decision, std::uint64_t session, std::int64_t now) {
    const auto& candidates = decision.candidates;
    if (candidates.size() < 2) {
        return;
    }
    const auto place = [&](std::uint64_t target, auto target_of) -> std::optional<std::size_t> {
        for (std::size_t i = 0; i < candidates.size(); i++) {
            if (target_of(candidates[i]) == target) {
                return i;
            }
        }
        return std::nullopt;
    };
    if (session != 0) {
        if (const auto target = sessions_.find(session, now)) {
            decision.request.session = place(*target, [](const CandidateFacts& facts) {
                return session_target(facts.provider, facts.key);
            });
        }
    } else if (const auto target = preferences_.find(preference_key(decision), now)) {
        decision.request.preferred = place(*target, preference_target);
    }
}

std::uint64_t Router::preference_key(const Decision& decision) {
    return mix(hash(decision.model), static_cast<std::uint64_t>(decision.request.strategy));
}

void Router::keep_pins(const Decision& decision, std::uint64_t session, std::int64_t now) {
    const RoutingSettings& settings = snapshot_->settings.routing;
    if (decision.candidates.size() < 2) {
        return;
    }
    const CandidateFacts& first = decision.candidates[decision.ranking.order.front().index];
    if (session != 0) {
        sessions_.set(session, session_target(first.provider, first.key), now,
                      settings.session_ttl_ms);
        return;
    }
    const RouteReason reason = decision.ranking.reason;
    if (reason != RouteReason::best_score && reason != RouteReason::price_only &&
        reason != RouteReason::pinned) {
        return;
    }
    // One that only rests is come back to; and the time of one that is kept is not prolonged.
    if (decision.request.preferred) {
        const CandidateFacts& preferred = decision.candidates[*decision.request.preferred];
        if (is_rest(preferred.excluded) ||
            preference_target(preferred) == preference_target(first)) {
            return;
        }
    }
    preferences_.set(preference_key(decision), preference_target(first), now,
                     settings.stable_ttl_ms);
}

std::optional<Turn> Router::begin(const Plan& plan, const Candidate& candidate, std::int64_t now) {
    Turn turn{&candidate, plan.session, {}};
    if (candidate.access == nullptr) {
        turn.call.began = now;
        return turn;
    }
    const LastResort despite =
        plan.last_resort ? snapshot_->settings.routing.last_resort : LastResort::none;
    const auto call = health_.begin(name_of(candidate), now, despite);
    if (!call) {
        return std::nullopt;
    }
    turn.call = *call;
    return turn;
}

Turn Router::begin_anyway(const std::shared_ptr<const Snapshot>& snapshot,
                          const Candidate& candidate, std::int64_t now) {
    use(snapshot);
    Turn turn{&candidate, 0, {}};
    turn.call.began = now;
    if (candidate.access != nullptr) {
        turn.call = health_.begin(name_of(candidate), now, LastResort::any).value_or(turn.call);
    }
    return turn;
}

bool Router::rests(const Candidate& candidate, std::int64_t now) {
    return candidate.access != nullptr &&
           health_.standing(name_of(candidate), now).readiness == Readiness::resting;
}

void Router::answering(Turn& turn) {
    if (turn.call.probes_model || turn.call.probes_key) {
        health_.answering(name_of(*turn.candidate), turn.call);
    }
}

void Router::report(const Turn& turn, const CallReport& report, std::int64_t now) {
    const Candidate& candidate = *turn.candidate;
    if (candidate.access != nullptr) {
        health_.report(name_of(candidate), turn.call, report, now);
    }
    if (turn.session != 0 && report.verdict == CallReport::Verdict::succeeded) {
        const std::string_view key =
            candidate.access == nullptr ? std::string_view() : candidate.access->label;
        sessions_.set(turn.session, session_target(candidate.provider_name(), key), now,
                      snapshot_->settings.routing.session_ttl_ms);
    }
}

void Router::restore(const SavedHealth& saved, std::int64_t now, RefusedKeys refused) {
    std::vector<RestRow> rests = saved.rests.value_or(std::vector<RestRow>());
    std::erase_if(rests, [this](const RestRow& rest) {
        const ProviderAccess* const access = snapshot_->find_access(rest.key);
        return access != nullptr && rest.since < access->renewed_at;
    });
    health_.restore(saved.rows, rests, now, refused);
}

Error Router::all_resting(const Offers& offers, std::int64_t now) {
    std::string resting;
    std::string others;
    std::int64_t shortest = kProbeWaitMs;
    for (const Candidate& candidate : offers.candidates) {
        const CandidateFacts known = facts(candidate, offers.pinned, {}, now);
        if (is_rest(known.excluded) && known.named) {
            const Rest& rest = *health_.standing(name_of(candidate), now).rest;
            shortest =
                resting.empty() ? known.rests_for_ms : std::min(shortest, known.rests_for_ms);
            resting += (resting.empty() ? ": " : ", ") + rest_text(known, rest);
        } else if (known.excluded != Exclusion::none) {
            others += (others.empty() ? ": " : ", ") + std::string(known.provider) + " (" +
                      std::string(describe(known.excluded)) + ")";
        }
    }
    Error error;
    if (resting.empty() && !others.empty()) {
        error.kind = Errc::invalid_request;
        error.param = "model";
        error.message = "no provider may be asked" + others;
        error.hint = "llmgw config list";
        return error;
    }
    error.kind = Errc::overloaded;
    error.message = "every key that could answer rests" + resting;
    error.retry_after_s = (shortest + 999) / 1000;
    return error;
}

}  // namespace llmgw
