// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

/// What `usage_limits` and `rate_limits` say, each as JSON text (null, an object or a list), as a
/// person would: "500 USD a month", "600 requests a minute".
[[nodiscard]] std::vector<std::string> limit_texts(std::string_view usage_limits,
                                                   std::string_view rate_limits);

}  // namespace llmgw
