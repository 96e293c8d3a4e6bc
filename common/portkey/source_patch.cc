// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/source_patch.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "common/portkey/file_patch.h"
#include "common/portkey/patch_setup.h"
#include "common/portkey/source_secret.h"

namespace llmgw {

namespace {

// Why a use stays that nobody has said anything about.
std::string usual_reason(UseKind kind, SourceLanguage language) {
    if (language == SourceLanguage::document || language == SourceLanguage::other) {
        return "llmgw does not change this kind of file";
    }
    switch (kind) {
        case UseKind::import:
            return "not all that is imported could be moved";
        case UseKind::client:
            return "it is not certain that this is Portkey's client";
        case UseKind::headers:
        case UseKind::header:
            return "llmgw does not know who gets these headers; while portkey.compat is on they "
                   "work";
        case UseKind::options:
            return "its client stays";
        case UseKind::base_url:
            return "llmgw does not know what this address is used for";
        case UseKind::variable:
            return "llmgw does not know what reads this variable";
        case UseKind::setting:
            return "llmgw does not know this setting";
        case UseKind::dependency:
            return "other uses of it stay";
    }
    return {};
}

// As seen from the current folder; a file outside of it is named from the root on.
std::string diff_name(const std::string& file) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(file, error).lexically_normal();
    const std::filesystem::path near =
        whole.lexically_relative(std::filesystem::current_path(error));
    return near.empty() || *near.begin() == ".." ? whole.relative_path().string() : near.string();
}

FilePatch patch_file(const PatchTask& task) {
    switch (source_language(task.file.name)) {
        case SourceLanguage::python:
            return patch_code(task, SourceLanguage::python);
        case SourceLanguage::script:
            return patch_code(task, SourceLanguage::script);
        case SourceLanguage::shell:
            return patch_shell(task);
        case SourceLanguage::json:
            return patch_json_settings(task);
        case SourceLanguage::toml:
            return patch_toml_settings(task);
        case SourceLanguage::yaml:
            return patch_yaml_settings(task);
        case SourceLanguage::env:
        case SourceLanguage::document:
        case SourceLanguage::other:
            break;
    }
    return {};
}

class TreePatcher {
  public:
    TreePatcher(const SourceTree& tree, const PatchSettings& settings)
        : tree_(tree), settings_(settings) {}

    SourcePatch run() {
        for (const SourceFile& file : tree_.files) {
            if (is_setup_file(file.name)) {
                continue;
            }
            take(file, patch_file({file, settings_, tree_.names}));
        }
        // What names the package or sets variables depends on what has become of the code.
        for (const SourceFile& file : tree_.files) {
            if (is_setup_file(file.name)) {
                take(file, patch_setup(file, {found_uses_, left_uses_}));
            }
        }
        std::sort(parts_.begin(), parts_.end());
        for (const auto& [name, diff] : parts_) {
            patch_.diff += diff;
            patch_.changed.push_back(name);
        }
        std::stable_sort(patch_.left.begin(), patch_.left.end(),
                         [](const LeftAlone& a, const LeftAlone& b) { return a.file < b.file; });
        return std::move(patch_);
    }

  private:
    void take(const SourceFile& file, FilePatch patch) {
        const std::string name = diff_name(file.name);
        FileDiff diff = unified_diff(name, file.text, patch.edits, shows_secret);
        while (!diff.withheld.empty()) {
            withhold(patch, diff.withheld);
            diff = unified_diff(name, file.text, patch.edits, shows_secret);
        }
        if (!diff.text.empty()) {
            parts_.emplace_back(file.name, std::move(diff.text));
        }
        list_uses(file, patch);
    }

    // Edits that belong together go together.
    static void withhold(FilePatch& patch, const std::vector<std::size_t>& withheld) {
        std::set<std::size_t> groups;
        for (const std::size_t index : withheld) {
            groups.insert(patch.edits[index].group);
        }
        std::vector<SourceEdit> kept;
        for (SourceEdit& edit : patch.edits) {
            if (groups.count(edit.group) == 0) {
                kept.push_back(std::move(edit));
            } else {
                patch.refuse(edit.begin, edit.end,
                             "the diff would show a secret that is in its line or beside it");
            }
        }
        patch.edits = std::move(kept);
    }

    void list_uses(const SourceFile& file, const FilePatch& patch) {
        for (const SourceUse& use : scan_source(file).uses) {
            found_uses_.push_back(use);
            const bool gone =
                std::any_of(patch.edits.begin(), patch.edits.end(), [&](const SourceEdit& edit) {
                    // An import may be there again, of fewer names.
                    return edit.begin <= use.offset && use.offset < edit.end &&
                           !may_use_portkey(edit.text);
                });
            if (!gone) {
                leave(use, reason_of(use, patch, source_language(file.name)));
            }
        }
    }

    void leave(const SourceUse& use, std::string reason) {
        left_uses_.push_back(use);
        // Several uses in one line are one to look at.
        if (patch_.left.empty() || patch_.left.back().file != use.file ||
            patch_.left.back().line != use.line || patch_.left.back().reason != reason) {
            patch_.left.push_back({use.file, use.line, use.text, std::move(reason)});
        }
    }

    static std::string reason_of(const SourceUse& use, const FilePatch& patch,
                                 SourceLanguage language) {
        for (const PatchRefusal& refusal : patch.refusals) {
            if (refusal.begin <= use.offset && use.offset <= refusal.end) {
                return refusal.reason;
            }
        }
        return usual_reason(use.kind, language);
    }

    const SourceTree& tree_;
    const PatchSettings& settings_;
    std::vector<std::pair<std::string, std::string>> parts_;
    std::vector<SourceUse> left_uses_;
    std::vector<SourceUse> found_uses_;
    SourcePatch patch_;
};

}  // namespace

void FilePatch::add_group(std::vector<SourceEdit> group) {
    const std::size_t number = edits.empty() ? 0 : edits.back().group + 1;
    for (SourceEdit& edit : group) {
        edit.group = number;
        edits.push_back(std::move(edit));
    }
}

SourcePatch patch_sources(const SourceTree& tree, const PatchSettings& settings) {
    return TreePatcher(tree, settings).run();
}

}  // namespace llmgw
