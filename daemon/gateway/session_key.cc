// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/session_key.h"

#include <array>

#include "common/base/text.h"

namespace llmgw {

namespace {

// LLM Gateway's order, by which clients are written.
constexpr std::array<std::string_view, 4> kHeaders = {"x-session-id", "x-session-affinity",
                                                      "session_id", "session-id"};
constexpr std::array<std::string_view, 2> kFields = {"prompt_cache_key", "user"};

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= kMaxSessionKey;
}

// The best of the headers, in one pass over them.
std::string_view from_headers(const RequestHead& head) {
    std::string_view key;
    std::size_t best = kHeaders.size();
    for (const HeaderView& header : head.headers) {
        for (std::size_t i = 0; i < best; i++) {
            if (header.name.size() == kHeaders[i].size() &&
                equals_ignoring_case(header.name, kHeaders[i]) && is_key(header.value)) {
                key = header.value;
                best = i;
            }
        }
    }
    return key;
}

}  // namespace

std::string_view session_key(const RequestHead& head, const InferenceCall& call) {
    if (const std::string_view key = from_headers(head); !key.empty()) {
        return key;
    }
    for (const std::string_view name : kFields) {
        const JsonField* const field = find_field(call.fields, name);
        if (field == nullptr || json_kind(field->value) != JsonKind::string) {
            continue;
        }
        // Escapes stay: the same client writes the same text in the same way.
        const std::string_view key = field->value.substr(1, field->value.size() - 2);
        if (is_key(key)) {
            return key;
        }
    }
    return {};
}

}  // namespace llmgw
