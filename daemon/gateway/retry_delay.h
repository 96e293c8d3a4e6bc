// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/http/head.h"

namespace llmgw {

/// The longest wait that a provider is believed.
inline constexpr std::int64_t kLongestRetryDelayMs = 24LL * 3600 * 1000;

/// For how many milliseconds a provider asks to be left alone; nullopt: its answer does not say.
/// `retry-after-ms` counts before `Retry-After` (seconds or a date, RFC 9110 §10.2.3) and Google's
/// `RetryInfo`. When it is `rate_limited`, so do the limits that are used up: headers such as
/// `x-ratelimit-reset-tokens` whose `…-remaining-…` is 0; and at last "try again in 20s" in its
/// words. `now` is Unix milliseconds. Pure.
[[nodiscard]] std::optional<std::int64_t> retry_delay_ms(const ResponseHead& head,
                                                         std::string_view body, bool rate_limited,
                                                         std::int64_t now);

}  // namespace llmgw
