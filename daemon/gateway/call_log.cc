// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/call_log.h"

#include <utility>

#include "daemon/gateway/request_log.h"
#include "daemon/portkey/header_uses.h"

namespace llmgw {

namespace {

std::string_view endpoint_name(Endpoint endpoint) {
    switch (endpoint) {
        case Endpoint::chat_completions:
            return "chat.completions";
        case Endpoint::completions:
            return "completions";
        case Endpoint::embeddings:
            return "embeddings";
    }
    return "";
}

void add_provider(CallView& row, const AttemptRecord& attempt) {
    row.model = attempt.model;
    row.provider = attempt.provider;
    row.key = attempt.key;
    row.region = attempt.region;
}

void add_usage(CallView& row, const Outcome& outcome) {
    row.usage_source = outcome.usage_source();
    row.cost = outcome.cost ? std::optional(outcome.cost->total) : std::nullopt;
    if (!outcome.usage) {
        return;
    }
    const Usage& usage = *outcome.usage;
    row.input = usage.input + usage.audio_input + usage.image_input;
    row.cached_input = usage.cached_input;
    row.cache_write = usage.cache_write + usage.cache_write_1h;
    row.output = usage.output + usage.audio_output + usage.image_output;
    row.reasoning = usage.reasoning;
}

}  // namespace

void log_request(const Exchange& exchange, Endpoint endpoint, const InferenceCall* call) {
    RequestLog* const log = exchange.core.request_log;
    if (log == nullptr) {
        return;
    }
    if (exchange.portkey) {
        log->count_portkey(portkey_header_uses(exchange.head, exchange.gateway_key));
    }
    CallView row;
    row.duration_us = exchange.micros(Exchange::Clock::now());
    row.time = exchange.started_ms();
    row.request_id = exchange.request_id;
    row.endpoint = endpoint_name(endpoint);
    if (exchange.route != nullptr) {
        row.route = exchange.route->name;
    }
    if (call != nullptr) {
        row.requested_model = call->model;
        row.streamed = call->stream;
    }
    for (std::size_t i = 0; i + 1 < exchange.attempts.size(); i++) {
        const AttemptRecord& attempt = exchange.attempts[i];
        CallView failed = row;
        failed.attempt = static_cast<int>(i + 1);
        failed.final = false;
        failed.status = attempt.status;
        failed.error = attempt.error;
        failed.duration_us = attempt.duration_us;
        failed.usage_source = "unknown";
        add_provider(failed, attempt);
        log->add(failed, nullptr);
    }
    row.attempt = static_cast<int>(exchange.attempts.size());
    row.status = exchange.outcome.status;
    row.error = exchange.outcome.error;
    row.first_byte_us = exchange.outcome.first_content_us;
    if (!exchange.attempts.empty()) {
        add_provider(row, exchange.attempts.back());
    }
    if (exchange.hit) {
        row.cached = true;
        row.model = exchange.hit->model;
        row.provider = exchange.hit->provider;
    }
    add_usage(row, exchange.outcome);
    log->add(row, exchange.decision);
}

}  // namespace llmgw
