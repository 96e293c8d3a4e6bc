// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace llmgw {

/// Checks of flag values, as CLI11 wants them: each returns what is wrong, or "".
using ValueCheck = std::function<std::string(const std::string&)>;

[[nodiscard]] std::string check_duration(const std::string& text);
[[nodiscard]] std::string check_temperature(const std::string& text);
/// KEY=VALUE, as split_pair() takes it apart.
[[nodiscard]] std::string check_pair(const std::string& text);
[[nodiscard]] ValueCheck check_integer(std::int64_t min, std::int64_t max);
/// The choices of a value such as "text|json", which is both what the help shows and the check.
[[nodiscard]] ValueCheck check_choice(const std::string& choices);

[[nodiscard]] std::pair<std::string, std::string> split_pair(const std::string& text);

}  // namespace llmgw
