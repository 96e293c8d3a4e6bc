// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/portkey/code_tokens.h"

namespace llmgw {

/// A name that an import makes known.
struct ImportedName {
    std::string exported;  ///< as the module calls it; "default"; "*": the module itself
    std::string local;
};

/// `from x import a`, `import x`, `import a from "x"`, `const { a } = require("x")`.
struct CodeImport {
    std::string module;
    std::vector<ImportedName> names;
    std::size_t first = 0;  ///< its tokens: from here
    std::size_t last = 0;   ///< up to here, without it
    bool require = false;   ///< CommonJS
    bool type_only = false;
};

[[nodiscard]] std::vector<CodeImport> find_imports(const CodeTokens& code);

/// The import that makes a name known; nullptr when none does.
[[nodiscard]] const CodeImport* import_of(const std::vector<CodeImport>& imports,
                                          std::string_view local);
/// What the module calls it.
[[nodiscard]] std::string exported_name(const CodeImport& import, std::string_view local);

[[nodiscard]] bool is_portkey_module(std::string_view module);

}  // namespace llmgw
