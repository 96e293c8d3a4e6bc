// SPDX-License-Identifier: Apache-2.0
#pragma once

// For .cc files only: nlohmann/json takes seconds to compile, and no JSON tree travels between
// modules.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

using Json = nlohmann::ordered_json;

/// Nesting that llmgw accepts in any document; a deeper one is an error, not a crash.
inline constexpr int kMaxJsonDepth = 128;

/// Parses a whole document. Fails with Errc::invalid_file and the byte offset for malformed text,
/// invalid UTF-8 or nesting over kMaxJsonDepth. Never throws.
[[nodiscard]] Result<Json> parse_json(std::string_view text);

/// Prints a document; bytes that are not UTF-8 become U+FFFD. `indent` < 0: one line.
[[nodiscard]] std::string print_json(const Json& document, int indent = -1);

}  // namespace llmgw
