// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/health_window.h"

#include <algorithm>

namespace llmgw {

namespace {

// How much calls of that age count; 0: they are out of the window.
double weight_of(std::int64_t age_ms, const RoutingSettings& settings) {
    if (age_ms >= settings.window_ms) {
        return 0;
    }
    if (age_ms < settings.recent_ms) {
        return settings.recent_weight;
    }
    return age_ms < settings.near_ms ? settings.near_weight : settings.rest_weight;
}

std::optional<double> ratio(double part, double whole, double factor) {
    return whole > 0 ? std::optional(part / whole * factor) : std::nullopt;
}

}  // namespace

CallSums& CallSums::operator+=(const CallSums& other) {
    succeeded += other.succeeded;
    failed += other.failed;
    latency_ms += other.latency_ms;
    latencies += other.latencies;
    output_tokens += other.output_tokens;
    generation_ms += other.generation_ms;
    return *this;
}

CallSums sums_of(const CallReport& report) {
    CallSums sums;
    if (report.verdict == CallReport::Verdict::failed) {
        sums.failed = 1;
    }
    if (report.verdict != CallReport::Verdict::succeeded) {
        return sums;
    }
    sums.succeeded = 1;
    if (report.first_content_ms && *report.first_content_ms >= 0) {
        sums.latency_ms = *report.first_content_ms;
        sums.latencies = 1;
    }
    if (report.output_tokens > 0 && report.generation_ms > 0) {
        sums.output_tokens = static_cast<double>(report.output_tokens);
        sums.generation_ms = report.generation_ms;
    }
    return sums;
}

void HealthWindow::Weighted::add(const CallSums& sums, double weight) {
    succeeded += weight * sums.succeeded;
    counted += weight * (static_cast<double>(sums.succeeded) + sums.failed);
    latency_ms += weight * sums.latency_ms;
    latencies += weight * sums.latencies;
    output_tokens += weight * sums.output_tokens;
    generation_ms += weight * sums.generation_ms;
    calls += std::uint64_t{sums.succeeded} + sums.failed;
}

void HealthWindow::add(const CallSums& sums, const RoutingSettings& settings, std::int64_t now) {
    advance(settings, now);
    if (spans_.empty() || spans_.back().number != current_) {
        spans_.push_back({current_, {}});
    }
    spans_.back().sums += sums;
    weighted_.add(sums, current_weight_);
    work_out_figures();
}

void HealthWindow::add_past(const CallSums& sums, std::int64_t time) {
    const std::int64_t number = time / kHealthSpanMs;
    auto at = std::lower_bound(spans_.begin(), spans_.end(), number,
                               [](const Span& span, std::int64_t n) { return span.number < n; });
    if (at == spans_.end() || at->number != number) {
        at = spans_.insert(at, {number, {}});
    }
    at->sums += sums;
    invalidate();
}

const HealthFigures& HealthWindow::figures(const RoutingSettings& settings, std::int64_t now) {
    advance(settings, now);
    return figures_;
}

void HealthWindow::advance(const RoutingSettings& settings, std::int64_t now) {
    const std::int64_t number = now / kHealthSpanMs;
    if (number == current_) {
        return;
    }
    // The clock was set back: the past moves along, so that it keeps its age.
    const std::int64_t ahead = spans_.empty() ? 0 : spans_.back().number - number;
    if (ahead > 0) {
        for (Span& span : spans_) {
            span.number -= ahead;
        }
    }
    const auto age = [number](const Span& span) { return (number - span.number) * kHealthSpanMs; };
    const auto first = std::find_if(spans_.begin(), spans_.end(), [&](const Span& span) {
        return age(span) < settings.window_ms;
    });
    spans_.erase(spans_.begin(), first);
    current_ = number;
    current_weight_ = weight_of(0, settings);
    weighted_ = {};
    for (const Span& span : spans_) {
        weighted_.add(span.sums, weight_of(age(span), settings));
    }
    work_out_figures();
}

void HealthWindow::work_out_figures() {
    figures_.uptime = ratio(weighted_.succeeded, weighted_.counted, 100);
    figures_.latency_ms = ratio(weighted_.latency_ms, weighted_.latencies, 1);
    figures_.throughput = ratio(weighted_.output_tokens, weighted_.generation_ms, 1000);
    figures_.calls = weighted_.calls;
}

}  // namespace llmgw
