// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/rest_state.h"

#include <algorithm>
#include <array>
#include <utility>

namespace llmgw {

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 3> kReasons = {"rate_limited", "refused", "failing"};

// A probe is reported when its answer begins or has failed; this is for one that got lost, which
// must not keep a key from being used for ever.
constexpr std::int64_t kProbePatienceMs = 600'000;

constexpr int kMaxDoublings = 30;

}  // namespace

std::string_view rest_reason_name(RestReason reason) {
    return kReasons.at(static_cast<std::size_t>(reason));
}

std::optional<RestReason> read_rest_reason(std::string_view name) {
    const auto* const at = std::find(kReasons.begin(), kReasons.end(), name);
    return at == kReasons.end() ? std::nullopt
                                : std::optional(static_cast<RestReason>(at - kReasons.begin()));
}

Readiness RestState::readiness(std::int64_t now) {
    if (!resting_) {
        return Readiness::ready;
    }
    if (now < rest_.since) {  // the clock was set back
        rest_.until -= rest_.since - now;
        rest_.since = now;
    }
    probe_since_ = std::min(probe_since_, now);
    if (now < rest_.until) {
        return Readiness::resting;
    }
    const bool probed = probe_since_ != kNoProbe && now - probe_since_ < kProbePatienceMs;
    return probed ? Readiness::resting : Readiness::probe;
}

void RestState::begin(Rest next) {
    if (resting_ && next.until <= rest_.until) {
        return;
    }
    // Several calls may have been under way, and all of them tell the same.
    const bool same_rest = resting_ && next.since < rest_.until;
    const int before = rest_.reason == next.reason ? rest_.times : 0;
    next.times = same_rest ? std::max(before, 1) : before + 1;
    rest_ = std::move(next);
    resting_ = true;
}

std::int64_t RestState::next_length(RestReason reason, std::int64_t first,
                                    std::int64_t longest) const {
    const int doublings = rest_.reason == reason ? std::min(rest_.times, kMaxDoublings) : 0;
    std::int64_t length = first;
    for (int i = 0; i < doublings && length < longest; i++) {
        length *= 2;
    }
    return std::min(length, longest);
}

void RestState::lift() {
    resting_ = false;
    return_probe();
}

void RestState::end() {
    lift();
    rest_ = {};
}

void RestState::restore(Rest rest) {
    rest_ = std::move(rest);
    resting_ = true;
    return_probe();
}

}  // namespace llmgw
