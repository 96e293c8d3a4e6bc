// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// The secret in what a file, a command or a pipe gives: its first line, or all of it when it is a
/// JSON object (a service account's key, an AWS credential), which becomes one line. The error is
/// Errc::auth and shows nothing of it.
[[nodiscard]] Result<std::string> secret_text(std::string_view content);

}  // namespace llmgw
