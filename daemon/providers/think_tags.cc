// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/think_tags.h"

#include <algorithm>
#include <utility>

namespace llmgw {

namespace {

constexpr std::string_view kOpening = "<think>";
constexpr std::string_view kClosing = "</think>";
constexpr std::string_view kSpace = " \t\r\n";

// How many bytes at the end of `text` may be the beginning of the closing tag.
std::size_t possible_tag(std::string_view text) {
    std::size_t length = std::min(text.size(), kClosing.size() - 1);
    while (!text.ends_with(kClosing.substr(0, length))) {
        length--;
    }
    return length;
}

}  // namespace

void ThinkTags::skip_space() {
    if (behind_tag_) {
        held_.erase(0, std::min(held_.find_first_not_of(kSpace), held_.size()));
        behind_tag_ = held_.empty();
    }
}

// False while it cannot be told whether the text begins with the tag.
bool ThinkTags::take_opening_tag() {
    const std::size_t begin = std::min(held_.find_first_not_of(kSpace), held_.size());
    const std::string_view rest = std::string_view(held_).substr(begin);
    if (rest.starts_with(kOpening)) {
        held_.erase(0, begin + kOpening.size());
        state_ = State::thinking;
        behind_tag_ = true;
        return true;
    }
    if (kOpening.starts_with(rest)) {
        return false;
    }
    state_ = State::saying;
    return true;
}

// False while the thoughts go on.
bool ThinkTags::take_thoughts(std::string& thoughts) {
    skip_space();
    const std::size_t end = held_.find(kClosing);
    if (end == std::string::npos) {
        const std::size_t known = held_.size() - possible_tag(held_);
        thoughts += held_.substr(0, known);
        held_.erase(0, known);
        return false;
    }
    thoughts += held_.substr(0, end);
    held_.erase(0, end + kClosing.size());
    state_ = State::saying;
    behind_tag_ = true;
    return true;
}

ThinkTags::Parts ThinkTags::feed(std::string_view piece) {
    Parts out;
    held_ += piece;
    if ((state_ == State::beginning && !take_opening_tag()) ||
        (state_ == State::thinking && !take_thoughts(out.thoughts))) {
        return out;
    }
    skip_space();
    out.text = std::exchange(held_, {});
    return out;
}

ThinkTags::Parts ThinkTags::finish() {
    Parts out;
    (state_ == State::thinking ? out.thoughts : out.text) = std::exchange(held_, {});
    return out;
}

}  // namespace llmgw
