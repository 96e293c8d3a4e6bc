// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace llmgw {

/// A file of the source tree that the binary carries.
struct EmbeddedFile {
    std::string_view name;  ///< its path in the tree: "completions/llmgw.bash"
    std::string_view content;
};

[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

}  // namespace llmgw
