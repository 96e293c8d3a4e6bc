// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/chat_stream.h"

#include <algorithm>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/http/sse.h"

namespace llmgw {

namespace {

constexpr std::string_view kDone = "data: [DONE]\n\n";

bool contains(std::string_view bytes, std::string_view word) {
    return bytes.find(word) != std::string_view::npos;
}

// Whether a member of that name has a value beginning with one of `first` bytes. The name is looked
// for from behind its opening quote: quotes are everywhere, and the search goes by first bytes.
bool has_member(std::string_view bytes, std::string_view name_and_quote, std::string_view first) {
    for (std::size_t at = bytes.find(name_and_quote); at != std::string_view::npos;
         at = bytes.find(name_and_quote, at + 1)) {
        std::size_t next = bytes.find_first_not_of(" \t", at + name_and_quote.size());
        if (next == std::string_view::npos || bytes[next] != ':') {
            continue;
        }
        next = bytes.find_first_not_of(" \t", next + 1);
        if (next != std::string_view::npos && first.find(bytes[next]) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

// Whether some choice ends here.
bool has_finish_reason(std::string_view bytes) {
    return has_member(bytes, "finish_reason\"", "\"");
}

}  // namespace

bool ChatStream::feed(std::string_view bytes, std::string& out) {
    if (ended()) {
        return true;
    }
    if (carry_.empty() && passes(bytes)) {
        finish_seen_ = finish_seen_ || has_finish_reason(bytes);
        out.append(bytes);
        return true;
    }
    std::string_view rest = bytes;
    if (!carry_.empty()) {
        carry_.append(bytes);
        rest = carry_;
    }
    std::size_t from = looked_;
    while (!ended()) {
        const std::size_t end = find_event_end(rest, from);
        if (end == std::string_view::npos) {
            break;
        }
        event(rest.substr(0, end), out);
        rest.remove_prefix(end);
        from = 0;
    }
    looked_ = rest.size();
    carry_ = std::string(ended() ? std::string_view() : rest);
    return carry_.size() <= kMaxEvent;
}

// A usage that is null stands in every chunk but the last: it passes to a client that asked for it.
bool ChatStream::mentions_usage(std::string_view bytes) const {
    return has_member(bytes, "usage\"", client_wants_usage_ ? "{" : "{n");
}

// What needs no closer look: whole events without usage, end or error.
bool ChatStream::passes(std::string_view bytes) const {
    return bytes.ends_with("\n\n") && !mentions_usage(bytes) && !contains(bytes, "[DONE]") &&
           !contains(bytes, "error\"");
}

void ChatStream::event(std::string_view bytes, std::string& out) {
    std::string joined;
    const std::string_view data = event_data(bytes, joined);
    if (data.starts_with("[DONE]")) {
        done_ = true;
        out.append(bytes);
        return;
    }
    finish_seen_ = finish_seen_ || has_finish_reason(data);
    if (mentions_usage(data) && usage_event(data, out)) {
        return;
    }
    if (contains(data, "error\"")) {
        const auto fields = scan_object(data);
        const JsonField* const error = fields ? find_field(*fields, "error") : nullptr;
        failed_ = error != nullptr && json_kind(error->value) != JsonKind::null;
    }
    out.append(bytes);
}

// Handles an event whose data has a `usage` member; false when it goes on as it is.
bool ChatStream::usage_event(std::string_view data, std::string& out) {
    const auto fields = scan_object(data);
    const JsonField* const usage = fields ? find_field(*fields, "usage") : nullptr;
    if (usage == nullptr) {
        return false;
    }
    if (json_kind(usage->value) == JsonKind::object) {
        const Spliced spliced = add_to_object(data, *fields, additions_);
        usage_ = spliced.usage;
        cost_ = spliced.cost;
        if (client_wants_usage_) {
            if (additions_.plain) {
                return false;
            }
            out += "data: ";
            for (const std::string_view piece : spliced.pieces) {
                out += piece;
            }
            out += "\n\n";
            return true;
        }
        const JsonField* const choices = find_field(*fields, "choices");
        if (choices != nullptr && trim(choices->value.substr(1)).starts_with("]")) {
            return true;  // the chunk that exists only because we asked for it
        }
    } else if (client_wants_usage_) {
        return false;
    }
    out += "data: {";
    bool first = true;
    for (const JsonField& field : *fields) {
        if (!key_is(field, "usage")) {
            out += first ? "\"" : ",\"";
            out += field.key;
            out += "\":";
            out += field.value;
            first = false;
        }
    }
    out += "}\n\n";
    return true;
}

bool ChatStream::finish(std::string& out) {
    if (!ended() && !carry_.empty()) {
        // The last event's empty line is missing.
        std::string last = std::move(carry_);
        carry_.clear();
        last += "\n\n";
        event(last, out);
    }
    if (ended()) {
        return true;
    }
    if (!finish_seen_) {
        return false;
    }
    done_ = true;
    out += kDone;
    return true;
}

}  // namespace llmgw
