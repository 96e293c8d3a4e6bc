// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// A JSON Schema in the subset of OpenAPI 3.0 that Gemini models before 2.5 take: references are
/// replaced by what they point to, `null` becomes `nullable`, `const` an `enum`, and keywords that
/// would be refused are left out. Errors are Errc::invalid_request with the code
/// "unsupported_parameter": a reference to nowhere, or a schema that grows out of bounds. Pure.
[[nodiscard]] Result<std::string> gemini_schema(std::string_view schema);

}  // namespace llmgw
