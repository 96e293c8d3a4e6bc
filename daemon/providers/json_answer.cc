// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/json_answer.h"

#include <utility>

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
    if (shape_ == Shape::unknown) {
        const std::size_t first = bytes.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos) {
            return {};
        }
        shape_ = bytes[first] == '{' ? Shape::document : Shape::stream;
    }
    if (shape_ == Shape::document) {
        document_.append(bytes);
        return {};
    }
    if (ended()) {
        return {};
    }
    events_.add(bytes);
    return hand_on(out);
}

Result<void> JsonAnswerDecoder::hand_on(std::vector<ChatEvent>& out) {
    std::string_view data;
    while (!ended() && events_.next(data)) {
        if (auto done = event(data, out); !done) {
            return done;
        }
    }
    if (events_.waiting() > kMaxEventBytes && !ended()) {
        return malformed_answer("an event of its stream is too large");
    }
    return {};
}

Result<void> JsonAnswerDecoder::finish(std::vector<ChatEvent>& out) {
    if (shape_ == Shape::document) {
        return document(document_, out);
    }
    events_.end();
    if (auto done = hand_on(out); !done) {
        return done;
    }
    if (!ended()) {
        return malformed_answer("its stream ended in the middle of the answer");
    }
    return {};
}

}  // namespace llmgw
