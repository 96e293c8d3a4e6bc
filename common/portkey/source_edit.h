// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

/// Replaces the bytes of a text from `begin` up to `end`.
struct SourceEdit {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string text;
    std::size_t group = 0;  ///< edits of one group make sense only together
};

/// A text with edits made, which must not overlap. Two at the same place are made in their order.
[[nodiscard]] std::string apply_source_edits(std::string_view text, std::vector<SourceEdit> edits);

/// A unified diff of one file.
struct FileDiff {
    std::string text;                   ///< empty: nothing changes
    std::vector<std::size_t> withheld;  ///< edits, by index, that would have shown a hidden line
};

/// The edits of a file as a unified diff that `git apply` and patch(1) take in the folder that
/// `name` is relative to. Lines for which `hidden` holds do not appear in it, not even as context;
/// edits that cannot be told without one of them are withheld.
[[nodiscard]] FileDiff unified_diff(std::string_view name, std::string_view old_text,
                                    const std::vector<SourceEdit>& edits,
                                    const std::function<bool(std::string_view)>& hidden);

}  // namespace llmgw
