// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/source.h"

namespace llmgw {

/// The text files of a tree.
struct SourceTree {
    std::vector<SourceFile> files;  ///< those that may use Portkey, by name
    std::vector<std::string> code;  ///< the other ones in Python, JavaScript or TypeScript, by path
    std::vector<std::pair<std::string, std::string>> skipped;  ///< a file and why it was not read
};

/// Reads files and everything below folders. Binary files, `.git`, `node_modules` and the like are
/// passed over, links are not followed. Files below the current folder are named as seen from
/// there. Fails with Errc::not_found for a path that is not there.
[[nodiscard]] Result<SourceTree> read_sources(const std::vector<std::string>& paths);

}  // namespace llmgw
