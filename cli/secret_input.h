// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"
#include "common/store/store.h"

namespace llmgw {

/// The key flags of a command: at most one is used. None of them takes the key itself, because
/// every user of the machine can read a process's arguments.
struct KeyFlags {
    bool from_stdin = false;
    std::string file;
    std::string command;
    std::string env;
    bool none = false;
};

/// A provider key's secret, or the reference to it.
struct KeyInput {
    SecretSource source = SecretSource::none;
    std::string ref;     ///< the variable, absolute path or command
    std::string secret;  ///< for SecretSource::stored only
};

/// What to say, and what to offer, when no key flag was given.
struct KeyPrompt {
    std::string subject;                 ///< whose key: "OpenAI"
    std::vector<std::string> variables;  ///< its usual variables; one that is set is offered
};

/// Finds out where a key comes from: the one flag given, else a question on the terminal. Fails
/// with Errc::usage for two flags, an empty key, or nobody to ask.
[[nodiscard]] Result<KeyInput> read_key(const GlobalOptions& global, const KeyFlags& flags,
                                        const KeyPrompt& prompt);

/// Reads one line from the terminal without showing it. The terminal is as before when this
/// returns or a signal ends the process.
[[nodiscard]] Result<std::string> read_hidden_line(const std::string& question);

/// Whether a text could be a key that was typed in the wrong place: such a text is not repeated in
/// messages.
[[nodiscard]] bool looks_like_secret(std::string_view text);

}  // namespace llmgw
