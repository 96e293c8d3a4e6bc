// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/chat.h"
#include "cli/chat_attachment.h"
#include "cli/chat_stdin.h"
#include "common/base/error.h"

namespace llmgw {

/// The content of a user's message as JSON text: a string, or a list of parts when an image or a
/// PDF goes along.
[[nodiscard]] std::string user_content(const std::string& text,
                                       const std::vector<Attachment>& media);

/// Puts a prompt together: piped text, text files, then the words, with a blank line between them;
/// images and PDFs as parts of their own. `-` stands for stdin where it is. Returns JSON text as
/// user_content() does, or nullopt when nothing was given and stdin is a terminal. Fails with
/// Errc::usage for an empty prompt.
[[nodiscard]] Result<std::optional<std::string>> read_prompt(const ChatOptions& options,
                                                             Stdin& input);

/// A file, or stdin for "-".
[[nodiscard]] Result<std::string> read_input(const std::string& path, std::string_view reader,
                                             Stdin& input);

}  // namespace llmgw
