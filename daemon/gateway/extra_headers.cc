// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/extra_headers.h"

#include <algorithm>

#include "common/base/text.h"

namespace llmgw {

namespace {

// RFC 9110 §7.6.1, framing, and all that carries credentials anywhere.
constexpr std::string_view kNever[] = {"connection",
                                       "keep-alive",
                                       "proxy-connection",
                                       "te",
                                       "trailer",
                                       "transfer-encoding",
                                       "upgrade",
                                       "content-length",
                                       "content-encoding",
                                       "content-type",
                                       "host",
                                       "expect",
                                       "accept-encoding",
                                       "authorization",
                                       "proxy-authorization",
                                       "proxy-authenticate",
                                       "x-api-key",
                                       "api-key",
                                       "x-goog-api-key",
                                       "x-amz-security-token",
                                       "x-amz-date",
                                       "x-amz-content-sha256",
                                       "cookie",
                                       "set-cookie"};
constexpr std::string_view kGateway[] = {"x-llmgw-", "x-portkey-", "sec-", "x-forwarded-"};

bool is_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void set(ExtraHeaders& headers, std::string_view name, std::string_view value) {
    if (!may_go_upstream(name) || !is_value(value)) {
        return;
    }
    const auto known = std::find_if(headers.begin(), headers.end(), [&](const auto& one) {
        return equals_ignoring_case(one.first, name);
    });
    if (known == headers.end()) {
        headers.emplace_back(name, value);
    } else {
        known->second = value;
    }
}

bool is_set(const ExtraHeaders& headers, std::string_view line) {
    const std::string_view name = line.substr(0, line.find(':'));
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& one) { return equals_ignoring_case(one.first, name); });
}

}  // namespace

bool may_go_upstream(std::string_view name) {
    constexpr std::string_view kTokens =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";  // RFC 9110 §5.6.2
    const std::string lower = to_lower(name);
    return !lower.empty() && lower.find_first_not_of(kTokens) == std::string::npos &&
           std::find(std::begin(kNever), std::end(kNever), lower) == std::end(kNever) &&
           std::none_of(std::begin(kGateway), std::end(kGateway),
                        [&](std::string_view prefix) { return lower.starts_with(prefix); });
}

ExtraHeaders extra_headers(const ExtraHeaders& own, const std::vector<std::string>& forwarded,
                           const RequestHead& client) {
    ExtraHeaders headers;
    for (const auto& [name, value] : own) {
        set(headers, name, value);
    }
    for (const std::string& name : forwarded) {
        for (const HeaderView& header : client.headers) {
            if (equals_ignoring_case(header.name, name)) {
                set(headers, header.name, header.value);
            }
        }
    }
    return headers;
}

void set_headers(std::string& head, const ExtraHeaders& headers) {
    std::string out;
    out.reserve(head.size() + 64 * headers.size());
    std::string_view rest = head;
    bool request_line = true;
    while (!rest.empty() && !rest.starts_with("\r\n")) {
        const std::size_t size = std::min(rest.find("\r\n"), rest.size() - 2) + 2;
        const std::string_view line = rest.substr(0, size);
        if (request_line || !is_set(headers, line)) {
            out += line;
        }
        request_line = false;
        rest.remove_prefix(size);
    }
    for (const auto& [name, value] : headers) {
        out += name + ": " + value + "\r\n";
    }
    out += "\r\n";
    head = std::move(out);
}

}  // namespace llmgw
