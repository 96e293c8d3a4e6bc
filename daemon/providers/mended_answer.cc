// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/mended_answer.h"

#include "daemon/http/sse.h"

namespace llmgw {

namespace {

// As for answers that are not mended.
constexpr std::size_t kMaxEvent = 16 * 1024 * 1024;
constexpr std::size_t kMaxDocument = 256 * 1024 * 1024;

}  // namespace

void MendedAnswer::take_event(std::string_view event) {
    std::string joined;
    const std::string_view data = event_data(event, joined);
    if (const auto mended = mender_.mend(data)) {
        mended_ += "data: ";
        mended_ += *mended;
        mended_ += "\n\n";
    } else {
        mended_ += event;
    }
}

void MendedAnswer::take(std::string_view bytes) {
    const std::size_t looked = waiting_.size();
    waiting_.append(bytes);
    if (!streamed_) {
        return;
    }
    std::string_view rest = waiting_;
    for (std::size_t end = find_event_end(rest, looked); end != std::string_view::npos;
         end = find_event_end(rest, 0)) {
        take_event(rest.substr(0, end));
        rest.remove_prefix(end);
    }
    waiting_.erase(0, waiting_.size() - rest.size());
}

Task<BodyPart> MendedAnswer::next() {
    mended_.clear();
    while (mended_.empty() && !ended_) {
        BodyPart part = co_await answer_->next();
        if (part.state == BodyPart::State::failed) {
            co_return part;
        }
        if (part.state == BodyPart::State::data) {
            take(part.bytes);
            if (waiting_.size() > (streamed_ ? kMaxEvent : kMaxDocument)) {
                co_return BodyPart::failed(
                    {.kind = Errc::upstream, .message = "the answer is too large to be taken in"});
            }
            continue;
        }
        ended_ = true;
        if (streamed_) {
            mended_ = waiting_;  // an event that was cut off
        } else {
            mended_ = mender_.mend(waiting_).value_or(waiting_);
        }
    }
    BodyPart out;
    if (!mended_.empty()) {
        out.state = BodyPart::State::data;
        out.bytes = mended_;
    }
    co_return out;
}

}  // namespace llmgw
