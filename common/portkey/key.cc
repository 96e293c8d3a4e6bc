// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/key.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"

namespace llmgw {

std::string portkey_label(std::string_view slug) {
    constexpr std::size_t kMaxLabel = 64;
    std::string out;
    for (const char c : to_lower(slug)) {
        const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        const bool inner = c == '.' || c == '_' || c == '-';
        if (word || (inner && !out.empty())) {
            out += c;
        } else if (!out.empty() && out.back() != '-') {
            out += '-';
        }
    }
    out.resize(std::min(out.size(), kMaxLabel));
    while (!out.empty() && out.back() == '-') {
        out.pop_back();
    }
    return out.empty() ? "key" : out;
}

}  // namespace llmgw
