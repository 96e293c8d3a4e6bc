// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/event_stream.h"

#include <utility>

#include "common/base/crc32.h"

namespace llmgw {

namespace {

constexpr std::size_t kPreludeSize = 8;  // both lengths
constexpr std::size_t kChecksumSize = 4;
constexpr std::size_t kHeadSize = kPreludeSize + kChecksumSize;
constexpr std::uint8_t kString = 7;

std::uint32_t read_big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + size; i++) {
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    }
    return value;
}

tl::unexpected<Error> malformed(const char* what) {
    return fail(Errc::upstream, std::string("the event stream is damaged: ") + what);
}

// The size of a header's value; nullopt for a type that does not exist. Of the two types that carry
// their own length, byte arrays and strings, it is that of the length.
std::optional<std::size_t> value_size(std::uint8_t type) {
    constexpr std::size_t kSizes[] = {0, 0, 1, 2, 4, 8, 2, 2, 8, 16};
    return type < std::size(kSizes) ? std::optional(kSizes[type]) : std::nullopt;
}

// Takes one header off the front of `bytes`; false when it is not one.
bool take_header(std::string_view& bytes, EventStreamHeader& out) {
    const std::size_t name_size = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (name_size == 0 || bytes.size() < name_size + 1) {
        return false;
    }
    out.name = bytes.substr(0, name_size);
    out.type = static_cast<std::uint8_t>(bytes[name_size]);
    bytes.remove_prefix(name_size + 1);
    auto size = value_size(out.type);
    if (!size || bytes.size() < *size) {
        return false;
    }
    if (out.type == 6 || out.type == kString) {
        const std::size_t own_size = read_big_endian(bytes, 0, *size);
        bytes.remove_prefix(*size);
        size = own_size;
    }
    if (bytes.size() < *size) {
        return false;
    }
    out.value = bytes.substr(0, *size);
    bytes.remove_prefix(*size);
    return true;
}

}  // namespace

std::string_view EventStreamMessage::header(std::string_view name) const {
    for (const EventStreamHeader& header : headers) {
        if (header.name == name && header.type == kString) {
            return header.value;
        }
    }
    return {};
}

void EventStreamDecoder::feed(std::string_view bytes) {
    buffer_.erase(0, std::exchange(at_, 0));
    buffer_ += bytes;
}

Result<std::optional<EventStreamMessage>> EventStreamDecoder::next() {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    if (failed_) {
        return malformed("a message before this one was");
    }
    if (rest.size() < kHeadSize) {
        return std::nullopt;
    }
    failed_ = true;  // until all is found to be well
    const std::size_t size = read_big_endian(rest, 0, 4);
    const std::size_t headers_size = read_big_endian(rest, 4, 4);
    if (crc32(rest.substr(0, kPreludeSize)) != read_big_endian(rest, kPreludeSize, 4)) {
        return malformed("the checksum of a message's lengths is wrong");
    }
    if (size > kMaxMessage) {
        return malformed("a message is over 16 MiB");
    }
    if (size < kHeadSize + kChecksumSize || headers_size > size - kHeadSize - kChecksumSize) {
        return malformed("the lengths of a message contradict each other");
    }
    if (rest.size() < size) {
        failed_ = false;
        return std::nullopt;
    }
    const std::size_t payload_end = size - kChecksumSize;
    if (crc32(rest.substr(0, payload_end)) != read_big_endian(rest, payload_end, 4)) {
        return malformed("the checksum of a message is wrong");
    }
    EventStreamMessage message;
    std::string_view headers = rest.substr(kHeadSize, headers_size);
    while (!headers.empty()) {
        if (!take_header(headers, message.headers.emplace_back())) {
            return malformed("a header is not well-formed");
        }
    }
    const std::size_t payload_begin = kHeadSize + headers_size;
    message.payload = rest.substr(payload_begin, payload_end - payload_begin);
    at_ += size;
    failed_ = false;
    return std::optional(std::move(message));
}

}  // namespace llmgw
