// SPDX-License-Identifier: Apache-2.0
#include "common/store/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::int64_t kKib = 1024;
constexpr std::int64_t kMib = 1024 * kKib;
constexpr std::int64_t kGib = 1024 * kMib;
constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kShortest = 10;  // milliseconds; nothing upstream is quicker

constexpr std::array<SettingInfo, 9> kSettings = {{
    {"fetch.images", SettingType::boolean, "false",
     "Fetch images from https addresses for providers that need the bytes"},
    {"limits.body", SettingType::size, "64m", "The largest request body", kKib, 2 * kGib},
    {"limits.connections", SettingType::integer, "4096", "Client connections open at one time", 1,
     1'000'000},
    {"routing.max_retries", SettingType::integer, "2", "Further attempts after a provider failed",
     0, 10},
    {"strict", SettingType::boolean, "false",
     "Refuse a request with fields its provider rejects, instead of dropping them"},
    {"timeouts.connect", SettingType::duration, "10s", "Connecting to a provider, with TLS",
     kShortest, 10 * kMinute},
    {"timeouts.first_byte", SettingType::duration, "10m",
     "From the request's end to the first byte of a provider's answer", kShortest, 24 * kHour},
    {"timeouts.idle", SettingType::duration, "5m", "The longest silence inside a provider's answer",
     kShortest, 24 * kHour},
    {"timeouts.total", SettingType::duration, "30m", "A whole request, with all its attempts",
     kShortest, 24 * kHour},
}};

static_assert(std::is_sorted(kSettings.begin(), kSettings.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));

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

// A number in its type's unit: 1 and 0 for a boolean, milliseconds, bytes. Texts have none.
std::optional<std::int64_t> parse_number(SettingType type, std::string_view text) {
    switch (type) {
        case SettingType::text:
            return std::nullopt;
        case SettingType::boolean: {
            const auto value = parse_boolean(text);
            return value ? std::optional<std::int64_t>(*value ? 1 : 0) : std::nullopt;
        }
        case SettingType::integer: {
            std::int64_t value = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            const bool whole = error == std::errc() && end == text.data() + text.size();
            return whole ? std::optional(value) : std::nullopt;
        }
        case SettingType::duration: {
            const auto value = parse_duration_ms(text);
            return value ? std::optional(*value) : std::nullopt;
        }
        case SettingType::size: {
            const auto value = parse_size(text);
            return value && *value <= std::uint64_t{INT64_MAX}
                       ? std::optional(static_cast<std::int64_t>(*value))
                       : std::nullopt;
        }
    }
    return std::nullopt;
}

std::string format_number(SettingType type, std::int64_t value) {
    if (type == SettingType::duration) {
        return format_duration_ms(value);
    }
    if (type == SettingType::size) {
        for (const auto& [unit, letter] : {std::pair{kGib, 'g'}, {kMib, 'm'}, {kKib, 'k'}}) {
            if (value >= unit && value % unit == 0) {
                return std::to_string(value / unit) + letter;
            }
        }
    }
    return std::to_string(value);
}

std::string_view expectation(SettingType type) {
    switch (type) {
        case SettingType::text:
            return "a text";
        case SettingType::boolean:
            return "true or false";
        case SettingType::integer:
            return "a whole number";
        case SettingType::duration:
            return "a duration such as 500ms, 30s or 5m";
        case SettingType::size:
            return "a size such as 512k, 64m or 1g";
    }
    return "another value";
}

tl::unexpected<Error> bad_value(const SettingInfo& info, const std::string& problem) {
    return fail(Errc::usage, std::string(info.name) + " " + problem,
                "llmgw config set " + std::string(info.name) + " " +
                    std::string(info.default_value) + "   (the default)");
}

Result<std::int64_t> read_number(const SettingInfo& info, std::string_view text) {
    const auto value = parse_number(info.type, text);
    if (!value) {
        return bad_value(info, "must be " + std::string(expectation(info.type)) + ", not \"" +
                                   printable(text) + "\"");
    }
    if ((info.min != 0 || info.max != 0) && (*value < info.min || *value > info.max)) {
        return bad_value(info, "must be between " + format_number(info.type, info.min) + " and " +
                                   format_number(info.type, info.max) + ", not " + printable(text));
    }
    return *value;
}

// The setting's value in force as a number; a bad one is blamed on where it comes from.
Result<std::int64_t> number_in_force(std::string_view name,
                                     std::span<const std::pair<std::string, std::string>> stored) {
    const SettingInfo* info = find_setting(name);
    LLMGW_ASSERT(info != nullptr && info->type != SettingType::text);
    const SettingValue value = effective_setting(*info, stored);
    auto number = read_number(*info, value.value);
    if (!number) {
        Error error = number.error();
        error.kind = Errc::invalid_file;
        if (value.origin == SettingOrigin::environment) {
            const std::string variable = setting_variable(name);
            error.message = "the variable " + variable + " is not usable: " + error.message;
            error.hint = "unset " + variable;
        } else {
            error.message = "a stored setting is not usable: " + error.message;
            error.hint = "llmgw config unset " + std::string(name);
        }
        return tl::unexpected(std::move(error));
    }
    return number;
}

}  // namespace

std::span<const SettingInfo> setting_infos() {
    return kSettings;
}

const SettingInfo* find_setting(std::string_view name) {
    const auto found = std::find_if(kSettings.begin(), kSettings.end(),
                                    [&](const SettingInfo& info) { return info.name == name; });
    return found == kSettings.end() ? nullptr : &*found;
}

Result<void> check_setting(const SettingInfo& info, std::string_view value) {
    if (info.type == SettingType::text) {
        if (!is_utf8(value)) {
            return bad_value(info, "must be UTF-8 text");
        }
        return {};
    }
    if (auto number = read_number(info, value); !number) {
        return tl::unexpected(number.error());
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

SettingValue effective_setting(const SettingInfo& info,
                               std::span<const std::pair<std::string, std::string>> stored) {
    // An empty variable counts as none, so that one can be switched off for a single command.
    const char* variable = std::getenv(setting_variable(info.name).c_str());
    if (variable != nullptr && *variable != '\0') {
        return {variable, SettingOrigin::environment};
    }
    for (const auto& [name, value] : stored) {
        if (name == info.name) {
            return {value, SettingOrigin::stored};
        }
    }
    return {std::string(info.default_value), SettingOrigin::fallback};
}

Result<Settings> read_settings(std::span<const std::pair<std::string, std::string>> stored) {
    Settings settings{};
    std::int64_t max_body = 0;
    std::int64_t strict = 0;
    std::int64_t fetch_images = 0;
    const std::array<std::pair<std::string_view, std::int64_t*>, kSettings.size()> targets = {{
        {"fetch.images", &fetch_images},
        {"limits.body", &max_body},
        {"limits.connections", &settings.max_connections},
        {"routing.max_retries", &settings.max_retries},
        {"strict", &strict},
        {"timeouts.connect", &settings.connect_timeout_ms},
        {"timeouts.first_byte", &settings.first_byte_timeout_ms},
        {"timeouts.idle", &settings.idle_timeout_ms},
        {"timeouts.total", &settings.total_timeout_ms},
    }};
    for (const auto& [name, target] : targets) {
        const auto number = number_in_force(name, stored);
        if (!number) {
            return tl::unexpected(number.error());
        }
        *target = *number;
    }
    settings.max_body = static_cast<std::uint64_t>(max_body);
    settings.strict = strict != 0;
    settings.fetch_images = fetch_images != 0;
    return settings;
}

}  // namespace llmgw
