// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "daemon/http/sse.h"

namespace llmgw {

/// Cuts a stream of server-sent events, which may arrive in any pieces, into the events' data.
class EventBuffer {
  public:
    /// Takes more bytes in.
    void add(std::string_view bytes) {
        buffer_.erase(0, taken_);
        taken_ = 0;
        buffer_.append(bytes);
    }
    /// The stream has ended: an event whose empty line is missing is complete, too.
    void end() { add("\n\n"); }

    /// Gets the data of the next complete event, comments left out; false when there is none. The
    /// view is valid until the next call.
    [[nodiscard]] bool next(std::string_view& data) {
        for (;;) {
            const std::string_view rest = std::string_view(buffer_).substr(taken_);
            const std::size_t end = find_event_end(rest, looked_);
            if (end == std::string_view::npos) {
                looked_ = rest.size();
                return false;
            }
            taken_ += end;
            looked_ = 0;
            data = event_data(rest.substr(0, end), joined_);
            if (!data.empty()) {
                return true;
            }
        }
    }
    /// How many bytes wait for the end of their event.
    [[nodiscard]] std::size_t waiting() const { return buffer_.size() - taken_; }

  private:
    std::string buffer_;
    std::string joined_;
    std::size_t taken_ = 0;
    std::size_t looked_ = 0;  // how far the rest has been searched for its end
};

}  // namespace llmgw
