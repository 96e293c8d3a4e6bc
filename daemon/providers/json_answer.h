// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/providers/event_buffer.h"
#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// What decoders of JSON formats have in common: hands on the data of each server-sent event as
/// soon as all of it is there or, when the body turns out to be a JSON object, all of it at its
/// end. A provider may answer a request for a stream with a plain document.
class JsonAnswerDecoder : public AnswerDecoder {
  public:
    [[nodiscard]] Result<void> feed(std::string_view bytes, std::vector<ChatEvent>& out) final;
    [[nodiscard]] Result<void> finish(std::vector<ChatEvent>& out) final;

  private:
    /// One event's data, never empty. Not called any more once the answer is ended().
    virtual Result<void> event(std::string_view data, std::vector<ChatEvent>& out) = 0;
    virtual Result<void> document(std::string_view body, std::vector<ChatEvent>& out) = 0;
    /// The event that ends an answer, well or badly, has been there.
    [[nodiscard]] virtual bool ended() const = 0;

    Result<void> hand_on(std::vector<ChatEvent>& out);

    enum class Shape { unknown, stream, document };
    Shape shape_ = Shape::unknown;
    std::string document_;
    EventBuffer events_;
};

/// Appends an event, and returns it for what else it holds.
ChatEvent& add_event(std::vector<ChatEvent>& out, ChatEvent::Kind kind, std::string text = {});
/// Appends an event unless its text is empty.
void add_text_event(std::vector<ChatEvent>& out, ChatEvent::Kind kind, std::string text);

/// The error for a body that is not what the format says.
[[nodiscard]] tl::unexpected<Error> malformed_answer(std::string what);

}  // namespace llmgw
