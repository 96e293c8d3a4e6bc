// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/exchange.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/api/errors.h"
#include "daemon/http/sse.h"
#include "daemon/portkey/answer_fields.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxRequestId = 128;

bool is_true(std::string_view value) {
    return value == "1" || equals_ignoring_case(value, "true");
}

// An id that can go into headers, logs and JSON as it is.
bool is_request_id(std::string_view id) {
    return !id.empty() && id.size() <= kMaxRequestId &&
           std::all_of(id.begin(), id.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.' || c == ':';
           });
}

// A text from outside as a header value.
std::string field_value(std::string_view text) {
    std::string value(text);
    std::replace_if(
        value.begin(), value.end(), [](char c) { return c < 0x20 || c == 0x7f; }, '?');
    return value;
}

}  // namespace

Exchange::Exchange(Core& in, Client& from, const RequestHead& request)
    : core(in), client(from), head(request), snapshot(in.snapshot) {
    for (const HeaderView& header : request.headers) {
        if (header.name.size() < 10 || (header.name[0] | 0x20) != 'x') {
            continue;
        }
        if (equals_ignoring_case(header.name, "x-request-id") && is_request_id(header.value)) {
            request_id = header.value;
        } else if (equals_ignoring_case(header.name, "x-no-fallback")) {
            no_fallback = is_true(header.value);
        } else if (equals_ignoring_case(header.name, "x-llmgw-plain")) {
            plain = is_true(header.value);
        } else if (equals_ignoring_case(header.name, "x-no-cache")) {
            no_cache = is_true(header.value);
        } else if (equals_ignoring_case(header.name, "x-llmgw-cache-ttl")) {
            cache_ttl = header.value;
        }
    }
    if (request_id.empty()) {
        request_id = in.new_request_id();
    }
}

std::chrono::milliseconds Exchange::time_left() const {
    using std::chrono::milliseconds;
    return milliseconds(snapshot->settings.timeouts.total) -
           std::chrono::duration_cast<milliseconds>(Clock::now() - started_);
}

std::int64_t Exchange::micros(Clock::time_point until) const {
    return std::chrono::duration_cast<std::chrono::microseconds>(until - started_).count();
}

std::string Exchange::common_fields() const {
    std::string fields;
    fields.reserve(384);
    if (shared) {
        return fields;
    }
    fields += "x-request-id: ";
    fields += request_id;
    fields += "\r\nx-llmgw-cache: ";
    fields += cache_use;
    fields += "\r\nx-llmgw-attempts: ";
    fields += std::to_string(attempts.size());
    fields += "\r\n";
    if (portkey) {
        fields += portkey_fields();
    }
    return fields;
}

// What Portkey's SDKs look for.
std::string Exchange::portkey_fields() const {
    PortkeyAnswer answer;
    answer.trace_id = portkey->trace_id.empty() ? request_id : portkey->trace_id;
    if (cache_use == "hit") {
        answer.cache = hit && hit->similarity ? "SEMANTIC HIT" : "HIT";
    } else if (cache_use == "miss") {
        answer.cache = portkey->refresh ? "REFRESH" : "MISS";
    }
    if (hit) {
        answer.provider = hit->provider;
    } else if (!attempts.empty()) {
        answer.provider = attempts.back().provider;
    }
    std::string option = "config";
    if (!route_progress.path.empty()) {
        option += '.';
        option += route_progress.path;
    }
    answer.option = option;
    answer.retries = route_progress.retries;
    return portkey_answer_fields(answer);
}

std::string Exchange::hit_fields() const {
    std::string fields = common_fields();
    fields += "x-llmgateway-cache: HIT\r\nage: ";
    fields += std::to_string(std::max<std::int64_t>(hit->age_ms, 0) / 1000);
    if (hit->similarity) {
        std::array<char, 16> text{};
        std::snprintf(text.data(), text.size(), "%.2f", *hit->similarity);
        fields += "\r\nx-llmgw-cache-match: near; similarity=";
        fields += text.data();
    }
    fields += "\r\nx-llmgw-provider: ";
    fields += hit->provider;
    fields += "\r\nx-llmgw-model: ";
    fields += field_value(hit->model);
    fields += "\r\n";
    return fields;
}

std::string Exchange::answer_fields(const Candidate& candidate, std::string_view changes) const {
    std::string fields = common_fields();
    fields += "x-llmgw-provider: ";
    fields += candidate.provider_name();
    fields += "\r\nx-llmgw-model: ";
    fields += field_value(candidate.model_name());
    fields += "\r\n";
    if (!changes.empty()) {
        fields += "x-llmgw-changed: ";
        fields += changes;
        fields += "\r\n";
    }
    return fields;
}

AnswerHead Exchange::stream_head() const {
    AnswerHead answer;
    answer.content_type = kStreamType;
    answer.fields = common_fields();
    answer.fields += kStreamFields;
    return answer;
}

void Exchange::append_routing(std::string& text) const {
    text += '[';
    for (std::size_t i = 0; i < attempts.size(); i++) {
        const AttemptRecord& attempt = attempts[i];
        text += i > 0 ? ",{\"provider\":" : "{\"provider\":";
        append_json_quoted(text, attempt.provider);
        text += ",\"model\":";
        append_json_quoted(text, attempt.model);
        if (!attempt.region.empty()) {
            text += ",\"region\":";
            append_json_quoted(text, attempt.region);
        }
        text += ",\"key\":";
        append_json_quoted(text, attempt.key);
        text += ",\"status_code\":";
        text += attempt.status == 0 ? "null" : std::to_string(attempt.status);
        text += ",\"error_type\":";
        append_json_quoted(text, attempt.error);
        text += attempt.error == "none" ? ",\"succeeded\":true" : ",\"succeeded\":false";
        text += ",\"duration_ms\":";
        text += std::to_string((attempt.duration_us + 500) / 1000);
        text += '}';
    }
    text += ']';
}

// Why the first one was asked first; and of a pinned provider that was not, how it has been doing.
void Exchange::append_reason(std::string& text) const {
    const RouteReason reason = decision->ranking.reason;
    text += ",\"routing_reason\":";
    append_json_quoted(text, reason_name(reason));
    if (reason != RouteReason::low_uptime) {
        return;
    }
    const auto& candidates = decision->candidates;
    const auto pinned =
        std::find_if(candidates.begin(), candidates.end(),
                     [](const CandidateFacts& candidate) { return candidate.named; });
    if (pinned != candidates.end()) {
        text += ",\"original_provider\":";
        append_json_quoted(text, pinned->provider);
        text += ",\"original_provider_uptime\":";
        const auto tenths = std::lround(pinned->health.uptime.value_or(0) * 10);
        text += std::to_string(tenths / 10);
        text += '.';
        text += std::to_string(tenths % 10);
    }
}

std::string Exchange::metadata(std::string_view requested_model, const Candidate* candidate) const {
    std::string text;
    text.reserve(512);
    text += "\"request_id\":";
    append_json_quoted(text, request_id);
    text += ",\"requested_model\":";
    append_json_quoted(text, requested_model);
    if (hit || candidate != nullptr) {
        text += ",\"used_model\":";
        append_json_quoted(text, hit ? hit->model : candidate->model_name());
        text += ",\"used_provider\":";
        append_json_quoted(text, hit ? hit->provider : candidate->provider_name());
    }
    text += hit ? ",\"cached\":true,\"routing\":" : ",\"cached\":false,\"routing\":";
    append_routing(text);
    if (decision) {
        append_reason(text);
    }
    if (route) {
        text += ",\"route\":";
        append_json_quoted(text, route->name);
        text += ",\"route_target\":";
        append_json_quoted(text, route_progress.path);
    }
    return text;
}

Task<bool> Exchange::answer(const AnswerHead& whole, std::vector<std::string_view> body) {
    if (!begun()) {
        if (stream) {
            stream->stop();
        }
        outcome.status = whole.status;
        return client.answer(whole, std::move(body));
    }
    return end_with_event(std::move(body));
}

Task<bool> Exchange::end_with_event(std::vector<std::string_view> body) {
    std::string document;
    for (const std::string_view piece : body) {
        document += piece;
    }
    const std::string event = sse_event(document);
    outcome.status = 200;
    const bool sent = co_await stream->send(event);
    const bool ended = co_await stream->end(sent);
    co_return ended;
}

Task<void> answer_error(Exchange& exchange, const Error& error) {
    exchange.core.stats.errors++;
    const LocalAnswer local = error_answer(error);
    exchange.outcome.error = error.code.empty() ? errc_name(error.kind) : error.code;
    const AnswerHead head{local.status, local.content_type,
                          exchange.common_fields() + local.fields};
    std::vector<std::string_view> body(1, local.body);
    co_await exchange.answer(head, std::move(body));
}

}  // namespace llmgw
