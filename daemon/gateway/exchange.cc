// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/exchange.h"

#include <algorithm>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/api/errors.h"

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
        }
    }
    if (request_id.empty()) {
        request_id = in.new_request_id();
    }
}

std::string Exchange::common_fields() const {
    return "x-request-id: " + request_id +
           "\r\nx-llmgw-cache: off\r\nx-llmgw-attempts: " + std::to_string(attempts.size()) +
           "\r\n";
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

std::string Exchange::routing() const {
    std::string text = "[";
    for (const AttemptRecord& attempt : attempts) {
        text += text.size() > 1 ? "," : "";
        text +=
            "{\"provider\":" + json_quote(attempt.provider) +
            ",\"model\":" + json_quote(attempt.model) + ",\"key\":" + json_quote(attempt.key) +
            ",\"status_code\":" + (attempt.status == 0 ? "null" : std::to_string(attempt.status)) +
            ",\"error_type\":" + json_quote(attempt.error) +
            ",\"succeeded\":" + (attempt.error == "none" ? "true" : "false") + "}";
    }
    return text + "]";
}

std::string Exchange::metadata(std::string_view requested_model, const Candidate& candidate) const {
    return "\"request_id\":" + json_quote(request_id) +
           ",\"requested_model\":" + json_quote(requested_model) +
           ",\"used_model\":" + json_quote(candidate.model_name()) +
           ",\"used_provider\":" + json_quote(candidate.provider_name()) +
           ",\"cached\":false,\"routing\":" + routing();
}

Task<void> answer_error(Exchange& exchange, const Error& error) {
    exchange.core.stats.errors++;
    const LocalAnswer local = error_answer(error);
    const AnswerHead head{local.status, local.content_type, exchange.common_fields()};
    std::vector<std::string_view> body(1, local.body);
    co_await exchange.client.answer(head, std::move(body));
}

}  // namespace llmgw
