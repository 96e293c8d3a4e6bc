// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/error.h"

namespace llmgw {

enum class LogLevel { debug, info, warn, error, off };

/// "debug", "info", "warn", "error" or "off".
[[nodiscard]] Result<LogLevel> parse_log_level(std::string_view name);

/// Sends log lines to standard error, as text or as one JSON object a line. Before it is called,
/// and in the command line, nothing is logged.
void start_log(LogLevel level, bool json);

using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

/// Writes one line. Control characters in the texts are replaced, so that nothing from outside can
/// forge a line. Any thread may call it. Never give it a secret.
void log(LogLevel level, std::string_view message, LogFields fields = {});
[[nodiscard]] bool log_enabled(LogLevel level);

}  // namespace llmgw
