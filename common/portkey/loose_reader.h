// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/portkey/loose_cursor.h"
#include "common/portkey/loose_document.h"

namespace llmgw {

/// Reads one value of a LooseDocument by recursive descent, at most kMaxScanDepth deep. Values are
/// the JSON that they become.
class LooseReader {
  public:
    LooseReader(std::string_view text, int first_line) : cursor_(text, first_line) {}

    [[nodiscard]] Result<LooseDocument> read(std::string_view text);

  private:
    using Members = std::vector<std::pair<std::string, std::string>>;
    enum class Shape { value, list, members };

    [[nodiscard]] Result<std::string> read_root();
    [[nodiscard]] Result<std::string> read_quoted_root();
    void skip_assignment();

    [[nodiscard]] Result<std::string> read_value();
    [[nodiscard]] Result<std::string> read_primary();
    [[nodiscard]] Result<std::string> read_word();
    [[nodiscard]] Result<std::string> read_call(std::string_view function, std::size_t begin);
    [[nodiscard]] Result<std::string> read_text(bool heredoc);
    [[nodiscard]] bool read_number(std::string& number);
    [[nodiscard]] Result<std::string> read_placeholder();
    [[nodiscard]] Result<std::string> placeholder(std::string text, std::size_t begin);
    [[nodiscard]] bool goes_on();
    void skip_type();

    [[nodiscard]] Result<std::string> read_object();
    [[nodiscard]] Result<void> read_member(Members& object);
    [[nodiscard]] Result<std::string> read_member_name();
    [[nodiscard]] Result<std::string> read_member_value(const std::string& name, std::size_t begin,
                                                        bool quoted);
    [[nodiscard]] Result<void> add_member(Members& object, std::string name, std::string value);
    [[nodiscard]] Result<std::string> read_array();
    [[nodiscard]] bool at_spread() const;

    [[nodiscard]] Result<std::string> read_parentheses();
    [[nodiscard]] Result<Shape> shape_of_parentheses();
    [[nodiscard]] Result<std::string> read_arguments(Shape shape);

    [[nodiscard]] Result<void> enter();
    void note_line(std::size_t at);
    void forget_member();
    void forget_below(std::size_t placeholders, std::size_t repeated);

    LooseCursor cursor_;
    LooseDocument out_;
    std::string pointer_;
    int depth_ = 0;
};

}  // namespace llmgw
