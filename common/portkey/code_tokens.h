// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

enum class CodeLanguage {
    python,
    script,  // JavaScript and TypeScript; JSON too, comments or not
};

/// A word of source code. Comments and blanks are none.
struct CodeToken {
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    enum class Kind { name, text, number, sign };
    Kind kind = Kind::sign;
    std::size_t begin = 0;  ///< in bytes, as `end`
    std::size_t end = 0;
    std::size_t content = 0;      ///< of a text: where it begins behind its quotes
    std::size_t content_end = 0;  ///< and where it ends
    bool plain = false;           ///< of a text: it has no expressions in it and is no bytes object
    bool first = false;           ///< the first of its line
    std::size_t partner = kNone;  ///< of a bracket: the token that closes or opens it
    std::size_t within = kNone;   ///< the bracket that it is in
};

/// Source code as words: enough to find calls and literals in it. The source has to outlive it.
struct CodeTokens {
    std::string_view source;
    CodeLanguage language = CodeLanguage::python;
    std::vector<CodeToken> tokens;
    bool sound = true;  ///< false: a text or a bracket has no end, so nothing is certain

    [[nodiscard]] std::size_t size() const { return tokens.size(); }
    [[nodiscard]] const CodeToken& operator[](std::size_t index) const { return tokens[index]; }
    /// A token as it is written; nothing beyond the last one.
    [[nodiscard]] std::string_view at(std::size_t index) const;
    [[nodiscard]] bool is(std::size_t index, std::string_view text) const;
    [[nodiscard]] bool is_name(std::size_t index) const;
    [[nodiscard]] bool is_plain_text(std::size_t index) const;
    /// What a plain text says; nothing for other tokens.
    [[nodiscard]] std::string value(std::size_t index) const;
    /// The source of the tokens from `first` up to but without `last`.
    [[nodiscard]] std::string_view span(std::size_t first, std::size_t last) const;
};

[[nodiscard]] CodeTokens read_code(std::string_view source, CodeLanguage language);

}  // namespace llmgw
