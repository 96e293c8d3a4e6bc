// SPDX-License-Identifier: Apache-2.0
#include "daemon/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "common/base/clock.h"
#include "common/base/json_scan.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// Set once, before any other thread exists.
std::shared_ptr<spdlog::logger> the_logger;
std::atomic<LogLevel> the_level{LogLevel::off};
std::atomic<bool> the_json{false};

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error", "off"};

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
        case LogLevel::off:
            return spdlog::level::off;
    }
    return spdlog::level::off;
}

std::string text_line(LogLevel level, std::string_view message, LogFields fields) {
    std::string line = rfc3339(unix_ms()) + " " +
                       std::string(kNames[static_cast<std::size_t>(level)]) + " " +
                       printable(message);
    for (const auto& [name, value] : fields) {
        line += " " + std::string(name) + "=";
        const std::string clean = printable(value);
        line += clean.empty() || clean.find_first_of(" \"=") != std::string::npos
                    ? json_quote(clean)
                    : clean;
    }
    return line;
}

std::string json_line(LogLevel level, std::string_view message, LogFields fields) {
    std::string line = "{\"time\":\"" + rfc3339(unix_ms()) + "\",\"level\":\"" +
                       std::string(kNames[static_cast<std::size_t>(level)]) +
                       "\",\"message\":" + json_quote(message);
    for (const auto& [name, value] : fields) {
        line += ",\"" + std::string(name) + "\":" + json_quote(value);
    }
    return line + "}";
}

}  // namespace

Result<LogLevel> parse_log_level(std::string_view name) {
    for (std::size_t i = 0; i < std::size(kNames); i++) {
        if (kNames[i] == name) {
            return static_cast<LogLevel>(i);
        }
    }
    return fail(Errc::usage, "\"" + printable(name) + "\" is not a log level",
                "llmgw serve --log-level debug|info|warn|error|off");
}

void start_log(LogLevel level, bool json) {
    the_logger = std::make_shared<spdlog::logger>(
        "llmgw", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    the_logger->set_pattern("%v");
    the_logger->set_level(spdlog_level(level));
    the_logger->flush_on(spdlog::level::debug);
    the_json = json;
    the_level = level;
}

bool log_enabled(LogLevel level) {
    return level >= the_level.load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view message, LogFields fields) {
    if (!log_enabled(level) || level == LogLevel::off) {
        return;
    }
    the_logger->log(
        spdlog_level(level), "{}",
        the_json ? json_line(level, message, fields) : text_line(level, message, fields));
}

}  // namespace llmgw
