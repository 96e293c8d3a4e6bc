// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace llmgw {

/// A JSON number as sign, digits and power of ten, exactly: `head` and `tail` together are the
/// digits of a whole number without zeros at either end, and the value is that × 10^exponent. Equal
/// numbers have equal parts, however they are written; zero has no digits.
struct CanonicalNumber {
    bool negative = false;
    std::string_view head, tail;
    std::int64_t exponent = 0;
};

/// nullopt when the exponent has more digits than anybody needs.
[[nodiscard]] std::optional<CanonicalNumber> canonical_number(std::string_view json);

}  // namespace llmgw
