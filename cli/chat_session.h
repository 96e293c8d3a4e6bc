// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "cli/chat.h"
#include "cli/chat_answer.h"
#include "cli/chat_conversation.h"
#include "cli/chat_print.h"
#include "common/base/error.h"
#include "common/base/home.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

/// What one prompt led to: an answer, perhaps a partial one, and why it ended early if it did.
struct ChatOutcome {
    Answer answer;
    std::optional<Error> error;
};

/// A conversation and the way to its model. Used by one thread.
class ChatSession {
  public:
    struct Setup {
        Home home;
        Conversation conversation;
        std::string schema;  ///< JSON text; empty: none
    };
    /// The references must outlive it.
    ChatSession(const GlobalOptions& global, const ChatOptions& options, Setup setup);

    [[nodiscard]] Conversation& conversation() { return setup_.conversation; }
    [[nodiscard]] const Home& home() const { return setup_.home; }

    /// Sends the conversation with one more message of the user (`content` is JSON text), lets the
    /// flags' printer show the answer, and keeps both turns as the last conversation. When no text
    /// came back the conversation is as before.
    [[nodiscard]] ChatOutcome ask(const std::string& content, Cancel& cancel);

    /// The request that ask() would make, as a person reads it. Sends nothing.
    [[nodiscard]] Result<std::string> describe(const std::string& content);

  private:
    [[nodiscard]] Result<GatewayCall> make_call(const std::string& content) const;
    void keep_turns(const std::string& content, const Answer& answer);

    const GlobalOptions& global_;
    const ChatOptions& options_;
    Setup setup_;
};

}  // namespace llmgw
