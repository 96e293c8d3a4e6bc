// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/sent_keys.h"

#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::string_view kBearer = "bearer ";

bool is_bearer(std::string_view authorization) {
    return authorization.size() > kBearer.size() &&
           equals_ignoring_case(authorization.substr(0, kBearer.size()), kBearer);
}

}  // namespace

std::string_view sent_key(const RequestHead& head) {
    const std::string_view authorization = head.header("authorization");
    if (is_bearer(authorization)) {
        return trim(authorization.substr(kBearer.size()));
    }
    const std::string_view key = head.header("x-api-key");
    return key.empty() ? head.header("api-key") : key;
}

std::vector<std::string_view> portkey_keys(const RequestHead& head) {
    std::vector<std::string_view> keys;
    const auto add = [&keys](std::string_view key) {
        if (!key.empty()) {
            keys.push_back(key);
        }
    };
    add(trim(head.header("x-portkey-api-key")));
    const std::string_view authorization = trim(head.header("authorization"));
    if (is_bearer(authorization)) {
        add(trim(authorization.substr(kBearer.size())));
    } else if (authorization.find(' ') == std::string_view::npos) {
        add(authorization);  // Portkey takes a key without "Bearer", too
    }
    add(head.header("x-api-key"));
    add(head.header("api-key"));
    return keys;
}

}  // namespace llmgw
