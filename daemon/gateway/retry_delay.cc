// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/retry_delay.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "daemon/providers/json_members.h"

namespace llmgw {

namespace {

constexpr std::string_view kDigits = "0123456789";

// Takes a number such as "7.66" off the front of a text. No exponents: no provider sends them.
std::optional<double> take_number(std::string_view& text) {
    if (text.empty() || kDigits.find(text.front()) == std::string_view::npos) {
        return std::nullopt;
    }
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

std::optional<int> whole_number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool all = error == std::errc() && end == text.data() + text.size();
    return all && value >= 0 ? std::optional(value) : std::nullopt;
}

struct TimeUnit {
    std::string_view name;
    double milliseconds;
};
constexpr std::array<TimeUnit, 12> kUnits = {{{"ms", 1},
                                              {"s", 1e3},
                                              {"m", 6e4},
                                              {"h", 3.6e6},
                                              {"d", 8.64e7},
                                              {"us", 1e-3},
                                              {"\xc2\xb5s", 1e-3},
                                              {"ns", 1e-6},
                                              {"second", 1e3},
                                              {"seconds", 1e3},
                                              {"minute", 6e4},
                                              {"minutes", 6e4}}};

// "6m0s", "120ms", "34.074824224s", "20 seconds", in milliseconds.
std::optional<double> duration(std::string_view text) {
    double total = 0;
    do {
        const auto value = take_number(text);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        const std::size_t end = std::min(text.find_first_of("0123456789 "), text.size());
        const auto* const unit = std::find_if(
            kUnits.begin(), kUnits.end(),
            [name = text.substr(0, end)](const TimeUnit& one) { return one.name == name; });
        if (!value || unit == kUnits.end()) {
            return std::nullopt;
        }
        total += *value * unit->milliseconds;
        text.remove_prefix(end);
    } while (!text.empty());
    return total;
}

// Unix milliseconds of a date and "08:49:37", which may have a fraction.
std::optional<double> moment(int year, unsigned month, unsigned day, std::string_view time) {
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(year), std::chrono::month(month),
                              std::chrono::day(day)};
    const auto parts = split(time, ':');
    if (!date.ok() || parts.size() != 3) {
        return std::nullopt;
    }
    const auto hours = whole_number(parts[0]);
    const auto minutes = whole_number(parts[1]);
    std::string_view rest = parts[2];
    const auto seconds = take_number(rest);
    if (!hours || !minutes || !seconds || !rest.empty() || *hours > 23 || *minutes > 59 ||
        *seconds >= 61) {  // a leap second is one
        return std::nullopt;
    }
    const auto days = sys_days(date).time_since_epoch().count();
    return ((static_cast<double>(days) * 24 + *hours) * 60 + *minutes) * 60e3 + *seconds * 1e3;
}

// The three forms of RFC 9110 §5.6.7. In all of them the day comes before the year.
std::optional<double> http_date(std::string_view text) {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::optional<unsigned> month;
    std::optional<int> day;
    std::optional<int> year;
    std::string_view time;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = std::min(text.find_first_not_of(" ,-", at), text.size());
        at = std::min(text.find_first_of(" ,-", begin), text.size());
        const std::string_view word = text.substr(begin, at - begin);
        const auto number = whole_number(word);
        const std::size_t named = word.size() == 3 ? kMonths.find(word) : std::string_view::npos;
        if (number) {
            (day ? year : day) = number;
        } else if (named != std::string_view::npos && named % 3 == 0) {
            month = static_cast<unsigned>(named / 3 + 1);
        } else if (word.find(':') != std::string_view::npos) {
            time = word;
        }
    }
    if (!month || !day || !year) {
        return std::nullopt;
    }
    if (*year < 100) {
        *year += *year < 70 ? 2000 : 1900;
    }
    return moment(*year, *month, static_cast<unsigned>(*day), time);
}

// "2026-11-24T23:31:02Z", with or without a fraction. Nobody sends another offset than UTC's.
std::optional<double> rfc3339_moment(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] | 0x20) != 't') {
        return std::nullopt;
    }
    std::string_view time = text.substr(11);
    if (time.ends_with("+00:00")) {
        time.remove_suffix(6);
    } else if ((time.back() | 0x20) == 'z') {
        time.remove_suffix(1);
    } else {
        return std::nullopt;
    }
    const auto year = whole_number(text.substr(0, 4));
    const auto month = whole_number(text.substr(5, 2));
    const auto day = whole_number(text.substr(8, 2));
    if (!year || !month || !day) {
        return std::nullopt;
    }
    return moment(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day), time);
}

// What a header says about when a limit is lifted: a duration, a time, or a bare number, which is
// seconds from now or, where it is too large for that, the Unix time in seconds or milliseconds
// (OpenRouter).
std::optional<double> wait_of(std::string_view text, std::int64_t now) {
    text = trim(text);
    std::string_view rest = text;
    const auto number = take_number(rest);
    const auto since = static_cast<double>(now);
    if (number && rest.empty()) {
        if (*number > 1e11) {
            return *number - since;
        }
        return *number > 1e9 ? *number * 1e3 - since : *number * 1e3;
    }
    if (const auto told = duration(text)) {
        return told;
    }
    auto at = rfc3339_moment(text);
    at = at ? at : http_date(text);
    return at ? std::optional(*at - since) : std::nullopt;
}

// Whether "…-remaining-…" of that "…-reset-…" says 0.
bool is_used_up(const std::vector<HeaderView>& headers, std::string_view reset) {
    std::string name = to_lower(reset);
    name.replace(name.find("reset"), 5, "remaining");
    return std::any_of(headers.begin(), headers.end(), [&](const HeaderView& header) {
        std::string_view left = trim(header.value);
        const auto number = take_number(left);
        return equals_ignoring_case(header.name, name) && left.empty() && number && *number == 0;
    });
}

// The longest wait of the limits that are used up; the others say when they will be full again.
std::optional<double> wait_of_limits(const std::vector<HeaderView>& headers, std::int64_t now) {
    std::optional<double> longest;
    for (const HeaderView& header : headers) {
        const std::string name = to_lower(header.name);
        if (name.find("ratelimit") == std::string::npos ||
            name.find("reset") == std::string::npos || !is_used_up(headers, name)) {
            continue;
        }
        if (const auto wait = wait_of(header.value, now)) {
            longest = std::max(longest.value_or(0), *wait);
        }
    }
    return longest;
}

// OpenRouter repeats the headers of whom it asked in the error's `metadata.headers`.
std::optional<double> wait_of_told_headers(const JsonMembers& error, std::int64_t now) {
    const std::vector<JsonField> told = nested_fields(error.object("metadata").raw("headers"));
    std::vector<std::string> values;
    std::vector<HeaderView> headers;
    values.reserve(told.size());
    for (const JsonField& field : told) {
        values.push_back(json_text(field.value).value_or(std::string(field.value)));
        headers.push_back({field.key, values.back()});
    }
    return wait_of_limits(headers, now);
}

// google.rpc.RetryInfo among an error's details (google/rpc/error_details.proto).
std::optional<double> wait_of_details(const JsonMembers& error) {
    for (const std::string_view detail : error.elements("details")) {
        const JsonMembers members(detail);
        if (members.text("@type").ends_with("google.rpc.RetryInfo")) {
            return duration(members.text("retryDelay"));
        }
    }
    return std::nullopt;
}

// "Please try again in 6m0s." (OpenAI, Groq), "Please retry after 6 seconds." (Azure).
std::optional<double> wait_of_words(std::string_view message) {
    for (const std::string_view phrase : {"try again in ", "retry after ", "retry in "}) {
        const std::size_t at = message.find(phrase);
        if (at == std::string_view::npos) {
            continue;
        }
        std::string_view told = message.substr(at + phrase.size());
        // To the end of the sentence: a stop behind a digit is a decimal one.
        std::size_t end = std::min(told.find_first_of(",;:()\n"), told.size());
        end = std::min({end, told.find(". "), told.size()});
        told = told.substr(0, end);
        while (told.ends_with('.')) {
            told.remove_suffix(1);
        }
        return duration(told);
    }
    return std::nullopt;
}

// The `error` of a body; Google puts the document into an array.
JsonMembers error_of(std::string_view body) {
    const auto documents = scan_array(body);
    return JsonMembers(documents && !documents->empty() ? documents->front() : body)
        .object("error");
}

}  // namespace

std::optional<std::int64_t> retry_delay_ms(const ResponseHead& head, std::string_view body,
                                           bool rate_limited, std::int64_t now) {
    std::optional<double> wait;
    std::string_view exact = trim(head.header("retry-after-ms"));
    if (const auto number = take_number(exact); number && exact.empty()) {
        wait = number;
    }
    if (!wait) {
        wait = wait_of(head.header("retry-after"), now);
    }
    if (!wait) {
        const JsonMembers error = error_of(trim(body));
        wait = wait_of_details(error);
        if (!wait && rate_limited) {
            wait = wait_of_limits(head.headers, now);
            wait = wait ? wait : wait_of_told_headers(error, now);
            wait = wait ? wait : wait_of_words(error.text("message"));
        }
    }
    if (!wait) {
        return std::nullopt;
    }
    constexpr auto kLongest = static_cast<double>(kLongestRetryDelayMs);
    return static_cast<std::int64_t>(std::ceil(std::clamp(*wait, 0.0, kLongest)));
}

}  // namespace llmgw
