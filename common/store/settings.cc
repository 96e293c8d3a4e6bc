// SPDX-License-Identifier: Apache-2.0
#include "common/store/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

std::optional<bool> parse_boolean(std::string_view text) {
    constexpr std::array<std::string_view, 4> kYes = {"true", "yes", "on", "1"};
    constexpr std::array<std::string_view, 4> kNo = {"false", "no", "off", "0"};
    const auto is = [&](std::string_view word) { return equals_ignoring_case(word, text); };
    if (std::any_of(kYes.begin(), kYes.end(), is)) {
        return true;
    }
    if (std::any_of(kNo.begin(), kNo.end(), is)) {
        return false;
    }
    return std::nullopt;
}

template <typename Number>
std::optional<double> parse_whole(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(static_cast<double>(value)) : std::nullopt;
}

// A number in its type's unit: 1 and 0 for a boolean, milliseconds, bytes, the place of a choice.
// Texts have none.
std::optional<double> parse_number(const SettingInfo& info, std::string_view text) {
    switch (info.type) {
        case SettingType::text:
            return std::nullopt;
        case SettingType::boolean: {
            const auto value = parse_boolean(text);
            return value ? std::optional(*value ? 1.0 : 0.0) : std::nullopt;
        }
        case SettingType::integer:
        case SettingType::integers:
            return parse_whole<std::int64_t>(text);
        case SettingType::decimal: {
            const auto value = parse_whole<double>(text);
            return value && std::isfinite(*value) ? value : std::nullopt;
        }
        case SettingType::duration: {
            const auto value = parse_duration_ms(text);
            return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
        }
        case SettingType::size: {
            const auto value = parse_size(text);
            return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
        }
        case SettingType::choice: {
            const auto found = std::find(info.choices.begin(), info.choices.end(), text);
            return found != info.choices.end()
                       ? std::optional(static_cast<double>(found - info.choices.begin()))
                       : std::nullopt;
        }
    }
    return std::nullopt;
}

// A bound for a person; bounds are whole numbers of their unit.
std::string format_bound(SettingType type, double bound) {
    const auto value = static_cast<std::int64_t>(bound);
    if (type == SettingType::duration) {
        return format_duration_ms(value);
    }
    if (type == SettingType::size) {
        for (const auto& [shift, letter] : {std::pair{30, 'g'}, {20, 'm'}, {10, 'k'}}) {
            const std::int64_t unit = std::int64_t{1} << shift;
            if (value >= unit && value % unit == 0) {
                return std::to_string(value / unit) + letter;
            }
        }
    }
    return std::to_string(value);
}

std::string expectation(const SettingInfo& info) {
    switch (info.type) {
        case SettingType::text:
            return "a text";
        case SettingType::boolean:
            return "true or false";
        case SettingType::integer:
            return "a whole number";
        case SettingType::integers:
            return "whole numbers with commas between them, or nothing";
        case SettingType::decimal:
            return "a number such as 1 or 0.25";
        case SettingType::duration:
            return "a duration such as 500ms, 30s or 5m";
        case SettingType::size:
            return "a size such as 512k, 64m or 1g";
        case SettingType::choice: {
            std::string list;
            for (std::size_t i = 0; i < info.choices.size(); i++) {
                const bool last = i + 1 == info.choices.size();
                list += i == 0 ? "" : last ? " or " : ", ";
                list += info.choices[i];
            }
            return list;
        }
    }
    return "another value";
}

tl::unexpected<Error> bad_value(const SettingInfo& info, std::string_view name,
                                const std::string& problem) {
    const std::string setting(name);
    std::string hint = "llmgw config unset " + setting;
    if (!info.default_value.empty()) {
        hint = "llmgw config set " + setting + " " + std::string(info.default_value) +
               "   (the default)";
    }
    return fail(Errc::usage, setting + " " + problem, std::move(hint));
}

Result<double> read_number(const SettingInfo& info, std::string_view name, std::string_view text) {
    const auto value = parse_number(info, text);
    if (!value) {
        return bad_value(info, name,
                         "must be " + expectation(info) + ", not \"" + printable(text) + "\"");
    }
    if ((info.min != 0 || info.max != 0) && (*value < info.min || *value > info.max)) {
        return bad_value(info, name,
                         "must be between " + format_bound(info.type, info.min) + " and " +
                             format_bound(info.type, info.max) + ", not " + printable(text));
    }
    return *value;
}

}  // namespace

Result<std::vector<double>> read_setting(const SettingInfo& info, std::string_view name,
                                         std::string_view value) {
    std::vector<double> numbers;
    if (info.type == SettingType::text) {
        if (!is_utf8(value)) {
            return bad_value(info, name, "must be UTF-8 text");
        }
        return numbers;
    }
    const bool many = info.type == SettingType::integers;
    if (many && trim(value).empty()) {
        return numbers;
    }
    for (const std::string_view part : many ? split(value, ',') : std::vector{value}) {
        const auto number = read_number(info, name, many ? trim(part) : part);
        if (!number) {
            return tl::unexpected(number.error());
        }
        numbers.push_back(*number);
    }
    return numbers;
}

Result<void> check_setting(const SettingInfo& info, std::string_view name, std::string_view value) {
    if (auto read = read_setting(info, name, value); !read) {
        return tl::unexpected(std::move(read.error()));
    }
    return {};
}

std::string setting_variable(std::string_view name) {
    std::string variable = "LLMGW_";
    for (const char c : name) {
        const bool lower = c >= 'a' && c <= 'z';
        variable += c == '.' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return variable;
}

SettingValue effective_setting(const SettingInfo& info, std::string_view name,
                               std::span<const std::pair<std::string, std::string>> stored) {
    // An empty variable counts as none, so that one can be switched off for a single command.
    if (info.target == SettingTarget::none) {
        const char* variable = std::getenv(setting_variable(name).c_str());
        if (variable != nullptr && *variable != '\0') {
            return {variable, SettingOrigin::environment};
        }
    }
    for (const auto& [key, value] : stored) {
        if (key == name) {
            return {value, SettingOrigin::stored};
        }
    }
    return {std::string(info.default_value), SettingOrigin::fallback};
}

}  // namespace llmgw
