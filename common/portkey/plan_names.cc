// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/plan_names.h"

#include <algorithm>

#include "common/portkey/key.h"

namespace llmgw {
namespace {

constexpr std::size_t kMaxName = 64;

}  // namespace

std::string plan_name(std::string_view text, std::string_view otherwise) {
    const bool usable = std::any_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    return usable ? portkey_label(text) : std::string(otherwise);
}

std::string plan_name_with(std::string_view name, std::string_view suffix) {
    const std::size_t room = kMaxName - std::min(kMaxName, suffix.size() + 1);
    return std::string(name.substr(0, room)) + "-" + std::string(suffix);
}

std::string_view slug_tail(std::string_view slug) {
    return slug.substr(slug.rfind('-') + 1);
}

}  // namespace llmgw
