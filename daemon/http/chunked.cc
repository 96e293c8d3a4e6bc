// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/chunked.h"

#include <algorithm>
#include <charconv>

namespace llmgw {

namespace {

constexpr std::size_t kMaxOverhead = 8192;
constexpr int kMaxDigits = 15;

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

}  // namespace

void ChunkedDecoder::step(char c) {
    switch (place_) {
        case Place::size: {
            const int value = hex_value(c);
            if (value >= 0 && digits_ < kMaxDigits) {
                left_ = left_ * 16 + static_cast<std::uint64_t>(value);
                digits_++;
            } else if (digits_ > 0 && c == '\r') {
                place_ = Place::size_end;
            } else if (digits_ > 0 && (c == ';' || c == ' ' || c == '\t')) {
                place_ = Place::extension;
                overhead_ = 0;
            } else {
                fail();
            }
            return;
        }
        case Place::extension:
            if (c == '\r') {
                place_ = Place::size_end;
            } else if (c == '\n' || ++overhead_ > kMaxOverhead) {
                fail();
            }
            return;
        case Place::size_end:
            if (c != '\n') {
                fail();
                return;
            }
            place_ = left_ > 0 ? Place::data : Place::trailer;
            digits_ = 0;
            overhead_ = 0;
            line_length_ = 0;
            return;
        case Place::data:
            return;
        case Place::data_cr:
            if (c == '\r') {
                place_ = Place::data_lf;
            } else {
                fail();
            }
            return;
        case Place::data_lf:
            if (c == '\n') {
                place_ = Place::size;
            } else {
                fail();
            }
            return;
        case Place::trailer:
            if (++overhead_ > kMaxOverhead) {
                fail();
            } else if (saw_cr_) {
                saw_cr_ = false;
                if (c != '\n') {
                    fail();
                } else if (line_length_ == 0) {
                    state_ = State::done;
                }
                line_length_ = 0;
            } else if (c == '\r') {
                saw_cr_ = true;
            } else if (c == '\n') {
                fail();
            } else {
                line_length_++;
            }
            return;
    }
}

std::string_view ChunkedDecoder::next(std::string_view& in) {
    while (!in.empty() && state_ == State::more) {
        if (place_ == Place::data) {
            const std::size_t size =
                static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
            const std::string_view content = in.substr(0, size);
            in.remove_prefix(size);
            left_ -= size;
            if (left_ == 0) {
                place_ = Place::data_cr;
            }
            return content;
        }
        step(in.front());
        in.remove_prefix(1);
    }
    return {};
}

ChunkedDecoder::State ChunkedDecoder::feed(std::string_view& in, std::string& out) {
    for (;;) {
        const std::string_view content = next(in);
        if (content.empty()) {
            return state_;
        }
        out.append(content);
    }
}

std::string_view chunk_start(std::size_t size, char (&buffer)[20]) {
    const auto end = std::to_chars(buffer, buffer + 17, size, 16).ptr;
    end[0] = '\r';
    end[1] = '\n';
    return {buffer, static_cast<std::size_t>(end - buffer) + 2};
}

}  // namespace llmgw
