// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/portkey/source_patch.h"

// What the tests of patches share.
namespace llmgw::trial {

using PatchedFiles = std::vector<std::pair<std::string, std::string>>;

inline std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    return line;
}

/// Applies the diff of one file as patch(1) without fuzz does: every line of it must be there,
/// where it says.
inline std::string apply_diff(std::string_view old_text, std::string_view diff) {
    std::string result;
    std::size_t line = 1;
    while (!diff.empty()) {
        std::string_view entry = take_line(diff);
        if (entry.starts_with("---") || entry.starts_with("+++")) {
            continue;
        }
        if (entry.starts_with("@@ -")) {
            std::size_t first = 0;
            std::from_chars(entry.data() + 4, entry.data() + entry.size(), first);
            while (line < first) {
                result += take_line(old_text);
                line++;
            }
            continue;
        }
        std::string_view text = entry.substr(1);
        if (diff.starts_with("\\ No newline")) {
            text.remove_suffix(1);
            take_line(diff);
        }
        if (entry[0] != '+') {
            REQUIRE(take_line(old_text) == text);
            line++;
        }
        if (entry[0] != '-') {
            result += text;
        }
    }
    return result.append(old_text);
}

struct Moved {
    std::string text;  ///< the first file as it becomes
    SourcePatch patch;
    [[nodiscard]] std::string left() const {
        std::string out;
        for (const LeftAlone& use : patch.left) {
            out += use.file + ":" + std::to_string(use.line) + ": " + use.reason + "\n";
        }
        return out;
    }
    [[nodiscard]] bool leaves(std::string_view reason) const {
        return left().find(reason) != std::string::npos;
    }
};

/// The first of these files as it becomes; the others are there as well.
inline Moved move_files(const PatchedFiles& files, const PatchSettings& settings = {}) {
    SourceTree tree;
    for (const auto& [name, text] : files) {
        tree.add({name, text});
    }
    Moved moved;
    moved.patch = patch_sources(tree, settings);
    const std::string head = "--- a/" + files[0].first + "\n";
    std::string_view diff = moved.patch.diff;
    const std::size_t begin = diff.find(head);
    if (begin == std::string_view::npos) {
        moved.text = files[0].second;
        return moved;
    }
    diff.remove_prefix(begin);
    diff = diff.substr(0, diff.find("\n--- a/", 1) == std::string_view::npos
                              ? diff.size()
                              : diff.find("\n--- a/", 1) + 1);
    moved.text = apply_diff(files[0].second, diff);
    return moved;
}

}  // namespace llmgw::trial
