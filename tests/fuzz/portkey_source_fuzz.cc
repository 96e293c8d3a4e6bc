// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>

#include "common/portkey/source_patch.h"
#include "common/portkey/source_secret.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

/// A file of each kind that is read in its own way.
constexpr std::array<const char*, 9> kNames = {"a.py",   "a.ts",         "a.sh",
                                               ".env",   "a.json",       "a.toml",
                                               "a.yaml", "package.json", "requirements.txt"};

void check_scan(const SourceScan& scan, std::string_view text) {
    std::size_t last = 0;
    for (const SourceUse& use : scan.uses) {
        require(last <= use.offset && use.offset < text.size(),
                "uses are in order and in the text");
        require(use.line > 0 && use.column > 0, "a use has a place");
        require(!shows_secret(use.text), "no use shows a secret");
        last = use.offset;
    }
    for (const SourceConfig& config : scan.configs) {
        require(config.line > 0 && config.text.starts_with('{'), "a config is an object");
    }
}

// Lines of the file that the diff shows.
void check_diff(std::string_view diff) {
    while (!diff.empty()) {
        const std::size_t end = std::min(diff.find('\n'), diff.size() - 1) + 1;
        const std::string_view line = diff.substr(0, end);
        const bool shown = line.starts_with(' ') || line.starts_with('-');
        require(!shown || !shows_secret(line.substr(1)), "no line of the diff shows a secret");
        diff.remove_prefix(end);
    }
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string text(fuzz::text_of(data, size));
    SourceTree tree;
    for (const char* name : fuzz::kNames) {
        fuzz::check_scan(scan_source({name, text}), text);
        tree.add({name, text});
    }
    const SourcePatch patch = patch_sources(tree, {});
    fuzz::check_diff(patch.diff);
    fuzz::require_bounded(patch.diff.size(), fuzz::kNames.size() * size);
    return 0;
}
