// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/health_table.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace llmgw {

namespace {

// Clients may ask a custom server for any model, so there is no end of names.
constexpr std::size_t kMaxEntries = 4096;

// What waits to be saved while nobody saves.
constexpr std::size_t kMaxUnsavedSpans = 16;

// No quota takes longer to be filled again, and a probe a week harms nobody.
constexpr std::int64_t kLongestRestMs = 7 * 86'400'000LL;

constexpr std::size_t kMaxDetail = 300;
constexpr int kMaxTimes = 1000;  // of rows that were saved

Rest make_rest(RestReason reason, std::int64_t now, std::int64_t length, const CallReport& report) {
    Rest rest;
    rest.reason = reason;
    rest.since = now;
    rest.until = now + std::clamp<std::int64_t>(length, 0, kLongestRestMs);
    rest.status = report.status;
    rest.detail = report.detail.substr(0, kMaxDetail);
    return rest;
}

// Whether a call says something about a rest: one that began before it does not.
bool tells_about(const RestState& state, bool probed, const CallInFlight& call) {
    return probed || state.rest() == nullptr || call.began > state.rest()->since;
}

// Whether a key is asked although it rests.
bool may_ask(const Rest& rest, LastResort despite) {
    return despite == LastResort::any ||
           (despite == LastResort::failing && rest.reason == RestReason::failing);
}

// A key that was not accepted, or whose account is empty, does no better with another model.
bool refuses_key(int status) {
    return status == 401 || status == 402;
}

RestRow make_row(std::string_view key, std::string_view model, const Rest& rest) {
    RestRow row;
    row.key = key;
    row.model = model;
    row.reason = rest_reason_name(rest.reason);
    row.since = rest.since;
    row.until = rest.until;
    row.times = rest.times;
    row.status = rest.status;
    row.detail = rest.detail;
    return row;
}

bool is_sum(double value) {
    return std::isfinite(value) && value >= 0;
}

std::optional<Rest> read_row(const RestRow& row, std::int64_t now) {
    const auto reason = read_rest_reason(row.reason);
    if (!reason || row.since < 0 || row.until < row.since) {
        return std::nullopt;
    }
    Rest rest;
    rest.reason = *reason;
    rest.since = row.since;
    rest.until = row.since + std::min(row.until - row.since, kLongestRestMs);
    if (rest.reason == RestReason::refused) {
        rest.since = std::min(rest.since, now);
        rest.until = std::min(rest.until, now);
    }
    rest.times = std::clamp(row.times, 1, kMaxTimes);
    rest.status = row.status;
    rest.detail = row.detail;
    return rest;
}

}  // namespace

void HealthTable::use(const RoutingSettings& settings) {
    settings_ = settings;
    for (auto& [name, entry] : entries_) {
        entry.window.invalidate();
    }
}

HealthTable::Entry* HealthTable::find(KeyModel of) {
    const auto at = entries_.find(of);
    return at == entries_.end() ? nullptr : &at->second;
}

HealthTable::Entry& HealthTable::make(KeyModel of, std::int64_t now) {
    Entry* entry = find(of);
    if (entry == nullptr) {
        if (entries_.size() >= kMaxEntries) {
            forget_older_half();
        }
        entry = &entries_[Name{std::string(of.key), std::string(of.model)}];
    }
    entry->last_used = now;
    return *entry;
}

RestState* HealthTable::find_key_rest(std::string_view key) {
    if (key_rests_.empty()) {
        return nullptr;
    }
    const auto at = key_rests_.find(key);
    return at == key_rests_.end() ? nullptr : &at->second;
}

void HealthTable::forget_older_half() {
    std::vector<std::int64_t> ages;
    ages.reserve(entries_.size());
    for (const auto& [name, entry] : entries_) {
        ages.push_back(entry.last_used);
    }
    const auto middle = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 2);
    std::nth_element(ages.begin(), middle, ages.end());
    std::size_t left = ages.size() / 2;
    std::erase_if(entries_, [&left, limit = *middle](const auto& item) {
        const bool forget = left > 0 && item.second.last_used <= limit;
        left -= forget ? 1 : 0;
        return forget;
    });
}

void HealthTable::forget_unused(std::int64_t now) {
    for (auto at = entries_.begin(); at != entries_.end();) {
        Entry& entry = at->second;
        entry.last_used = std::min(entry.last_used, now);  // the clock may have been set back
        const bool resting = entry.rest.readiness(now) != Readiness::ready &&
                             now - entry.rest.rest()->until < settings_.window_ms;
        const bool unused = !resting && now - entry.last_used >= settings_.window_ms;
        at = unused ? entries_.erase(at) : std::next(at);
    }
}

Standing HealthTable::standing(KeyModel of, std::int64_t now) {
    Standing standing;
    const auto look_at = [&](RestState& state) {
        const Readiness readiness = state.readiness(now);
        if (readiness > standing.readiness ||
            (readiness == Readiness::resting && state.rest()->until > standing.rest->until)) {
            standing.readiness = readiness;
            standing.rest = state.rest();
        }
    };
    if (Entry* const entry = find(of)) {
        standing.health = entry->window.figures(settings_, now);
        look_at(entry->rest);
    }
    if (RestState* const state = find_key_rest(of.key)) {
        look_at(*state);
    }
    return standing;
}

std::optional<CallInFlight> HealthTable::begin(KeyModel of, std::int64_t now, LastResort despite) {
    Entry* const entry = find(of);
    RestState* const states[] = {entry == nullptr ? nullptr : &entry->rest, find_key_rest(of.key)};
    bool probes[] = {false, false};
    for (std::size_t i = 0; i < std::size(states); i++) {
        const Readiness readiness =
            states[i] == nullptr ? Readiness::ready : states[i]->readiness(now);
        if (readiness == Readiness::resting && !may_ask(*states[i]->rest(), despite)) {
            return std::nullopt;
        }
        probes[i] = readiness == Readiness::probe;
    }
    for (std::size_t i = 0; i < std::size(states); i++) {
        if (probes[i]) {
            states[i]->take_probe(now);
        }
    }
    return CallInFlight{now, probes[0], probes[1]};
}

void HealthTable::answering(KeyModel of, CallInFlight& call) {
    if (Entry* const entry = call.probes_model ? find(of) : nullptr) {
        entry->rest.lift();
        rests_changed_ = true;
    }
    if (call.probes_key) {
        const auto at = key_rests_.find(of.key);
        if (at != key_rests_.end()) {
            key_rests_.erase(at);
            rests_changed_ = true;
        }
    }
    call.probes_model = call.probes_key = false;
}

void HealthTable::report(KeyModel of, const CallInFlight& call, const CallReport& report,
                         std::int64_t now) {
    using Verdict = CallReport::Verdict;
    if (RestState* const state = call.probes_key ? find_key_rest(of.key) : nullptr) {
        state->return_probe();
    }
    if (Entry* const entry = call.probes_model ? find(of) : nullptr) {
        entry->rest.return_probe();
    }
    if (report.verdict == Verdict::not_counted) {
        return;
    }
    if (report.verdict == Verdict::refused && refuses_key(report.status)) {
        RestState* const known = find_key_rest(of.key);
        RestState& state = known != nullptr ? *known : key_rests_[std::string(of.key)];
        on_refusal(state, call.probes_key, call, report, now);
        return;
    }
    Entry& entry = make(of, now);
    switch (report.verdict) {
        case Verdict::succeeded:
            count(entry, report, now);
            on_success(of, entry, call, now);
            break;
        case Verdict::failed:
            count(entry, report, now);
            on_failure(entry, call, report, now);
            break;
        case Verdict::rate_limited:
            on_rate_limit(entry, report, now);
            break;
        case Verdict::refused:
            on_refusal(entry.rest, call.probes_model, call, report, now);
            break;
        case Verdict::not_counted:
            break;
    }
}

void HealthTable::count(Entry& entry, const CallReport& report, std::int64_t now) {
    const CallSums sums = sums_of(report);
    entry.window.add(sums, settings_, now);
    const std::int64_t begin = now - now % kHealthSpanMs;
    if (entry.unsaved.empty() || entry.unsaved.back().begin != begin) {
        if (entry.unsaved.size() >= kMaxUnsavedSpans) {
            entry.unsaved.erase(entry.unsaved.begin());
        }
        entry.unsaved.push_back({begin, {}});
    }
    entry.unsaved.back().sums += sums;
}

void HealthTable::on_success(KeyModel of, Entry& entry, const CallInFlight& call,
                             std::int64_t now) {
    entry.last_failed = std::min(entry.last_failed, now);  // the clock may have been set back
    if (call.began >= entry.last_failed) {
        entry.failures = 0;
    }
    if (tells_about(entry.rest, call.probes_model, call)) {
        rests_changed_ = rests_changed_ || entry.rest.rest() != nullptr;
        entry.rest.end();
    }
    if (key_rests_.empty()) {
        return;
    }
    const auto at = key_rests_.find(of.key);
    if (at != key_rests_.end() && tells_about(at->second, call.probes_key, call)) {
        key_rests_.erase(at);
        rests_changed_ = true;
    }
}

void HealthTable::on_failure(Entry& entry, const CallInFlight& call, const CallReport& report,
                             std::int64_t now) {
    entry.failures++;
    entry.last_failed = std::max(entry.last_failed, std::min(call.began, now));
    const Rest* const rest = entry.rest.rest();
    const bool failing = rest != nullptr && rest->reason == RestReason::failing;
    if ((rest != nullptr && now < rest->until) ||
        !tells_about(entry.rest, call.probes_model, call) ||
        (!failing && entry.failures < settings_.failures_to_rest)) {
        return;
    }
    const std::int64_t length = entry.rest.next_length(
        RestReason::failing, settings_.failing_rest_ms, settings_.max_rest_ms);
    entry.rest.begin(make_rest(RestReason::failing, now, length, report));
    rests_changed_ = true;
}

void HealthTable::on_rate_limit(Entry& entry, const CallReport& report, std::int64_t now) {
    const std::int64_t length = report.wait_ms.value_or(settings_.rate_limit_rest_ms);
    entry.rest.begin(make_rest(RestReason::rate_limited, now, length, report));
    rests_changed_ = true;
}

void HealthTable::on_refusal(RestState& state, bool probed, const CallInFlight& call,
                             const CallReport& report, std::int64_t now) {
    const Rest* const rest = state.rest();
    const bool refused = rest != nullptr && rest->reason == RestReason::refused;
    if (refused && (now < rest->until || !tells_about(state, probed, call))) {
        return;
    }
    const std::int64_t length =
        state.next_length(RestReason::refused, settings_.refused_rest_ms, settings_.max_rest_ms);
    state.begin(make_rest(RestReason::refused, now, length, report));
    rests_changed_ = true;
}

void HealthTable::end_rests(std::string_view key) {
    for (auto& [name, entry] : entries_) {
        if (name.key == key && entry.rest.rest() != nullptr) {
            entry.rest.end();
            entry.failures = 0;
            rests_changed_ = true;
        }
    }
    const auto at = key_rests_.find(key);
    if (at != key_rests_.end()) {
        key_rests_.erase(at);
        rests_changed_ = true;
    }
}

std::vector<RestRow> HealthTable::rests(std::int64_t now) {
    std::vector<RestRow> rows;
    const auto add = [&](std::string_view key, std::string_view model, RestState& state) {
        if (state.readiness(now) != Readiness::ready) {
            rows.push_back(make_row(key, model, *state.rest()));
        }
    };
    for (auto& [key, state] : key_rests_) {
        add(key, {}, state);
    }
    for (auto& [name, entry] : entries_) {
        add(name.key, name.model, entry.rest);
    }
    return rows;
}

void HealthTable::restore(std::span<const HealthRow> health, std::span<const RestRow> rests,
                          std::int64_t now) {
    for (const HealthRow& row : health) {
        const bool in_window = row.begin <= now && row.begin > now - settings_.window_ms;
        if (!in_window || !is_sum(row.latency_ms) || !is_sum(row.output_tokens) ||
            !is_sum(row.generation_ms)) {
            continue;
        }
        const CallSums sums{row.succeeded, row.failed,        row.latency_ms,
                            row.latencies, row.output_tokens, row.generation_ms};
        make({row.key, row.model}, now).window.add_past(sums, row.begin);
    }
    for (const RestRow& row : rests) {
        auto rest = read_row(row, now);
        if (!rest || now - rest->until > settings_.window_ms) {
            continue;
        }
        RestState& state =
            row.model.empty() ? key_rests_[row.key] : make({row.key, row.model}, now).rest;
        state.restore(std::move(*rest));
    }
}

HealthChanges HealthTable::take_changes(std::int64_t now) {
    HealthChanges changes;
    for (auto& [name, entry] : entries_) {
        for (const UnsavedSpan& span : entry.unsaved) {
            const CallSums& sums = span.sums;
            changes.health.push_back({name.key, name.model, span.begin, sums.succeeded, sums.failed,
                                      sums.latency_ms, sums.latencies, sums.output_tokens,
                                      sums.generation_ms});
        }
        entry.unsaved.clear();
    }
    forget_unused(now);
    changes.rests_changed = std::exchange(rests_changed_, false);
    if (changes.rests_changed) {
        changes.rests = this->rests(now);
    }
    return changes;
}

}  // namespace llmgw
