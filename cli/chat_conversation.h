// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/home.h"

namespace llmgw {

/// One turn of a conversation.
struct StoredMessage {
    std::string role;     ///< "user" or "assistant"
    std::string content;  ///< JSON text: a string or a list of parts
};

/// A conversation as it is sent and kept.
struct Conversation {
    std::string model;
    std::string system;  ///< empty: none
    std::vector<StoredMessage> messages;
};

/// Where the last conversation is kept, mode 0600.
[[nodiscard]] std::string conversation_file(const Home& home);

/// The last conversation, or nullopt when there is none. Fails with Errc::invalid_file for a file
/// that is not one.
[[nodiscard]] Result<std::optional<Conversation>> load_conversation(const Home& home);

/// Keeps a conversation as the last one.
[[nodiscard]] Result<void> save_conversation(const Home& home, const Conversation& conversation);

/// The conversation as Markdown, for a person.
[[nodiscard]] std::string transcript(const Conversation& conversation);

}  // namespace llmgw
