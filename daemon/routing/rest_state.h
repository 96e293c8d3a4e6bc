// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "daemon/routing/health.h"

namespace llmgw {

/// Whether a key may be asked: the states of a circuit breaker. Ready; at rest for a while; then
/// half open, when exactly one call may probe it, until that call has told how it went. The times
/// are those of the wall clock. When it is set back, a rest moves along with it, so that none lasts
/// longer than it was to.
class RestState {
  public:
    [[nodiscard]] Readiness readiness(std::int64_t now);
    /// The rest that holds, or is to be probed; nullptr when it is ready.
    [[nodiscard]] const Rest* rest() const { return resting_ ? &rest_ : nullptr; }

    /// Gives the one probe away. A probe that never comes back is given away again after a while.
    void take_probe(std::int64_t now) { probe_since_ = now; }
    void return_probe() { probe_since_ = kNoProbe; }

    /// Begins a rest, or replaces one that ends earlier. `next.times` is set here: one more than
    /// that of the rest before if that had the same reason.
    void begin(Rest next);
    /// How long a rest for this reason is now, when each in a row takes twice as long as the last.
    [[nodiscard]] std::int64_t next_length(RestReason reason, std::int64_t first,
                                           std::int64_t longest) const;
    /// The key answers again: others may ask it too, but a new failure has it rest for longer.
    void lift();
    /// The key works: all is forgotten.
    void end();
    /// Takes over a rest of an earlier run.
    void restore(Rest rest);

  private:
    static constexpr std::int64_t kNoProbe = INT64_MIN;

    Rest rest_;
    bool resting_ = false;
    std::int64_t probe_since_ = kNoProbe;
};

}  // namespace llmgw
