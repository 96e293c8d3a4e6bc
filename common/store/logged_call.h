// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/money.h"

namespace llmgw {

/// One call of the log: a request with its outcome, or one of its failed attempts.
template <typename Text>
struct BasicCall {
    std::int64_t id = 0;    ///< grows with every call; the log chooses it
    std::int64_t time = 0;  ///< when the request arrived; Unix milliseconds, as all times here
    Text request_id;
    int attempt = 0;       ///< counted from 1; a request whose providers were never asked has 0
    bool final = true;     ///< the client's answer; false: a failed attempt before it
    Text endpoint;         ///< "chat.completions"
    Text requested_model;  ///< as the client named it
    Text model, provider, key, region;
    Text route;  ///< that the request took; empty: none
    bool streamed = false;
    int status = 0;  ///< what the client got, or for an attempt what the provider said; 0: nothing
    Text error;      ///< "none", "network_error", "rate_limited"…
    Text usage_source;  ///< "provider", "estimated", "unknown"
    std::uint64_t input = 0, cached_input = 0, cache_write = 0, output = 0, reasoning = 0;
    std::optional<Money> cost;
    std::optional<std::int64_t> first_byte_us;
    std::int64_t duration_us = 0;
    bool cached = false;  ///< the response cache has answered it

    /// Whether it counts as an error: nothing or an error was answered, or the answer was cut off.
    [[nodiscard]] bool failed() const {
        return status == 0 || status >= 400 || (!error.empty() && error != "none");
    }
    /// When it ended: what the log is ordered by, but for moments.
    [[nodiscard]] std::int64_t end() const { return time + duration_us / 1000; }
};

/// A call whose texts are somewhere else.
using CallView = BasicCall<std::string_view>;
using LoggedCall = BasicCall<std::string>;

/// Between the two: the one that points into the other, or has copies of its texts.
template <typename To, typename From>
[[nodiscard]] BasicCall<To> convert_call(const BasicCall<From>& call) {
    BasicCall<To> made;
    made.id = call.id;
    made.time = call.time;
    made.request_id = To(call.request_id);
    made.attempt = call.attempt;
    made.final = call.final;
    made.endpoint = To(call.endpoint);
    made.requested_model = To(call.requested_model);
    made.model = To(call.model);
    made.provider = To(call.provider);
    made.key = To(call.key);
    made.region = To(call.region);
    made.route = To(call.route);
    made.streamed = call.streamed;
    made.status = call.status;
    made.error = To(call.error);
    made.usage_source = To(call.usage_source);
    made.input = call.input;
    made.cached_input = call.cached_input;
    made.cache_write = call.cache_write;
    made.output = call.output;
    made.reasoning = call.reasoning;
    made.cost = call.cost;
    made.first_byte_us = call.first_byte_us;
    made.duration_us = call.duration_us;
    made.cached = call.cached;
    return made;
}

[[nodiscard]] inline CallView view_of(const LoggedCall& call) {
    return convert_call<std::string_view>(call);
}
[[nodiscard]] inline LoggedCall copy_of(const CallView& call) {
    return convert_call<std::string>(call);
}

}  // namespace llmgw
