// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/sse.h"

#include <algorithm>

namespace llmgw {

namespace {

// The length of the line ending at `at`; 0: none there; npos: a CR that may go on with LF.
std::size_t line_end(std::string_view bytes, std::size_t at) {
    if (at >= bytes.size()) {
        return 0;
    }
    if (bytes[at] == '\n') {
        return 1;
    }
    if (bytes[at] != '\r') {
        return 0;
    }
    if (at + 1 == bytes.size()) {
        return std::string_view::npos;
    }
    return bytes[at + 1] == '\n' ? 2 : 1;
}

}  // namespace

std::size_t find_event_end(std::string_view bytes, std::size_t from) {
    // The blank line may have begun up to three bytes before.
    std::size_t at = from > 3 ? from - 3 : 0;
    for (;;) {
        at = bytes.find_first_of("\r\n", at);
        if (at == std::string_view::npos) {
            return at;
        }
        const std::size_t first = line_end(bytes, at);
        if (first == std::string_view::npos) {
            return first;
        }
        const std::size_t second = line_end(bytes, at + first);
        if (second == std::string_view::npos) {
            // Behind CR LF, a CR goes on with LF; where lines end with CR alone, it is a blank
            // line.
            return first == 2 ? std::string_view::npos : bytes.size();
        }
        if (second > 0) {
            return at + first + second;
        }
        at += first;
    }
}

std::string_view event_data(std::string_view event, std::string& joined) {
    std::string_view single;
    int lines = 0;
    while (!event.empty()) {
        const std::size_t end = event.find_first_of("\r\n");
        std::string_view line = event.substr(0, end);
        event.remove_prefix(end == std::string_view::npos ? event.size() : end + 1);
        if (!line.starts_with("data") || (line.size() > 4 && line[4] != ':')) {
            continue;
        }
        line.remove_prefix(line.size() > 4 ? 5 : 4);
        if (line.starts_with(' ')) {
            line.remove_prefix(1);
        }
        if (++lines == 1) {
            single = line;
            continue;
        }
        if (lines == 2) {
            joined = single;
        }
        joined += '\n';
        joined += line;
    }
    return lines > 1 ? std::string_view(joined) : single;
}

std::string sse_event(std::string_view data) {
    std::string event;
    event.reserve(data.size() + 16);
    for (;;) {
        const std::size_t end = std::min(data.find_first_of("\r\n"), data.size());
        event += "data: ";
        event += data.substr(0, end);
        event += '\n';
        if (end == data.size()) {
            return event + '\n';
        }
        data.remove_prefix(end + line_end(data, end));
    }
}

}  // namespace llmgw
