// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// An exact amount of US dollars, held in nano-dollars. Unknown amounts are an empty
/// std::optional<Money>, never zero.
struct Money {
    std::int64_t nano = 0;

    auto operator<=>(const Money&) const = default;
    Money& operator+=(Money other) {
        nano += other.nano;
        return *this;
    }
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

/// An exact sum of units times rates; rounded to nano-dollars once, half up, at the end.
class CostSum {
  public:
    void add(std::uint64_t units, Rate rate) {
        sum_ += static_cast<Wide>(units) * static_cast<Wide>(rate.nano_per_million);
    }
    [[nodiscard]] Money total() const {
        constexpr Wide kMillion = 1'000'000;
        return Money{static_cast<std::int64_t>((sum_ + kMillion / 2) / kMillion)};
    }

  private:
    __extension__ using Wide = __int128;
    Wide sum_ = 0;
};

}  // namespace llmgw
