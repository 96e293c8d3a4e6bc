// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace llmgw::catalog {

/// The names of Wire's values in the data files and in output, in their order.
inline constexpr std::array<std::string_view, 12> kWireNames{
    "openai", "anthropic",       "gemini", "vertex", "vertex-anthropic", "bedrock",
    "azure",  "azure-anthropic", "cohere", "media",  "unknown",          "mock",
};

}  // namespace llmgw::catalog
