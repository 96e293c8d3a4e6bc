// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"

namespace llmgw {

enum class SettingType { text, boolean, integer, duration, size };

/// A setting that `llmgw config` knows.
struct SettingInfo {
    std::string_view name;  ///< "timeouts.first_byte"
    SettingType type;
    std::string_view default_value;  ///< as a person would write it: "10m"
    std::string_view help;           ///< one line
    std::int64_t min = 0, max = 0;   ///< for numbers, in the type's unit (ms, bytes); both 0: any
};

/// All settings, by name.
[[nodiscard]] std::span<const SettingInfo> setting_infos();
[[nodiscard]] const SettingInfo* find_setting(std::string_view name);

/// Checks a value against its setting; the message says what would be right.
[[nodiscard]] Result<void> check_setting(const SettingInfo& info, std::string_view value);

/// The variable that overrides a setting: "LLMGW_TIMEOUTS_FIRST_BYTE".
[[nodiscard]] std::string setting_variable(std::string_view name);

/// Where a setting's value comes from.
enum class SettingOrigin { fallback, stored, environment };

struct SettingValue {
    std::string value;
    SettingOrigin origin;
};

/// The value in force: the variable, else the stored one, else the default. `stored` is
/// Store::settings().
[[nodiscard]] SettingValue effective_setting(
    const SettingInfo& info, std::span<const std::pair<std::string, std::string>> stored);

/// The settings in force as the gateway uses them.
struct Settings {
    std::int64_t connect_timeout_ms;
    std::int64_t first_byte_timeout_ms;
    std::int64_t idle_timeout_ms;
    std::int64_t total_timeout_ms;
    std::uint64_t max_body;
    std::int64_t max_connections;
    std::int64_t max_retries;
    bool strict;
    bool fetch_images;
};

/// Reads them all; a bad value from a variable or an older version fails with its name.
[[nodiscard]] Result<Settings> read_settings(
    std::span<const std::pair<std::string, std::string>> stored);

}  // namespace llmgw
