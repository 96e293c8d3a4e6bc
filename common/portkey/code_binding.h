// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/portkey/code_tokens.h"

namespace llmgw {

/// What a call's result is kept in, and where that is used.
struct CodeBinding {
    std::string name;        ///< the variable or attribute; empty: the result is used at once
    bool attribute = false;  ///< self.NAME, this.NAME
    bool exported = false;   ///< other files can have it by its name
    std::size_t annotation = CodeToken::kNone;  ///< the type that is declared for it
    std::vector<std::size_t> uses;  ///< the last token of each: what is done with it follows
    std::string problem;            ///< why not all of its uses are known
};

/// `callee` is the first token of `Client(…)` or `new Client(…)`, `close` the bracket that ends it.
[[nodiscard]] CodeBinding find_binding(const CodeTokens& code, std::size_t callee,
                                       std::size_t close);

/// The text that a variable always has; empty when that is not certain.
[[nodiscard]] std::string constant_text(const CodeTokens& code, std::string_view name);

}  // namespace llmgw
