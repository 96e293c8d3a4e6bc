// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/canonical_number.h"

#include <algorithm>
#include <charconv>

namespace llmgw {

namespace {

std::string_view without_leading_zeros(std::string_view digits) {
    return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

std::string_view without_trailing_zeros(std::string_view digits) {
    return digits.substr(0, digits.find_last_not_of('0') + 1);
}

}  // namespace

std::optional<CanonicalNumber> canonical_number(std::string_view json) {
    constexpr std::size_t kMaxExponentDigits = 17;  // fits with any shift that a text can hold
    CanonicalNumber number;
    number.negative = json.starts_with('-');
    json.remove_prefix(number.negative ? 1 : 0);
    const std::size_t e = std::min(json.find_first_of("eE"), json.size());
    const std::size_t point = std::min(json.find('.'), e);
    number.head = without_leading_zeros(json.substr(0, point));
    number.tail = without_trailing_zeros(json.substr(point, e - point));
    number.tail.remove_prefix(number.tail.empty() ? 0 : 1);
    if (number.head.empty() && number.tail.empty()) {
        return CanonicalNumber{};  // 0, -0.0 and 0e9 alike
    }
    if (e < json.size()) {
        std::string_view digits = json.substr(e + 1);
        const bool negative = digits.front() == '-';
        digits.remove_prefix(negative || digits.front() == '+' ? 1 : 0);
        digits = without_leading_zeros(digits);
        if (digits.size() > kMaxExponentDigits) {
            return std::nullopt;
        }
        std::from_chars(digits.data(), digits.data() + digits.size(), number.exponent);
        number.exponent = negative ? -number.exponent : number.exponent;
    }
    number.exponent -= static_cast<std::int64_t>(number.tail.size());
    if (number.head.empty()) {
        number.tail = without_leading_zeros(number.tail);
    }
    if (number.tail.empty()) {
        const std::size_t size = number.head.size();
        number.head = without_trailing_zeros(number.head);
        number.exponent += static_cast<std::int64_t>(size - number.head.size());
    }
    return number;
}

}  // namespace llmgw
