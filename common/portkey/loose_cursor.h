// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// A place in a text that is read tolerantly: spaces, comments, strings and expressions of JSON,
/// JavaScript, Python and HCL. Views are of the text, which outlives it.
class LooseCursor {
  public:
    LooseCursor(std::string_view text, int first_line) : text_(text), first_line_(first_line) {}

    /// A string as it is meant, and whether something is to be put into it when it is used.
    struct Text {
        std::string value;
        bool placeholder = false;
    };

    [[nodiscard]] std::size_t at() const { return at_; }
    void move_to(std::size_t at) { at_ = at; }
    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
    /// '\0' behind the end.
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    /// The character before this place; '\0' at the beginning.
    [[nodiscard]] char before() const { return at_ > 0 ? text_[at_ - 1] : '\0'; }
    [[nodiscard]] bool starts_with(std::string_view word) const {
        return text_.substr(at_).starts_with(word);
    }
    bool take(std::string_view word);
    [[nodiscard]] std::string_view since(std::size_t begin) const {
        return text_.substr(begin, at_ - begin);
    }

    /// Skips spaces and comments. Whether a line ended in them.
    bool skip_space();
    /// Skips what is no more than a gap between two words of a line.
    void skip_blanks();

    /// Whether a string begins, with Python's prefixes (`f"`) or without.
    [[nodiscard]] bool at_string() const { return quote_length() > 0; }
    /// Of the prefix and the quote; 0: there is none.
    [[nodiscard]] std::size_t quote_length() const;
    [[nodiscard]] Result<Text> read_string();
    /// HCL's `<<EOT`.
    [[nodiscard]] bool at_heredoc() const;
    [[nodiscard]] Result<Text> read_heredoc();

    /// A name of a variable or member, without dots; empty: there is none.
    std::string_view read_name();
    /// Whether a member of an object begins, such as `name:` or `"name" =`.
    [[nodiscard]] bool at_member();

    enum class Extent { lines, line };
    /// An expression up to what ends a member or an element: a comma, a bracket that is not its
    /// own, the next member in a new line or, if it is to be one line, the end of that. Without the
    /// spaces and comments at its end.
    [[nodiscard]] Result<std::string_view> read_expression(Extent extent);
    /// From an opening bracket to behind the one that closes it.
    [[nodiscard]] Result<void> skip_brackets();

    [[nodiscard]] int line_at(std::size_t at);
    /// Errc::invalid_file, with line and column.
    [[nodiscard]] tl::unexpected<Error> error(const std::string& what, std::size_t at);

  private:
    struct Quote;
    [[nodiscard]] std::size_t string_prefix() const;
    void read_piece(const Quote& quote, Text& out);
    [[nodiscard]] bool take_inserted(const Quote& quote, Text& out);
    [[nodiscard]] std::size_t end_of_inserted(std::size_t begin, const Quote& quote) const;
    void read_escape(std::string& out);
    void read_unicode(std::string& out);
    [[nodiscard]] bool read_hex(std::size_t begin, std::size_t digits, std::uint32_t& code) const;
    [[nodiscard]] Result<void> skip_code(std::string& open);

    std::string_view text_;
    std::size_t at_ = 0;
    int first_line_;
    // Lines are counted from the place of the last question: most questions are about what follows.
    std::size_t counted_at_ = 0;
    int counted_lines_ = 0;
};

}  // namespace llmgw
