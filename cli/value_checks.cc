// SPDX-License-Identifier: Apache-2.0
#include "cli/value_checks.h"

#include <charconv>
#include <system_error>

#include "common/base/text.h"

namespace llmgw {

std::string check_duration(const std::string& text) {
    const auto parsed = parse_duration_ms(text);
    return parsed ? "" : "expected a duration such as 90s, 15m or 30d";
}

std::string check_pair(const std::string& text) {
    const auto equals = text.find('=');
    return equals == std::string::npos || equals == 0 ? "expected KEY=VALUE" : "";
}

ValueCheck check_integer(std::int64_t min, std::int64_t max) {
    return [min, max](const std::string& text) -> std::string {
        std::int64_t number = 0;
        const auto end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        if (error == std::errc{} && stop == end && number >= min && number <= max) {
            return "";
        }
        return "expected a whole number from " + std::to_string(min) + " to " + std::to_string(max);
    };
}

std::string check_temperature(const std::string& text) {
    double number = -1;
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stop == end && number >= 0 && number <= 2
               ? ""
               : "expected a number from 0 to 2";
}

ValueCheck check_choice(const std::string& choices) {
    return [choices](const std::string& text) -> std::string {
        std::string list;
        for (const auto choice : split(choices, '|')) {
            if (choice == text) {
                return "";
            }
            list += (list.empty() ? "" : ", ") + std::string(choice);
        }
        return "expected one of " + list;
    };
}

std::pair<std::string, std::string> split_pair(const std::string& text) {
    const auto equals = text.find('=');
    return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace llmgw
