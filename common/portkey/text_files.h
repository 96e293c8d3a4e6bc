// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/error.h"

namespace llmgw {

/// A file of text, as an import meets it.
struct TextFile {
    std::string name;  ///< as it is shown: the path as the user would type it; "-" is stdin
    std::string text;
    bool named = false;  ///< by the user; otherwise it was found in a folder
};

/// Reads files, all that is below folders, and stdin ("-"), and shows each file once to `visit`, in
/// the order of `paths` and, in folders, of their names. Of folders, links, binary files, files
/// over 16 MB and what tools have put there (.git, node_modules) are passed over. Fails with
/// Errc::invalid_file for a path that cannot be read or holds no text, and with what `visit` fails
/// with.
[[nodiscard]] Result<void> read_text_files(
    const std::vector<std::string>& paths,
    const std::function<Result<void>(const TextFile& file)>& visit);

}  // namespace llmgw
