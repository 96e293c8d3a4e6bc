// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmgw {

/// Where the first event of `bytes` ends, behind its empty line, or npos when it is not complete.
/// Lines end with LF, CR LF or CR (WHATWG HTML §9.2.6). `from` is where an earlier look had come
/// to. A CR at the very end may be half of a CR LF, so it is waited for unless a blank line is
/// certain.
[[nodiscard]] std::size_t find_event_end(std::string_view bytes, std::size_t from = 0);

/// The data of one event: its `data:` lines, joined by LF. `joined` holds the text when there are
/// several; otherwise the view points into `event`.
[[nodiscard]] std::string_view event_data(std::string_view event, std::string& joined);

/// One event with that data, whose lines may be several.
[[nodiscard]] std::string sse_event(std::string_view data);

}  // namespace llmgw
