// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/chat_stream.h"

#include <algorithm>
#include <utility>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/gateway/estimate.h"
#include "daemon/http/sse.h"

namespace llmgw {

namespace {

constexpr std::string_view kDone = "data: [DONE]\n\n";

bool contains(std::string_view bytes, std::string_view word) {
    return bytes.find(word) != std::string_view::npos;
}

// Where the next value of a member of that name begins. The name is looked for from behind its
// opening quote: quotes are everywhere, and the search goes by first bytes.
std::size_t find_value(std::string_view bytes, std::string_view name_and_quote, std::size_t from) {
    for (std::size_t at = bytes.find(name_and_quote, from); at != std::string_view::npos;
         at = bytes.find(name_and_quote, at + 1)) {
        const std::size_t colon = bytes.find_first_not_of(" \t", at + name_and_quote.size());
        if (colon != std::string_view::npos && bytes[colon] == ':') {
            return bytes.find_first_not_of(" \t", colon + 1);
        }
    }
    return std::string_view::npos;
}

// Whether a member of that name has a value beginning with one of `first` bytes.
bool has_member(std::string_view bytes, std::string_view name_and_quote, std::string_view first) {
    for (std::size_t at = find_value(bytes, name_and_quote, 0); at != std::string_view::npos;
         at = find_value(bytes, name_and_quote, at)) {
        if (first.find(bytes[at]) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

// Whether some choice ends here. Some servers write an empty reason until then.
bool has_finish_reason(std::string_view bytes) {
    constexpr std::string_view kName = "finish_reason\"";
    for (std::size_t at = find_value(bytes, kName, 0); at != std::string_view::npos;
         at = find_value(bytes, kName, at)) {
        if (bytes[at] == '"' && !bytes.substr(at + 1).starts_with('"')) {
            return true;
        }
    }
    return false;
}

// The members of the first chunk in whole events; none when there is only something else.
std::vector<JsonField> first_chunk(std::string_view events, std::string& joined) {
    while (!events.empty()) {
        const std::size_t end = std::min(find_event_end(events), events.size());
        if (auto fields = scan_object(event_data(events.substr(0, end), joined))) {
            return std::move(*fields);
        }
        events.remove_prefix(end);
    }
    return {};
}

// A chunk that tells an estimated usage, with the head of the stream's other chunks.
std::string usage_chunk(std::string_view events, const std::string& usage_members) {
    std::string chunk = "{";
    std::string joined;
    for (const JsonField& field : first_chunk(events, joined)) {
        if (!key_is(field, "choices") && !key_is(field, "usage")) {
            chunk += '"';
            chunk += field.key;
            chunk += "\":";
            chunk += field.value;
            chunk += ',';
        }
    }
    return chunk + "\"choices\":[],\"usage\":{" + usage_members + "}}";
}

}  // namespace

bool ChatStream::feed(std::string_view bytes, std::string& out) {
    if (ended()) {
        return true;
    }
    if (carry_.empty() && passes(bytes)) {
        note(bytes);
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
        estimate(out);
        done_ = true;
        out.append(bytes);
        return;
    }
    note(bytes);
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

// Takes down what the end of the stream will need to know, from whole events as they were sent:
// whether they came one by one makes no difference.
void ChatStream::note(std::string_view events) {
    const bool unknown_usage = call_ != nullptr && !usage_;
    if (unknown_usage) {
        characters_ += completion_characters(events);
    }
    if (has_finish_reason(events)) {
        finish_seen_ = true;
        last_ = unknown_usage ? events : std::string_view();
    }
}

// Estimates the usage of a stream that has ended properly although its provider told none.
void ChatStream::estimate(std::string& out) {
    if (call_ == nullptr || usage_ || !finish_seen_) {
        return;
    }
    const Usage usage = estimate_usage(*call_, characters_, additions_.mapping);
    usage_event(usage_chunk(last_, estimated_usage_members(call_->endpoint, usage)), out);
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
        if (spliced.usage) {
            usage_ = spliced.usage;
            cost_ = spliced.cost;
        }
        if (client_wants_usage_) {
            if (additions_.plain || !spliced.usage) {
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
    std::string last = std::exchange(carry_, {});
    if (last.find_first_not_of("\r\n") == std::string::npos) {
        out += last;  // line ends behind the last event
    } else {
        // The last event's empty line is missing.
        last += "\n\n";
        event(last, out);
    }
    if (ended()) {
        return true;
    }
    if (!finish_seen_) {
        return false;
    }
    estimate(out);
    done_ = true;
    out += kDone;
    return true;
}

void ChatStream::give_up() {
    if (call_ != nullptr && !usage_ && characters_ > 0) {
        usage_ = estimate_usage(*call_, characters_, additions_.mapping);
        cost_ = additions_.cost(*usage_);
    }
}

}  // namespace llmgw
