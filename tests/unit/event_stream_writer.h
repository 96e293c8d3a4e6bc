// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/crc32.h"

namespace llmgw {

// Makes messages of application/vnd.amazon.eventstream; llmgw itself only reads them.

inline std::string big_endian(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; i--) {
        out += static_cast<char>(value >> (8 * i) & 0xFF);
    }
    return out;
}

inline std::string header_bytes(std::string_view name, char type, std::string_view value) {
    std::string out(1, static_cast<char>(name.size()));
    out.append(name).append(1, type).append(value);
    return out;
}

inline std::string string_header(std::string_view name, std::string_view value) {
    return header_bytes(name, 7, big_endian(value.size(), 2) + std::string(value));
}

inline std::string message_bytes(const std::string& headers, std::string_view payload) {
    const std::size_t total = 4 + 4 + 4 + headers.size() + payload.size() + 4;
    std::string out = big_endian(total, 4) + big_endian(headers.size(), 4);
    out += big_endian(crc32(out), 4);
    out.append(headers).append(payload);
    return out + big_endian(crc32(out), 4);
}

inline std::string event_message(std::string_view type, std::string_view payload) {
    return message_bytes(string_header(":event-type", type) +
                             string_header(":content-type", "application/json") +
                             string_header(":message-type", "event"),
                         payload);
}

inline std::string exception_message(std::string_view type, std::string_view payload) {
    return message_bytes(string_header(":exception-type", type) +
                             string_header(":content-type", "application/json") +
                             string_header(":message-type", "exception"),
                         payload);
}

}  // namespace llmgw
