// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// Checks that a text is a JSON Schema: a JSON object whose keywords have the right types. Fails
/// with Errc::invalid_file; `name` is the file's, for the message.
[[nodiscard]] Result<void> check_schema(std::string_view schema, std::string_view name);

/// Checks an answer against a schema that check_schema() took. Fails with Errc::failed and the
/// JSON pointer of the first violation.
[[nodiscard]] Result<void> check_against_schema(std::string_view schema, std::string_view answer);

}  // namespace llmgw
