// SPDX-License-Identifier: Apache-2.0
#include "common/base/money.h"

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

std::string to_decimal(Money amount) {
    const bool negative = amount.nano < 0;
    const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(amount.nano)
                                             : static_cast<std::uint64_t>(amount.nano);
    std::string text = negative ? "-" : "";
    text += std::to_string(magnitude / kNanoPerDollar);
    std::uint64_t fraction = magnitude % kNanoPerDollar;
    if (fraction != 0) {
        char digits[kDigits];
        for (int i = kDigits - 1; i >= 0; i--) {
            digits[i] = static_cast<char>('0' + fraction % 10);
            fraction /= 10;
        }
        const std::string_view behind_point(digits, kDigits);
        text += '.';
        text += behind_point.substr(0, behind_point.find_last_not_of('0') + 1);
    }
    return text;
}

}  // namespace llmgw
