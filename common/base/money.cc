// SPDX-License-Identifier: Apache-2.0
#include "common/base/money.h"

#include <charconv>
#include <limits>

namespace llmgw {

namespace {
constexpr std::int64_t kNanoPerDollar = 1'000'000'000;
constexpr int kDigits = 9;
}  // namespace

Result<Money> parse_money(std::string_view decimal) {
    const auto invalid = [&] {
        return fail(Errc::usage, "\"" + std::string(decimal) + "\" is not an amount of dollars",
                    "write it like 12.50");
    };
    std::int64_t nano = 0;
    int behind_point = -1;
    bool any_digit = false;
    for (char c : decimal) {
        if (c == '.') {
            if (behind_point >= 0) {
                return invalid();
            }
            behind_point = 0;
            continue;
        }
        if (c < '0' || c > '9' || behind_point == kDigits) {
            return invalid();
        }
        const std::int64_t digit = c - '0';
        if (nano > (std::numeric_limits<std::int64_t>::max() - digit) / 10) {
            return invalid();
        }
        nano = nano * 10 + digit;
        any_digit = true;
        if (behind_point >= 0) {
            behind_point++;
        }
    }
    if (!any_digit) {
        return invalid();
    }
    for (int i = behind_point < 0 ? 0 : behind_point; i < kDigits; i++) {
        if (nano > std::numeric_limits<std::int64_t>::max() / 10) {
            return invalid();
        }
        nano *= 10;
    }
    return Money{nano};
}

Money& Money::operator+=(Money other) {
    if (__builtin_add_overflow(nano, other.nano, &nano)) {
        nano = other.nano < 0 ? std::numeric_limits<std::int64_t>::min()
                              : std::numeric_limits<std::int64_t>::max();
    }
    return *this;
}

void append_decimal(std::string& out, Money amount) {
    const bool negative = amount.nano < 0;
    const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(amount.nano)
                                             : static_cast<std::uint64_t>(amount.nano);
    char digits[2 * kDigits + 4];  // "-9223372036.854775808"
    char* end = digits;
    if (negative) {
        *end++ = '-';
    }
    end = std::to_chars(end, digits + sizeof digits, magnitude / kNanoPerDollar).ptr;
    std::uint64_t fraction = magnitude % kNanoPerDollar;
    if (fraction != 0) {
        *end = '.';
        for (int i = kDigits; i > 0; i--, fraction /= 10) {
            end[i] = static_cast<char>('0' + fraction % 10);
        }
        end += kDigits + 1;
        while (end[-1] == '0') {
            end--;
        }
    }
    out.append(digits, end);
}

std::string to_decimal(Money amount) {
    std::string text;
    append_decimal(text, amount);
    return text;
}

std::optional<Money> CostSum::total() const {
    constexpr std::uint64_t kBillion = 1'000'000'000;
    constexpr std::uint64_t kHalf = kBillion / 2;
    if (!too_large_ && sum_ < std::numeric_limits<std::uint64_t>::max() - kHalf) {  // 18 dollars
        return Money{
            static_cast<std::int64_t>((static_cast<std::uint64_t>(sum_) + kHalf) / kBillion)};
    }
    const Wide nano = (sum_ + kHalf) / kBillion;
    if (too_large_ || nano > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) {
        return std::nullopt;
    }
    return Money{static_cast<std::int64_t>(nano)};
}

}  // namespace llmgw
