// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace llmgw {

/// What an answer is stored under: a SHA-256 digest, so its bytes are as good as random.
struct CacheKey {
    std::array<unsigned char, 32> bytes{};

    [[nodiscard]] std::string_view view() const {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    [[nodiscard]] std::uint64_t hash() const {
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    auto operator<=>(const CacheKey&) const = default;
};

}  // namespace llmgw
