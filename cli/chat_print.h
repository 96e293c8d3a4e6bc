// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/chat.h"
#include "cli/chat_answer.h"
#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// Shows one answer, while it arrives where the form allows that.
class ChatPrinter : public AnswerEvents {
  public:
    /// The answer is over; `error` is null unless it broke off. Fails when the answer cannot be
    /// shown as asked.
    [[nodiscard]] virtual Result<void> finish(const Answer& answer, const Error* error) = 0;
};

/// The printer that the flags ask for: text, --json, --jsonl or --extract. Make it just before the
/// call: for text on a terminal it shows a spinner from then on. The options must outlive it.
[[nodiscard]] std::unique_ptr<ChatPrinter> make_printer(const GlobalOptions& global,
                                                        const ChatOptions& options);

/// "gpt-4o via openai · 812→240 tok · $0.0041 · 1.9 s (first 310 ms)"
[[nodiscard]] std::string usage_line(const Answer& answer);

/// The document of --json: one line of JSON.
[[nodiscard]] std::string answer_document(const Answer& answer);

/// What is between the first pair of Markdown fences, without its info string; fails with
/// Errc::failed when there is none.
[[nodiscard]] Result<std::string> first_code_block(std::string_view text);

}  // namespace llmgw
