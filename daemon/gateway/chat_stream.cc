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

// Whether some choice ends here: "finish_reason" with a value.
bool has_finish_reason(std::string_view bytes) {
    constexpr std::string_view kName = "\"finish_reason\"";
    for (std::size_t at = bytes.find(kName); at != std::string_view::npos;
         at = bytes.find(kName, at + 1)) {
        const std::string_view rest = trim(bytes.substr(at + kName.size(), 8));
        if (rest.starts_with(":") && trim(rest.substr(1)).starts_with("\"")) {
            return true;
        }
    }
    return false;
}

// What every byte of needs no closer look: complete events without usage, end or error.
bool is_plain(std::string_view bytes) {
    return bytes.ends_with("\n\n") && !contains(bytes, "\"usage\"") && !contains(bytes, "[DONE]") &&
           !contains(bytes, "\"error\"");
}

}  // namespace

bool ChatStream::feed(std::string_view bytes, std::string& out) {
    if (ended()) {
        return true;
    }
    if (carry_.empty() && is_plain(bytes)) {
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

void ChatStream::event(std::string_view bytes, std::string& out) {
    std::string joined;
    const std::string_view data = event_data(bytes, joined);
    if (data.starts_with("[DONE]")) {
        done_ = true;
        out.append(bytes);
        return;
    }
    finish_seen_ = finish_seen_ || has_finish_reason(data);
    if (contains(data, "\"usage\"") && usage_event(data, out)) {
        return;
    }
    if (contains(data, "\"error\"")) {
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
