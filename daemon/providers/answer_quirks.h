// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/providers/quirks.h"
#include "daemon/providers/think_tags.h"

namespace llmgw {

/// Makes answers as clients of OpenAI's format understand them: thoughts in `reasoning_content`,
/// where most of them look, `content` as one text, sources in `annotations`. One for each answer:
/// what is said of a choice depends on the chunks before. Pure.
class AnswerMender {
  public:
    AnswerMender(const Quirks& quirks, bool streamed) : quirks_(quirks), streamed_(streamed) {}

    /// The answer, or the next chunk of the stream. nullopt when nothing is to be changed.
    [[nodiscard]] std::optional<std::string> mend(std::string_view json);

  private:
    class Message;
    [[nodiscard]] bool is_suspicious(std::string_view json) const;
    void take_thoughts_of_tags(std::uint64_t choice, bool complete, Message& message);

    const Quirks& quirks_;
    bool streamed_;
    std::map<std::uint64_t, ThinkTags> tags_;  // by choice
};

}  // namespace llmgw
