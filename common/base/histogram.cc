// SPDX-License-Identifier: Apache-2.0
#include "common/base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace llmgw {

namespace {

// LEB128: seven bits a byte, the lowest first.
void append_number(std::string& out, std::uint64_t number) {
    while (number >= 0x80) {
        out += static_cast<char>((number & 0x7F) | 0x80);
        number >>= 7;
    }
    out += static_cast<char>(number);
}

std::optional<std::uint64_t> take_number(std::string_view& bytes) {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 63 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        number |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if (byte < 0x80) {
            return number;
        }
    }
    return std::nullopt;
}

}  // namespace

// The place of the highest bit chooses the octave, the three bits behind it the part of it.
std::size_t Histogram::bucket_of(std::uint64_t value) {
    constexpr std::uint64_t kParts = 1U << kPartBits;
    if (value < kParts) {
        return value;
    }
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kPartBits;
    const std::size_t bucket = (static_cast<std::size_t>(shift) << kPartBits) + (value >> shift);
    return std::min(bucket, kBuckets - 1);
}

std::uint64_t Histogram::middle_of(std::size_t bucket) {
    constexpr std::size_t kParts = 1U << kPartBits;
    if (bucket < kParts) {
        return bucket;
    }
    const std::size_t shift = (bucket >> kPartBits) - 1;
    const std::uint64_t low = ((bucket & (kParts - 1)) | kParts) << shift;
    return low + ((std::uint64_t{1} << shift) >> 1U);
}

Histogram& Histogram::operator+=(const Histogram& other) {
    std::transform(counts_.begin(), counts_.end(), other.counts_.begin(), counts_.begin(),
                   std::plus<>());
    return *this;
}

std::uint64_t Histogram::count() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::optional<std::uint64_t> Histogram::quantile(double part) const {
    const std::uint64_t total = count();
    if (total == 0) {
        return std::nullopt;
    }
    const auto wanted = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(total)));
    std::uint64_t seen = 0;
    std::size_t bucket = 0;
    while (true) {
        seen += counts_[bucket];
        if (seen >= std::max<std::uint64_t>(wanted, 1) || bucket + 1 == kBuckets) {
            return middle_of(bucket);
        }
        bucket++;
    }
}

// Pairs of numbers: how many buckets further, and what is in that one.
std::string Histogram::encode() const {
    std::string bytes;
    std::size_t last = 0;
    for (std::size_t i = 0; i < kBuckets; i++) {
        if (counts_[i] > 0) {
            append_number(bytes, i - last);
            append_number(bytes, counts_[i]);
            last = i;
        }
    }
    return bytes;
}

std::optional<Histogram> Histogram::decode(std::string_view bytes) {
    Histogram histogram;
    std::size_t bucket = 0;
    while (!bytes.empty()) {
        const auto gap = take_number(bytes);
        const auto number = gap ? take_number(bytes) : std::nullopt;
        if (!number || *gap >= kBuckets - bucket) {
            return std::nullopt;
        }
        bucket += *gap;
        histogram.counts_[bucket] += *number;
    }
    return histogram;
}

}  // namespace llmgw
