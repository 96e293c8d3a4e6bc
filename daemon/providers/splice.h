// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

/// Replaces some of a text's bytes; the rest stays as it is.
struct TextEdit {
    std::size_t begin;
    std::size_t end;
    std::string text;
};

/// Where a part of `whole` begins in it.
[[nodiscard]] inline std::size_t offset_in(std::string_view whole, std::string_view part) {
    return static_cast<std::size_t>(part.data() - whole.data());
}

/// The edit that puts `text` in the place of a part of `whole`.
[[nodiscard]] inline TextEdit replace_part(std::string_view whole, std::string_view part,
                                           std::string text) {
    const std::size_t begin = offset_in(whole, part);
    return {begin, begin + part.size(), std::move(text)};
}

}  // namespace llmgw
