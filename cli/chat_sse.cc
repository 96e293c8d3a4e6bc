// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_sse.h"

#include <utility>

namespace llmgw {

SseParser::SseParser(Handler handler) : handler_(std::move(handler)) {}

Result<void> SseParser::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        if (skip_newline_) {
            skip_newline_ = false;
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
        }
        const std::size_t end = bytes.find_first_of("\r\n");
        line_.append(bytes.substr(0, end));
        if (line_.size() + event_.data.size() > kMaxEvent) {
            return fail(Errc::upstream, "the stream has an event of more than " +
                                            std::to_string(kMaxEvent >> 20) + " MB");
        }
        if (end == std::string_view::npos) {
            return {};
        }
        skip_newline_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        take_line();
    }
    return {};
}

void SseParser::finish() {
    if (!line_.empty()) {
        take_line();
    }
    dispatch();
}

void SseParser::take_line() {
    std::string_view line = line_;
    if (std::exchange(first_line_, false) && line.starts_with("\xEF\xBB\xBF")) {
        line.remove_prefix(3);
    }
    if (line.empty()) {
        dispatch();
    } else if (line.front() != ':') {
        const std::size_t colon = line.find(':');
        const std::string_view field = line.substr(0, colon);
        std::string_view value;
        if (colon != std::string_view::npos) {
            value = line.substr(colon + 1);
            if (value.starts_with(' ')) {
                value.remove_prefix(1);
            }
        }
        if (field == "data") {
            if (std::exchange(has_data_, true)) {
                event_.data += '\n';
            }
            event_.data += value;
        } else if (field == "event") {
            event_.name = value;
        }
    }
    line_.clear();
}

void SseParser::dispatch() {
    if (std::exchange(has_data_, false)) {
        handler_(event_);
    }
    event_ = {};
}

}  // namespace llmgw
