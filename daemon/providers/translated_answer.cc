// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/translated_answer.h"

#include <utility>

namespace llmgw {

namespace {

// As for plain answers that need no translation.
constexpr std::size_t kMaxUnwritten = 256 * 1024 * 1024;

}  // namespace

void TranslatedAnswer::take(const BodyPart& part) {
    if (part.state == BodyPart::State::failed) {
        broken_ = *part.error;
        return;
    }
    events_.clear();
    const bool ends = part.state == BodyPart::State::end;
    auto read = ends ? decoder_->finish(events_) : decoder_->feed(part.bytes, events_);
    for (const ChatEvent& event : events_) {
        writer_->write(event, written_);
    }
    if (!read) {
        broken_ = std::move(read.error());
    } else if (ends) {
        writer_->finish(written_);
        complete_ = true;
    }
    unwritten_ = written_.empty() ? unwritten_ + part.bytes.size() : 0;
    if (unwritten_ > kMaxUnwritten) {
        Error too_large;
        too_large.kind = Errc::upstream;
        too_large.message = "the answer is too large to be taken in";
        broken_ = std::move(too_large);
    }
}

Task<BodyPart> TranslatedAnswer::next() {
    written_.clear();
    BodyPart out;
    while (written_.empty() && !broken_ && !complete_) {
        const BodyPart part = co_await answer_->next();
        take(part);
    }
    if (!written_.empty()) {
        out.state = BodyPart::State::data;
        out.bytes = written_;
    } else if (broken_) {
        out = BodyPart::failed(*broken_);
    }
    co_return out;
}

}  // namespace llmgw
