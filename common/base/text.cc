// SPDX-License-Identifier: Apache-2.0
#include "common/base/text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

namespace llmgw {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter(char c) {
    const char l = lower(c);
    return l >= 'a' && l <= 'z';
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

unsigned byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

bool is_continuation(unsigned byte) {
    return (byte & 0xC0) == 0x80;
}

/// The length of the well-formed UTF-8 sequence that starts at `at`, or 0. RFC 3629, section 4.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const unsigned first = byte_at(text, at);
    if (first < 0x80) {
        return 1;
    }
    std::size_t length = 0;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        low = first == 0xE0 ? 0xA0 : low;    // no overlong forms
        high = first == 0xED ? 0x9F : high;  // no surrogates
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        low = first == 0xF0 ? 0x90 : low;    // no overlong forms
        high = first == 0xF4 ? 0x8F : high;  // nothing over U+10FFFF
    } else {
        return 0;
    }
    if (text.size() - at < length) {
        return 0;
    }
    const unsigned second = byte_at(text, at + 1);
    if (second < low || second > high) {
        return 0;
    }
    for (std::size_t i = 2; i < length; i++) {
        if (!is_continuation(byte_at(text, at + i))) {
            return 0;
        }
    }
    return length;
}

/// C0, DEL and C1: what terminals act on.
bool is_control(std::string_view text, std::size_t at, std::size_t length) {
    const unsigned first = byte_at(text, at);
    if (length == 1) {
        return first < 0x20 || first == 0x7F;
    }
    return length == 2 && first == 0xC2 && byte_at(text, at + 1) < 0xA0;
}

/// Takes the decimal digits off the front of `text`; nullopt without any, or when they overflow.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t number = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; digits++) {
        const auto digit = static_cast<std::uint64_t>(text[digits] - '0');
        if (number > (kMax - digit) / 10) {
            return std::nullopt;
        }
        number = number * 10 + digit;
    }
    text.remove_prefix(digits);
    return digits > 0 ? std::optional(number) : std::nullopt;
}

struct Unit {
    std::string_view suffix;
    std::int64_t milliseconds;
};

/// Longest first: format_duration_ms takes the first that divides.
constexpr std::array kUnits{
    Unit{"y", 365LL * 24 * 3600 * 1000},
    Unit{"d", 24LL * 3600 * 1000},
    Unit{"h", 3600LL * 1000},
    Unit{"m", 60LL * 1000},
    Unit{"s", 1000},
    Unit{"ms", 1},
};

}  // namespace

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::string to_lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(at + 1);
    }
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); i++) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); j++) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row[b.size()];
}

std::vector<std::string> nearest(std::string_view word,
                                 std::span<const std::string_view> candidates, std::size_t limit) {
    constexpr std::size_t kContains = 1'000;  // behind every spelling mistake
    const std::size_t allowed = word.size() <= 4 ? 1 : 2;
    const std::string wanted = to_lower(word);
    std::vector<std::pair<std::size_t, std::string_view>> found;
    for (std::string_view candidate : candidates) {
        const std::string lowered = to_lower(candidate);
        const std::size_t longer = std::max(wanted.size(), lowered.size());
        const std::size_t shorter = std::min(wanted.size(), lowered.size());
        // A difference in length is a lower bound, and far cheaper than the distance.
        const std::size_t distance =
            longer - shorter <= allowed ? edit_distance(wanted, lowered) : allowed + 1;
        if (distance <= allowed) {
            found.emplace_back(distance, candidate);
        } else if (!wanted.empty() && lowered.find(wanted) != std::string::npos) {
            found.emplace_back(kContains + lowered.size(), candidate);
        }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> names;
    for (const auto& [distance, name] : found) {
        if (names.size() == limit) {
            break;
        }
        names.emplace_back(name);
    }
    return names;
}

bool matches_glob(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t after_star = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            after_star = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            p++;
            t++;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++after_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::size_t utf8_prefix(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t length = sequence_length(text, at);
        if (length == 0) {
            break;
        }
        at += length;
    }
    return at;
}

bool is_utf8(std::string_view text) {
    return utf8_prefix(text) == text.size();
}

TextPosition position_in(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto is_first_byte = [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    };
    return {1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')),
            1 + static_cast<std::size_t>(
                    std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_begin),
                                  before.end(), is_first_byte))};
}

std::string printable(std::string_view text, bool multiline) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequence_length(text, at);
        if (length == 0) {
            result += kReplacement;
            at++;
            continue;
        }
        if (multiline && (text[at] == '\n' || text[at] == '\t')) {
            result += text[at];
        } else if (multiline && text.substr(at, 2) == "\r\n") {
            // A plain line end; alone, a carriage return would overwrite the line.
        } else if (is_control(text, at, length)) {
            result += kReplacement;
        } else {
            result += text.substr(at, length);
        }
        at += length;
    }
    return result;
}

std::string rfc3339(std::int64_t unix_ms) {
    using namespace std::chrono;
    const auto moment = floor<seconds>(sys_time<milliseconds>(milliseconds(unix_ms)));
    const auto day = floor<days>(moment);
    const year_month_day date(day);
    const hh_mm_ss time(moment - day);
    std::array<char, 64> buffer{};
    const int length = std::snprintf(
        buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

Result<std::int64_t> parse_duration_ms(std::string_view text) {
    const auto invalid = [text] {
        return fail(Errc::usage, "\"" + printable(text) + "\" is not a duration",
                    "write a number and its unit: 250ms, 90s, 15m, 2h, 7d or 1y");
    };
    if (text == "0") {
        return 0;
    }
    std::string_view rest = text;
    const auto number = take_number(rest);
    if (!number) {
        return invalid();
    }
    for (const Unit& unit : kUnits) {
        if (rest != unit.suffix) {
            continue;
        }
        const std::int64_t most = std::numeric_limits<std::int64_t>::max() / unit.milliseconds;
        if (*number > static_cast<std::uint64_t>(most)) {
            return invalid();
        }
        return static_cast<std::int64_t>(*number) * unit.milliseconds;
    }
    return invalid();
}

std::string format_duration_ms(std::int64_t milliseconds) {
    if (milliseconds == 0) {
        return "0";
    }
    const auto unit = std::find_if(kUnits.begin(), kUnits.end() - 1, [&](const Unit& candidate) {
        return milliseconds % candidate.milliseconds == 0;
    });
    return std::to_string(milliseconds / unit->milliseconds) + std::string(unit->suffix);
}

Result<std::uint64_t> parse_size(std::string_view text) {
    const auto invalid = [text] {
        return fail(Errc::usage, "\"" + printable(text) + "\" is not a size",
                    "write a number of bytes, or one with k, m or g: 64k, 20m, 1g");
    };
    std::string_view rest = text;
    const auto number = take_number(rest);
    if (!number || rest.size() > 1) {
        return invalid();
    }
    int shift = 0;
    if (!rest.empty()) {
        const std::size_t power = std::string_view("kmg").find(lower(rest[0]));
        if (power == std::string_view::npos) {
            return invalid();
        }
        shift = 10 * (static_cast<int>(power) + 1);
    }
    if (*number > std::numeric_limits<std::uint64_t>::max() >> shift) {
        return invalid();
    }
    return *number << shift;
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string result;
    result.reserve(bytes.size() * 2);
    for (std::size_t i = 0; i < bytes.size(); i++) {
        result += kDigits[byte_at(bytes, i) >> 4];
        result += kDigits[byte_at(bytes, i) & 15];
    }
    return result;
}

namespace {
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string result;
    result.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        unsigned group = 0;
        for (std::size_t i = 0; i < 3; i++) {
            group = group << 8 | (i < count ? byte_at(bytes, at + i) : 0);
        }
        for (std::size_t i = 0; i < 4; i++) {
            result += i <= count ? kBase64[group >> (18 - 6 * i) & 63] : '=';
        }
    }
    return result;
}

std::optional<std::string> from_base64(std::string_view text) {
    for (int padding = 0; padding < 2 && text.ends_with('='); padding++) {
        text.remove_suffix(1);
    }
    if (text.size() % 4 == 1) {
        return std::nullopt;
    }
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::size_t digit = kBase64.find(c);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        group = group << 6 | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(group >> bits & 0xff);
        }
    }
    return bytes;
}

std::string mask_secret(std::string_view secret) {
    constexpr std::size_t kShown = 4;
    constexpr std::size_t kHidden = 12;        // at least so many bytes stay secret
    constexpr std::size_t kLongestPrefix = 6;  // "nvapi-"; anything longer is part of the secret
    std::size_t prefix = 0;
    while (prefix < secret.size() && is_letter(secret[prefix])) {
        prefix++;
    }
    const bool has_prefix =
        prefix > 0 && prefix < kLongestPrefix && prefix < secret.size() && secret[prefix] == '-';
    prefix = has_prefix ? prefix + 1 : 0;
    if (secret.size() < prefix + kHidden + kShown) {
        return std::string(kEllipsis);
    }
    return std::string(secret.substr(0, prefix)) + std::string(kEllipsis) +
           printable(secret.substr(secret.size() - kShown));
}

}  // namespace llmgw
