// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_tape.h"

#include <limits>

#include "common/base/json_text.h"

namespace llmgw {

namespace {

constexpr std::size_t kKeptNodes = 64 * 1024;

// Where a number, `true`, `false` or `null` ends.
bool ends_scalar(char c) {
    return c == ',' || c == ']' || c == '}' || static_cast<unsigned char>(c) <= ' ';
}

}  // namespace

bool JsonTape::read(std::string_view value) {
    LLMGW_ASSERT(value.size() <= std::numeric_limits<std::uint32_t>::max());
    text_ = at_ = value.data();
    end_ = at_ + value.size();
    full_ = false;
    nodes_.clear();
    add_value();
    return !full_;
}

void JsonTape::skip_space() {
    while (at_ < end_ && static_cast<unsigned char>(*at_) <= ' ') {
        at_++;
    }
}

void JsonTape::add_value() {
    skip_space();
    if (at_ == end_ || full_) {
        return;
    }
    const JsonKind kind = json_kind({at_, 1});
    switch (kind) {
        case JsonKind::string:
            add_string();
            return;
        case JsonKind::object:
        case JsonKind::array:
            add_container(kind);
            return;
        case JsonKind::number:
        case JsonKind::boolean:
        case JsonKind::null:
            break;
    }
    const char* const begin = at_;
    while (at_ < end_ && !ends_scalar(*at_)) {
        at_++;
    }
    nodes_.push_back({static_cast<std::uint32_t>(begin - text_),
                      static_cast<std::uint32_t>(at_ - begin),
                      static_cast<std::uint32_t>(nodes_.size() + 1), kind, false});
}

void JsonTape::add_string() {
    const char* const begin = ++at_;
    bool escaped = false;
    while ((at_ = skip_plain_text(at_, end_)) < end_ && *at_ != '"') {
        escaped = true;
        at_ += 2;
    }
    nodes_.push_back({static_cast<std::uint32_t>(begin - text_),
                      static_cast<std::uint32_t>(at_ - begin),
                      static_cast<std::uint32_t>(nodes_.size() + 1), JsonKind::string, escaped});
    at_++;
}

// Objects and arrays: the separators need no look, as the text has been checked.
void JsonTape::add_container(JsonKind kind) {
    const std::size_t self = nodes_.size();
    nodes_.push_back({static_cast<std::uint32_t>(at_ - text_), 0, 0, kind, false});
    at_++;
    for (skip_space(); at_ < end_ && *at_ != '}' && *at_ != ']'; skip_space()) {
        if (nodes_.size() >= kMaxNodes) {
            full_ = true;
            return;
        }
        if (*at_ == ',' || *at_ == ':') {
            at_++;
            continue;
        }
        add_value();
        if (full_) {
            return;
        }
    }
    at_++;
    nodes_[self].size = static_cast<std::uint32_t>(at_ - text_) - nodes_[self].begin;
    nodes_[self].end = static_cast<std::uint32_t>(nodes_.size());
}

bool JsonTape::is(std::uint32_t node, std::string_view wanted) const {
    const JsonNode& found = nodes_[node];
    return found.kind == JsonKind::string && key_is({text(found), {}, found.escaped}, wanted);
}

std::uint32_t JsonTape::member(std::uint32_t object, std::string_view name) const {
    std::uint32_t found = 0;
    if (nodes_[object].kind != JsonKind::object) {
        return found;
    }
    for (std::uint32_t key = object + 1; key < nodes_[object].end; key = nodes_[key + 1].end) {
        if (is(key, name)) {
            found = key + 1;
        }
    }
    return found;
}

void JsonTape::shrink() {
    if (nodes_.capacity() > kKeptNodes) {
        nodes_ = {};
    }
}

}  // namespace llmgw
