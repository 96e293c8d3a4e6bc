// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/gateway/inference_call.h"

namespace llmgw {

/// A path without what clients vary: doubled and trailing slashes, and a leading "/openai".
/// "/v1/chat/completions" and "/chat/completions" are the same.
[[nodiscard]] std::string normal_path(std::string_view path);

/// The inference endpoint of a normal path.
[[nodiscard]] std::optional<Endpoint> inference_endpoint(std::string_view normal_path);

/// Paths that need no key: they tell nothing about the set-up.
[[nodiscard]] bool is_public_path(std::string_view normal_path);
[[nodiscard]] bool is_admin_path(std::string_view normal_path);

}  // namespace llmgw
