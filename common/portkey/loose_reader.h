// SPDX-License-Identifier: Apache-2.0
#pragma once

// For .cc files only: it makes a tree of nlohmann/json.
#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/json_io.h"
#include "common/portkey/loose_cursor.h"
#include "common/portkey/loose_document.h"

namespace llmgw {

/// Reads one value of a LooseDocument by recursive descent, at most kMaxJsonDepth deep.
class LooseReader {
  public:
    LooseReader(std::string_view text, int first_line) : cursor_(text, first_line) {}

    [[nodiscard]] Result<LooseDocument> read();

  private:
    enum class Shape { value, list, members };

    [[nodiscard]] Result<Json> read_root();
    [[nodiscard]] Result<Json> read_quoted_root();
    void skip_assignment();

    [[nodiscard]] Result<Json> read_value();
    [[nodiscard]] Result<Json> read_primary();
    [[nodiscard]] Result<Json> read_word();
    [[nodiscard]] Result<Json> read_call(std::string_view function, std::size_t begin);
    [[nodiscard]] Result<Json> read_text(bool heredoc);
    [[nodiscard]] bool read_number(Json& number);
    [[nodiscard]] Result<Json> read_placeholder();
    [[nodiscard]] Result<Json> placeholder(std::string text, std::size_t begin);
    [[nodiscard]] bool goes_on();
    void skip_type();

    [[nodiscard]] Result<Json> read_object();
    [[nodiscard]] Result<void> read_member(Json& object);
    [[nodiscard]] Result<std::string> read_member_name();
    [[nodiscard]] Result<Json> read_member_value(const std::string& name, std::size_t begin,
                                                 bool quoted);
    [[nodiscard]] Result<void> add_member(Json& object, const std::string& name, Json value);
    [[nodiscard]] Result<Json> read_array();
    [[nodiscard]] bool at_spread() const;

    [[nodiscard]] Result<Json> read_parentheses();
    [[nodiscard]] Result<Shape> shape_of_parentheses();
    [[nodiscard]] Result<Json> read_arguments(Shape shape);

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
