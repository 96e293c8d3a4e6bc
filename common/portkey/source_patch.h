// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/portkey/source_tree.h"

namespace llmgw {

/// Where code is moved to.
struct PatchSettings {
    std::string base_url = "http://127.0.0.1:4114/v1";
    /// Names of routes by the slug of a saved config, and by "FILE:LINE" of one in code. A slug
    /// that is not here is the name of its route.
    std::map<std::string, std::string> routes;
    /// Labels of provider keys by slug. A slug that is not here is the label.
    std::map<std::string, std::string> labels;
};

/// A use of Portkey that stays, and why.
struct LeftAlone {
    std::string file;
    int line = 0;
    std::string text;  ///< the line, as SourceUse::text
    std::string reason;
};

struct SourcePatch {
    std::string diff;                  ///< unified; `git apply` takes it; empty: nothing changes
    std::vector<std::string> changed;  ///< the files in it
    std::vector<LeftAlone> left;
};

/// Moves code from Portkey to the OpenAI SDK and llmgw. Only what is understood completely is
/// changed. The diff shows no line with a secret.
[[nodiscard]] SourcePatch patch_sources(const SourceTree& tree, const PatchSettings& settings);

}  // namespace llmgw
