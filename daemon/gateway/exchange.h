// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "daemon/gateway/client_stream.h"
#include "daemon/gateway/core.h"
#include "daemon/gateway/extra_headers.h"
#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/request_images.h"
#include "daemon/gateway/resolve.h"
#include "daemon/gateway/route_call.h"
#include "daemon/gateway/usage.h"
#include "daemon/http/client.h"
#include "daemon/http/head.h"
#include "daemon/portkey/request_headers.h"
#include "daemon/routing/decision.h"
#include "daemon/upstream/answer.h"

namespace llmgw {

/// One call to one provider, for the answer's `metadata.routing` and the log. The views point into
/// the exchange's snapshot and the request.
struct AttemptRecord {
    std::string_view provider;
    std::string_view model;
    std::string_view key;     ///< the provider key's label
    std::string_view region;  ///< empty: not known
    int status = 0;           ///< 0: no answer
    /// "none", "network_error", "upstream_timeout", "unsupported_request"…
    std::string_view error = "none";
    std::optional<std::int64_t> wait_ms;  ///< for how long it wants to be left alone
    std::int64_t duration_us = 0;         ///< until it was known whether it answers
};

/// How a request ended, for the log.
struct Outcome {
    int status = 0;              ///< that the client got; 0: none
    std::string error = "none";  ///< as AttemptRecord's, or the code of an Error
    std::optional<Usage> usage;  ///< of what was delivered
    std::optional<Cost> cost;
    std::optional<std::int64_t> first_content_us;  ///< of a stream: since the request came
    bool complete = false;                         ///< the client has got all of an answer

    /// Where the counts of tokens come from: "provider", "estimated", "unknown".
    [[nodiscard]] std::string_view usage_source() const {
        if (!usage) {
            return "unknown";
        }
        return usage->estimated ? "estimated" : "provider";
    }
};

/// The answer of the response cache that a request got.
struct CacheHit {
    std::string provider, model;       ///< that have made it
    std::int64_t age_ms = 0;           ///< since then
    std::optional<double> similarity;  ///< of the request that it was made for, when not the same
};

/// What a route says about the calls to one of its targets.
struct CallTerms {
    std::int64_t timeout_ms = 0;  ///< until an answer begins; 0: none
    ExtraHeaders headers;         ///< that go upstream as well
};

/// One request on its way through the gateway.
struct Exchange {
    using Clock = std::chrono::steady_clock;

    Exchange(Core& in, Client& from, const RequestHead& request);

    Core& core;
    Client& client;
    const RequestHead& head;
    std::shared_ptr<const Snapshot> snapshot;  ///< the set-up it began with
    std::string request_id;                    ///< the client's own, if it sent one
    bool no_fallback = false;
    bool plain = false;
    std::string gateway_key;                        ///< as of InferenceRequest
    std::unique_ptr<const PortkeyRequest> portkey;  ///< as of InferenceRequest
    bool no_cache = false;
    std::string_view cache_ttl;          ///< `x-llmgw-cache-ttl`, unchecked; empty: not sent
    std::string_view cache_use = "off";  ///< for `x-llmgw-cache`
    std::optional<CacheHit> hit;
    /// The answer goes to the cache and to whoever else asks the same: it is the provider's in
    /// OpenAI's format, without additions and without this request's header lines.
    bool shared = false;
    std::shared_ptr<const Decision> decision;  ///< once it is routed
    std::vector<AttemptRecord> attempts;
    const Candidate* answering = nullptr;  ///< whose answer is being passed on
    std::optional<ClientStream> stream;    ///< when the client wants one
    RequestImages images;                  ///< those that were fetched
    UpstreamAnswer* active = nullptr;      ///< cancelled when the client goes away
    const CallTerms* terms = nullptr;      ///< of the target that is being asked; usually none
    Outcome outcome;
    std::shared_ptr<const RouteCall> route;  ///< that it takes; usually none
    RouteProgress route_progress;
    /// What a route had made for it, into which the records of its attempts point.
    std::vector<std::shared_ptr<const void>> kept;

    [[nodiscard]] Clock::time_point started() const { return started_; }
    /// The same in Unix milliseconds.
    [[nodiscard]] std::int64_t started_ms() const { return started_ms_; }
    /// It is part of a request that came before.
    void begin_at(Clock::time_point started) { started_ = started; }
    /// What is left of `timeouts.total`, which all attempts share; not positive: nothing.
    [[nodiscard]] std::chrono::milliseconds time_left() const;
    /// Since the request came.
    [[nodiscard]] std::int64_t micros(Clock::time_point until) const;
    /// The client has got the head of a stream already.
    [[nodiscard]] bool begun() const { return stream && stream->begun(); }

    /// Header lines that every inference answer has.
    [[nodiscard]] std::string common_fields() const;
    /// Those, and what is known of the provider that answered.
    [[nodiscard]] std::string answer_fields(const Candidate& candidate,
                                            std::string_view changes) const;
    /// Those, and what is known of the stored answer that is a `hit`.
    [[nodiscard]] std::string hit_fields() const;
    /// The head of a stream, for as long as nobody is known to answer.
    [[nodiscard]] AnswerHead stream_head() const;
    /// The members of `metadata`; no `candidate`: nobody answered.
    [[nodiscard]] std::string metadata(std::string_view requested_model,
                                       const Candidate* candidate) const;

    /// Sends a whole answer. A stream that has begun gets it as its last event, if it is an error,
    /// and ends without `[DONE]`.
    Task<bool> answer(const AnswerHead& whole, std::vector<std::string_view> body);

  private:
    [[nodiscard]] std::string portkey_fields() const;
    Task<bool> end_with_event(std::vector<std::string_view> body);
    void append_routing(std::string& text) const;
    void append_reason(std::string& text) const;

    Clock::time_point started_ = Clock::now();
    std::int64_t started_ms_ = unix_ms();
};

/// Header lines of every stream.
inline constexpr std::string_view kStreamFields =
    "cache-control: no-cache\r\nx-accel-buffering: no\r\n";
inline constexpr std::string_view kStreamType = "text/event-stream; charset=utf-8";

/// Answers with an error and counts it.
Task<void> answer_error(Exchange& exchange, const Error& error);

}  // namespace llmgw
