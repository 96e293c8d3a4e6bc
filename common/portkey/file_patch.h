// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/portkey/source_edit.h"
#include "common/portkey/source_patch.h"

namespace llmgw {

/// Why a part of a file stays as it is.
struct PatchRefusal {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string reason;
};

/// What becomes of one file.
struct FilePatch {
    std::vector<SourceEdit> edits;
    std::vector<PatchRefusal> refusals;

    /// Adds edits that go together, and without others.
    void add_group(std::vector<SourceEdit> group);
    void refuse(std::size_t begin, std::size_t end, std::string reason) {
        refusals.push_back({begin, end, std::move(reason)});
    }
};

/// What those who change a file have to know.
struct PatchTask {
    const SourceFile& file;
    const PatchSettings& settings;
    const SharedNames& names;
};

[[nodiscard]] FilePatch patch_code(const PatchTask& task, SourceLanguage language);
[[nodiscard]] FilePatch patch_shell(const PatchTask& task);
/// Claude Code, opencode, Zed: settings in JSON.
[[nodiscard]] FilePatch patch_json_settings(const PatchTask& task);
/// Codex: config.toml.
[[nodiscard]] FilePatch patch_toml_settings(const PatchTask& task);
/// LibreChat, Continue, promptfoo: settings in YAML.
[[nodiscard]] FilePatch patch_yaml_settings(const PatchTask& task);

}  // namespace llmgw
