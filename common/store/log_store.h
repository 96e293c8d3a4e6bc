// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/money.h"

namespace llmgw {

/// One call of the log: a request with its outcome, or one of its failed attempts.
struct LoggedCall {
    std::int64_t id = 0;    ///< grows with every row
    std::int64_t time = 0;  ///< when the request arrived; Unix milliseconds, as all times here
    std::string request_id;
    int attempt = 0;       ///< counted from 1; a request whose providers were never asked has 0
    bool final = true;     ///< the client's answer; false: a failed attempt before it
    std::string endpoint;  ///< "chat.completions"
    std::string requested_model;  ///< as the client named it
    std::string model, provider, key, region;
    bool streamed = false;
    int status = 0;  ///< what the client got, or for an attempt what the provider said; 0: nothing
    std::string error;         ///< "none", "network_error", "rate_limited"…
    std::string usage_source;  ///< "provider", "estimated", "unknown"
    std::uint64_t input = 0, cached_input = 0, cache_write = 0, output = 0, reasoning = 0;
    std::optional<Money> cost;
    std::optional<std::int64_t> first_byte_us;
    std::int64_t duration_us = 0;
    std::string decision;  ///< decision_json() of the request; empty for attempts
};

/// Health of one key and model in one span of time.
struct HealthRow {
    std::string key, model;
    std::int64_t begin = 0;  ///< of the span
    std::uint32_t succeeded = 0, failed = 0;
    double latency_ms = 0;  ///< sum
    std::uint32_t latencies = 0;
    double output_tokens = 0;
    double generation_ms = 0;
};

/// A pause of a key; of all its models when `model` is empty.
struct RestRow {
    std::string key, model;
    std::string reason;  ///< "rate_limited", "refused", "failing"
    std::int64_t since = 0, until = 0;
    int times = 0;
    int status = 0;
    std::string detail;
};

}  // namespace llmgw
