// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

/// What one call to a provider tells about its key. Times in milliseconds.
struct CallReport {
    enum class Verdict {
        succeeded,
        failed,        ///< no answer or a bad one: the provider's fault, and counts against it
        rate_limited,  ///< it wants to be left alone for a while (429, 529 with a delay)
        refused,       ///< it does not take the key (401, 402, 403)
        not_counted,   ///< the request's own fault, or the client left: says nothing
    };
    Verdict verdict = Verdict::not_counted;
    int status = 0;  ///< HTTP; 0: no answer
    /// For how long the provider asks to be left alone (Retry-After and its kin).
    std::optional<std::int64_t> wait_ms;
    std::optional<double> first_content_ms;  ///< of a stream: from sending to its first content
    std::uint64_t output_tokens = 0;         ///< of a stream that succeeded; 0: not known
    double generation_ms = 0;                ///< from its first content to its end
    std::string detail;                      ///< the provider's words, without secrets
};

/// How a provider key has done with a model lately; the window's decay is applied already.
struct HealthFigures {
    std::optional<double> uptime;      ///< percent of the calls that count; none: there were none
    std::optional<double> latency_ms;  ///< of streams: to the first content
    std::optional<double> throughput;  ///< output tokens a second
    std::uint64_t calls = 0;           ///< that count, in the window

    bool operator==(const HealthFigures&) const = default;
};

/// Why a key is left alone.
enum class RestReason : std::uint8_t { rate_limited, refused, failing };
[[nodiscard]] std::string_view rest_reason_name(RestReason reason);
[[nodiscard]] std::optional<RestReason> read_rest_reason(std::string_view name);

/// A pause of a key, for one model or for all.
struct Rest {
    RestReason reason = RestReason::failing;
    std::int64_t since = 0;  ///< Unix milliseconds, as all times here
    std::int64_t until = 0;
    int times = 0;   ///< how often in a row it had to rest
    int status = 0;  ///< of the answer that caused it; 0: there was none
    std::string detail;
};

/// Whether a key may be asked now.
enum class Readiness : std::uint8_t {
    ready,
    probe,    ///< its rest is over: one call may find out whether it works again
    resting,  ///< or being probed by another call
};

}  // namespace llmgw
