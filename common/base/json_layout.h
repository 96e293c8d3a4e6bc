// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

// The white space of JSON texts that are known to be valid. Nothing else changes: numbers keep
// their digits, strings their escapes.

/// Without any.
[[nodiscard]] std::string compact_json(std::string_view json);

/// A member or element a line, so many spaces deeper each; empty objects and arrays, and short
/// arrays of scalars, stay on one line.
[[nodiscard]] std::string indent_json(std::string_view json, int indent);

}  // namespace llmgw
