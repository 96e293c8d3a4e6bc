// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/json_answer.h"

#include <utility>

#include "daemon/http/sse.h"

namespace llmgw {

namespace {

// As for streams that are passed on untranslated.
constexpr std::size_t kMaxEventBytes = 16 * 1024 * 1024;

}  // namespace

ChatEvent& add_event(std::vector<ChatEvent>& out, ChatEvent::Kind kind, std::string text) {
    ChatEvent& event = out.emplace_back();
    event.kind = kind;
    event.text = std::move(text);
    return event;
}

void add_text_event(std::vector<ChatEvent>& out, ChatEvent::Kind kind, std::string text) {
    if (!text.empty()) {
        add_event(out, kind, std::move(text));
    }
}

tl::unexpected<Error> malformed_answer(std::string what) {
    return fail(Errc::upstream, std::move(what));
}

Result<void> JsonAnswerDecoder::feed(std::string_view bytes, std::vector<ChatEvent>& out) {
    carry_.append(bytes);
    if (shape_ == Shape::unknown) {
        const std::size_t first = carry_.find_first_not_of(" \t\r\n");
        if (first == std::string::npos) {
            return {};
        }
        shape_ = carry_[first] == '{' ? Shape::document : Shape::stream;
    }
    if (shape_ == Shape::document) {
        return {};
    }
    std::string_view rest = carry_;
    for (std::size_t from = looked_; !ended(); from = 0) {
        const std::size_t end = find_event_end(rest, from);
        if (end == std::string_view::npos) {
            break;
        }
        if (auto done = one_event(rest.substr(0, end), out); !done) {
            return done;
        }
        rest.remove_prefix(end);
    }
    carry_.erase(0, ended() ? carry_.size() : carry_.size() - rest.size());
    looked_ = carry_.size();
    if (carry_.size() > kMaxEventBytes) {
        return malformed_answer("an event of its stream is too large");
    }
    return {};
}

Result<void> JsonAnswerDecoder::finish(std::vector<ChatEvent>& out) {
    if (shape_ == Shape::document) {
        return document(carry_, out);
    }
    // A last event without the blank line behind it.
    if (!ended()) {
        if (auto done = one_event(carry_, out); !done) {
            return done;
        }
    }
    if (!ended()) {
        return malformed_answer("its stream ended in the middle of the answer");
    }
    return {};
}

Result<void> JsonAnswerDecoder::one_event(std::string_view bytes, std::vector<ChatEvent>& out) {
    std::string joined;
    const std::string_view data = event_data(bytes, joined);
    return data.empty() ? Result<void>() : event(data, out);
}

}  // namespace llmgw
