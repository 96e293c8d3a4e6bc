// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/chat_answer.h"
#include "cli/chat_conversation.h"
#include "common/base/money.h"

namespace llmgw {

/// What an interactive chat has used so far.
class ChatTotals {
  public:
    void add(const Answer& answer);
    /// "3 answers · 812→240 tok · $0.0041"; says for how many the cost is unknown.
    [[nodiscard]] std::string text() const;

  private:
    std::int64_t answers_ = 0;
    std::int64_t input_tokens_ = 0;
    std::int64_t output_tokens_ = 0;
    std::int64_t unknown_costs_ = 0;
    Money cost_;
};

/// What a line starting with a slash led to.
struct CommandOutcome {
    std::string text;  ///< for the person; may be empty
    bool quit = false;
};

/// Whether a line is meant as a command: a slash and letters, not a path such as /etc/passwd.
[[nodiscard]] bool is_command(std::string_view line);

/// Runs a command of the interactive chat on its conversation.
[[nodiscard]] CommandOutcome run_command(std::string_view line, Conversation& conversation,
                                         const ChatTotals& totals);

}  // namespace llmgw
