// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/upstream_head.h"

#include <algorithm>

#include "common/base/text.h"

namespace llmgw {

namespace {

// Client headers that mean something to a provider of a format. Everything else stays here.
struct ForwardedField {
    std::string_view name;
    Wire wire;
};
constexpr ForwardedField kForwarded[] = {{"openai-beta", Wire::openai},
                                         {"idempotency-key", Wire::openai},
                                         {"anthropic-beta", Wire::anthropic}};

// Upstream headers that mean something to a client.
bool is_passed_on(std::string_view name) {
    if (name.size() < std::string_view("retry-after").size()) {
        return false;  // none of them is as short
    }
    const std::string lower = to_lower(name);
    return lower == "retry-after" || lower == "retry-after-ms" || lower == "openai-version" ||
           lower == "openai-processing-ms" || lower.starts_with("x-ratelimit-") ||
           lower.starts_with("anthropic-ratelimit-");
}

}  // namespace

std::string passed_on_fields(const ResponseHead& head) {
    std::string fields;
    for (const HeaderView& header : head.headers) {
        if (is_passed_on(header.name)) {
            fields += to_lower(header.name) + ": " + std::string(header.value) + "\r\n";
        }
    }
    return fields;
}

std::string upstream_head(const Candidate& candidate, const AdaptedRequest& request,
                          const InferenceCall& call, const RequestHead& client_head,
                          std::string_view authorization) {
    const BaseUrl& url = candidate.access->url;
    std::string head;
    head.reserve(512 + std::min(request.body_size(), kSmallBody));
    head += "POST ";
    head += url.path;
    head += request.path;
    head += " HTTP/1.1\r\nHost: ";
    head += url.host_header();
    head += "\r\n";
    const Wire wire = candidate.access->wire;
    head += authorization;
    head += request.fields;
    head += "Content-Type: application/json\r\nAccept: ";
    head += call.stream ? "text/event-stream" : "application/json";
    head += "\r\nAccept-Encoding: identity\r\nUser-Agent: llmgw/" LLMGW_VERSION "\r\n";
    for (const HeaderView& header : client_head.headers) {
        for (const ForwardedField& field : kForwarded) {
            if (field.wire == wire && equals_ignoring_case(header.name, field.name)) {
                head += std::string(field.name) + ": " + std::string(header.value) + "\r\n";
            }
        }
    }
    head += "Content-Length: ";
    head += std::to_string(request.body_size());
    head += "\r\n\r\n";
    return head;
}

}  // namespace llmgw
