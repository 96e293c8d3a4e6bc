// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace llmgw {

/// A header of an event stream message. `type` is the format's number: 7 is a string.
struct EventStreamHeader {
    std::string_view name;
    std::uint8_t type = 0;
    std::string_view value;  ///< its bytes, without their length; none for the two booleans
};

/// One message; its views end at the decoder's next call.
struct EventStreamMessage {
    std::vector<EventStreamHeader> headers;
    std::string_view payload;

    /// The first string header of that name, such as ":event-type"; empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Takes messages out of `application/vnd.amazon.eventstream`
/// (smithy.io/2.0/aws/amazon-eventstream.html). The bytes may come split anywhere. Every length is
/// checked before it is believed, and both checksums before anything is handed out.
class EventStreamDecoder {
  public:
    /// AWS's limit for a payload; its events are smaller by far.
    static constexpr std::size_t kMaxMessage = 16 * 1024 * 1024;

    /// Adds bytes of the stream.
    void feed(std::string_view bytes);
    /// The next message; nullopt when it has not all arrived. The error is Errc::upstream, and
    /// final: where the next message would begin is not known any more.
    [[nodiscard]] Result<std::optional<EventStreamMessage>> next();
    /// Whether a message has begun and not ended.
    [[nodiscard]] bool in_message() const { return at_ < buffer_.size(); }

  private:
    std::string buffer_;
    std::size_t at_ = 0;  // where the next message begins in it
    bool failed_ = false;
};

}  // namespace llmgw
