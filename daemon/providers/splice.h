// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_scan.h"

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

/// The edit that takes a member of an object, and one of the commas beside it, out of `whole`.
/// `first` is whether all members before it are taken out, too.
[[nodiscard]] TextEdit remove_member(std::string_view whole, const std::vector<JsonField>& fields,
                                     std::size_t index, bool first);

/// `whole` with edits that do not overlap, in any order.
[[nodiscard]] std::string apply_edits(std::string_view whole, std::vector<TextEdit> edits);

}  // namespace llmgw
