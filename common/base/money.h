// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// An exact amount of US dollars, held in nano-dollars. Unknown amounts are an empty
/// std::optional<Money>, never zero.
struct Money {
    std::int64_t nano = 0;

    auto operator<=>(const Money&) const = default;
    /// Stops at the largest amount there is: what a server counts up must not turn around.
    Money& operator+=(Money other);
    friend Money operator+(Money a, Money b) { return a += b; }
};

/// A price: nano-dollars for one million units (tokens, mostly), so that every published price
/// per million is exact.
struct Rate {
    std::int64_t nano_per_million = 0;

    // clang-tidy 14 takes the 0 that comparisons are rewritten with for a pointer.
    auto operator<=>(const Rate&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// Reads a plain decimal such as "0.15", with at most nine digits behind the point and no sign.
[[nodiscard]] Result<Money> parse_money(std::string_view decimal);

/// The shortest exact decimal: "0.0041", "12", "0".
[[nodiscard]] std::string to_decimal(Money amount);
void append_decimal(std::string& out, Money amount);

/// An exact sum of units times rates, each with a factor. Rounded to nano-dollars once, half up,
/// at the end.
class CostSum {
  public:
    static constexpr std::uint32_t kOne = 1000;  ///< factors are in thousandths

    void add(std::uint64_t units, Rate rate, std::uint32_t factor_milli = kOne) {
        const Wide product = static_cast<Wide>(units) * static_cast<Wide>(rate.nano_per_million);
        sum_ += product * factor_milli;
        // Far beyond every Money, and far enough below the end of Wide for the next addition.
        too_large_ = too_large_ || product >> 90U != 0 || sum_ >> 126U != 0;
    }
    /// nullopt when it is too large for Money.
    [[nodiscard]] std::optional<Money> total() const;

  private:
    __extension__ using Wide = unsigned __int128;
    Wide sum_ = 0;  // in billionths of a nano-dollar
    bool too_large_ = false;
};

}  // namespace llmgw
