// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

/// How often values of which size occurred, for quantiles of many values in little memory. Values
/// below 8 are counted exactly, each octave above in eight equal parts, so that a quantile is at
/// most 6.25 % off; histograms add up without further loss.
class Histogram {
  public:
    void add(std::uint64_t value) { counts_[bucket_of(value)]++; }
    Histogram& operator+=(const Histogram& other);

    [[nodiscard]] std::uint64_t count() const;
    /// The value below which this part (0 to 1) of all lies; none when there are no values.
    [[nodiscard]] std::optional<std::uint64_t> quantile(double part) const;

    /// Some dozen bytes; only buckets with something in them take room.
    [[nodiscard]] std::string encode() const;
    /// Nothing for bytes that encode() does not make.
    [[nodiscard]] static std::optional<Histogram> decode(std::string_view bytes);

  private:
    static constexpr unsigned kPartBits = 3;
    static constexpr unsigned kOctaves = 40;  // values of 2^40 and more count as the last bucket
    static constexpr std::size_t kBuckets = (kOctaves - kPartBits + 1) << kPartBits;

    static std::size_t bucket_of(std::uint64_t value);
    static std::uint64_t middle_of(std::size_t bucket);

    std::array<std::uint64_t, kBuckets> counts_{};
};

}  // namespace llmgw
