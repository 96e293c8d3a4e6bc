// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

/// A text that a regular expression of JavaScript's may match: "gpt-4" for "^gpt-(4|5)". What it
/// gives is to be tried; look-around, back references and negated classes are not thought through.
[[nodiscard]] std::string pattern_sample(std::string_view pattern);

}  // namespace llmgw
