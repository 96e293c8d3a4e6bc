// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "common/store/settings.h"
#include "daemon/routing/health.h"

namespace llmgw {

/// Calls added up.
struct CallSums {
    std::uint32_t succeeded = 0, failed = 0;
    double latency_ms = 0;
    std::uint32_t latencies = 0;
    double output_tokens = 0;
    double generation_ms = 0;

    CallSums& operator+=(const CallSums& other);
    bool operator==(const CallSums&) const = default;
};
/// What a call adds; nothing when it does not count.
[[nodiscard]] CallSums sums_of(const CallReport& report);

/// Calls are added up in spans of so many milliseconds: 240 of them are an hour.
inline constexpr std::int64_t kHealthSpanMs = 15'000;

/// The calls of the last minutes, the latest counting most. Only spans with calls take memory, 48
/// bytes each. What is read for every request, the figures, is kept up to date as calls are added
/// and worked out anew only once a span.
class HealthWindow {
  public:
    void add(const CallSums& sums, const RoutingSettings& settings, std::int64_t now);
    /// Calls of an earlier time.
    void add_past(const CallSums& sums, std::int64_t time);
    [[nodiscard]] const HealthFigures& figures(const RoutingSettings& settings, std::int64_t now);
    /// Has the figures worked out anew: the settings are others.
    void invalidate() { current_ = kNever; }

  private:
    struct Span {
        std::int64_t number;  // its begin divided by kHealthSpanMs
        CallSums sums;
    };
    // Sums of calls times the weights of their spans.
    struct Weighted {
        double succeeded = 0, counted = 0;
        double latency_ms = 0, latencies = 0;
        double output_tokens = 0, generation_ms = 0;
        std::uint64_t calls = 0;  // without weight

        void add(const CallSums& sums, double weight);
    };
    static constexpr std::int64_t kNever = INT64_MIN;

    void advance(const RoutingSettings& settings, std::int64_t now);
    void work_out_figures();

    std::vector<Span> spans_;        // by number
    std::int64_t current_ = kNever;  // the span for which the rest holds
    double current_weight_ = 0;      // of calls in it
    Weighted weighted_;
    HealthFigures figures_;
};

}  // namespace llmgw
