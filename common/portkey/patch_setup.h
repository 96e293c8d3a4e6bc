// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "common/portkey/file_patch.h"

namespace llmgw {

/// What has become of the uses of Portkey in a tree.
struct PatchedUses {
    const std::vector<SourceUse>& found;  ///< all of them
    const std::vector<SourceUse>& left;   ///< those that stay
};

/// .env, package.json, requirements.txt, pyproject.toml: files about code in other files.
[[nodiscard]] bool is_setup_file(std::string_view file);

/// Variables that nothing reads any more, and the package that nothing imports any more.
[[nodiscard]] FilePatch patch_setup(const SourceFile& file, const PatchedUses& uses);

}  // namespace llmgw
