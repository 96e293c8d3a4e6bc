// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

/// SHA-256, in lower-case hex.
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace llmgw
