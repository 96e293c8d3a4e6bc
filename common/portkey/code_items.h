// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/portkey/code_tokens.h"

namespace llmgw {

/// One item of a list in brackets: an argument, a member of an object, an element.
struct CodeItem {
    std::string name;       ///< `name=`, `name:`, `"name":`; empty: it has none
    std::size_t first = 0;  ///< the tokens of its value: from here
    std::size_t last = 0;   ///< up to here, without it
    std::size_t begin = 0;  ///< the bytes of all of it
    std::size_t end = 0;
    bool spread = false;     ///< `**options`, `...options`
    bool shorthand = false;  ///< JavaScript's `{ model }`: name and value are one
};

/// What is between a bracket and its partner. Nothing when the bracket is not closed.
[[nodiscard]] std::vector<CodeItem> items_of(const CodeTokens& code, std::size_t open);

/// The item of this name, as option_name() spells it; nullptr without one.
[[nodiscard]] const CodeItem* find_item(const std::vector<CodeItem>& items, std::string_view name);

/// One spelling for all languages: "virtualKey", "virtual-key" and "virtual_key" are
/// "virtual_key"; "traceID" is "trace_id" and "baseURL" "base_url".
[[nodiscard]] std::string option_name(std::string_view name);

}  // namespace llmgw
