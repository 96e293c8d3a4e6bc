// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// One server-sent event.
struct SseEvent {
    std::string name;  ///< the `event:` field; mostly empty
    std::string data;  ///< its `data:` lines, joined by newlines
};

/// Takes server-sent events (WHATWG HTML, 9.2) out of a byte stream that may be split anywhere:
/// inside a UTF-8 character, a CRLF, a field name. One stream each; not thread-safe.
class SseParser {
  public:
    using Handler = std::function<void(const SseEvent&)>;
    /// Events larger than this are an error, so that a broken server cannot fill the memory.
    static constexpr std::size_t kMaxEvent = std::size_t{32} << 20;

    explicit SseParser(Handler handler);
    /// Calls the handler for each event that is now complete. Fails with Errc::upstream for one
    /// over kMaxEvent.
    [[nodiscard]] Result<void> feed(std::string_view bytes);
    /// The stream is over: an event without its closing blank line counts too.
    void finish();

  private:
    void take_line();
    void dispatch();

    Handler handler_;
    std::string line_;
    SseEvent event_;
    bool has_data_ = false;
    bool first_line_ = true;
    bool skip_newline_ = false;  // the last byte was the CR of a possible CRLF
};

}  // namespace llmgw
