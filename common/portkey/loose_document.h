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
    std::size_t length = 0;                 ///< how much of the text it took

    /// The line of a value or of the nearest value around it; 0: not known.
    [[nodiscard]] int line_of(std::string_view pointer) const;
};

/// Reads the value that `text` begins with. `first_line` is the number of its first line. A value
/// that is an expression (`process.env.KEY`, `var.key`, `${…}`, f"…") becomes a string of its own
/// text and is listed as a placeholder. Fails with Errc::invalid_file, line and column.
[[nodiscard]] Result<LooseDocument> read_loose(std::string_view text, int first_line = 1);

}  // namespace llmgw
