// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/plan_names.h"

#include <algorithm>

#include "common/base/text.h"

namespace llmgw {
namespace {

constexpr std::size_t kMaxName = 64;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string plan_name(std::string_view text, std::string_view otherwise) {
    std::string name;
    for (const char c : to_lower(text)) {
        const bool allowed = is_letter(c) || c == '.' || c == '_' || c == '-';
        const bool separates = !name.empty() && name.back() != '-';
        if (allowed ? is_letter(c) || !name.empty() : separates) {
            name += allowed ? c : '-';
        }
    }
    name.resize(std::min(name.size(), kMaxName));
    while (name.ends_with('-')) {
        name.pop_back();
    }
    return name.empty() ? std::string(otherwise) : name;
}

std::string plan_name_with(std::string_view name, std::string_view suffix) {
    const std::size_t room = kMaxName - std::min(kMaxName, suffix.size() + 1);
    return std::string(name.substr(0, room)) + "-" + std::string(suffix);
}

std::string_view slug_tail(std::string_view slug) {
    return slug.substr(slug.rfind('-') + 1);
}

}  // namespace llmgw
