// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace llmgw {

/// A document as people keep it: JSON with comments and trailing commas, a literal of JavaScript or
/// Python, HCL's jsonencode({…}). Read into plain JSON.
struct LooseDocument {
    std::string json;                  ///< the same as strict JSON, members in their order
    std::map<std::string, int> lines;  ///< where each value begins, by its JSON pointer; from 1
    std::vector<std::string> placeholders;  ///< JSON pointers of values that were expressions
    std::vector<std::string> repeated;      ///< and of members that are there twice: the last holds
    /// The text was plain JSON: what looks like a placeholder may be meant as it is.
    bool plain = false;
    std::size_t length = 0;  ///< how much of the text it took

    /// The line of a value or of the nearest value around it; 0: not known.
    [[nodiscard]] int line_of(std::string_view pointer) const;
    [[nodiscard]] bool is_placeholder(std::string_view pointer) const;
    /// Whether a value is one, or has one somewhere in it.
    [[nodiscard]] bool has_placeholder(std::string_view pointer) const;
};

/// Reads the value that `text` begins with. `first_line` is the number of its first line.
///
/// A value that is an expression (`process.env.KEY`, `var.key`, `f"…"`, a string with `${…}` or
/// `{{…}}`) becomes a string of its own text and is listed as a placeholder; so does `...name` or
/// `**name` (in an object a member of that very name) and JavaScript's `{ name }`. What only wraps
/// a value is looked through: `JSON.stringify(…)`, `json.dumps(…)`, `jsonencode(…)`, `as const`,
/// parentheses. Arguments by name, as in `Portkey(config=…)` from the parenthesis on or in
/// `dict(…)`, are an object, and those by position are members "0", "1"….
///
/// Fails with Errc::invalid_file, line and column: of a text that is not to be understood, that is
/// deeper than 128 levels, or longer than 16 MB.
[[nodiscard]] Result<LooseDocument> read_loose(std::string_view text, int first_line = 1);

/// A JSON pointer's next step: "~" and "/" in `name` are escaped (RFC 6901).
[[nodiscard]] std::string pointer_to(std::string_view parent, std::string_view name);

}  // namespace llmgw
