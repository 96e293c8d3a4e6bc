// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/patch_setup.h"

#include <algorithm>
#include <string>

#include "common/base/text.h"
#include "common/portkey/code_items.h"
#include "common/portkey/patch_options.h"

namespace llmgw {

namespace {

// The calls that code is moved to are in these and in all later ones.
constexpr std::string_view kPythonPackage = "openai>=1.0";
constexpr std::string_view kNodeVersion = ">=4.0.0";

std::string_view base_name(std::string_view file) {
    return file.substr(file.find_last_of('/') + 1);
}

bool is_requirements(std::string_view name) {
    return name.find("requirements") != std::string_view::npos &&
           (name.ends_with(".txt") || name.ends_with(".in"));
}

/// A line of a file, with its end.
struct TextLine {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string_view text;  // without blanks around it
};

std::vector<TextLine> text_lines(std::string_view text) {
    std::vector<TextLine> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        lines.push_back({at, end, trim(text.substr(at, end - at))});
        at = end;
    }
    return lines;
}

class EnvPatcher {
  public:
    EnvPatcher(const SourceFile& file, const PatchedUses& uses) : file_(file), uses_(uses) {}

    FilePatch run() {
        has_key_ = file_.text.find("LLMGW_API_KEY=") != std::string::npos;
        for (const TextLine& line : text_lines(file_.text)) {
            look_at(line);
        }
        return std::move(patch_);
    }

  private:
    void look_at(const TextLine& line) {
        std::string_view text = line.text;
        const std::string_view prefix = text.starts_with("export ") ? "export " : "";
        text.remove_prefix(prefix.size());
        const std::string name(text.substr(0, text.find('=')));
        if (!text.starts_with("PORTKEY_") || name.size() == text.size()) {
            return;
        }
        if (const std::string reason = reason_to_stay(name); !reason.empty()) {
            patch_.refuse(line.begin, line.end, reason);
            return;
        }
        std::string instead;
        if (name == "PORTKEY_API_KEY" && !has_key_) {
            const std::string_view whole(file_.text);
            const std::size_t content =
                whole.substr(line.begin, line.end - line.begin).find_last_not_of("\r\n") + 1;
            instead =
                std::string(prefix) + "LLMGW_API_KEY=" +
                std::string(whole.substr(line.begin + content, line.end - line.begin - content));
            has_key_ = true;
        }
        patch_.add_group({{line.begin, line.end, std::move(instead)}});
    }

    [[nodiscard]] bool reads(const SourceUse& use, const std::string& name) const {
        if (use.file == file_.name || source_language(use.file) == SourceLanguage::document ||
            is_setup_file(use.file)) {
            return false;
        }
        // Portkey's clients read these two by themselves.
        const bool implied = use.kind == UseKind::client &&
                             (name == "PORTKEY_API_KEY" || name == "PORTKEY_BASE_URL");
        return use.word == name || implied;
    }

    [[nodiscard]] std::string reason_to_stay(const std::string& name) const {
        for (const SourceUse& use : uses_.left) {
            if (reads(use, name)) {
                return "it is still read in " + use.file + ":" + std::to_string(use.line);
            }
        }
        const bool known = std::any_of(uses_.found.begin(), uses_.found.end(),
                                       [&](const SourceUse& use) { return reads(use, name); });
        return known ? "" : "nothing in these files reads it";
    }

    const SourceFile& file_;
    const PatchedUses& uses_;
    FilePatch patch_;
    bool has_key_ = false;
};

class DependencyPatcher {
  public:
    DependencyPatcher(const SourceFile& file, const PatchedUses& uses)
        : file_(file), name_(base_name(file.name)), uses_(uses) {}

    FilePatch run() {
        if (std::string reason = reason_to_stay(); !reason.empty()) {
            patch_.refuse(0, file_.text.size(), std::move(reason));
        } else if (name_ == "package.json") {
            patch_package_json();
        } else {
            patch_lines();
        }
        return std::move(patch_);
    }

  private:
    [[nodiscard]] std::string reason_to_stay() const {
        const SourceLanguage language =
            name_ == "package.json" ? SourceLanguage::script : SourceLanguage::python;
        const auto needs = [language](const SourceUse& use) {
            return (use.kind == UseKind::import || use.kind == UseKind::client ||
                    use.kind == UseKind::headers) &&
                   source_language(use.file) == language;
        };
        for (const SourceUse& use : uses_.left) {
            if (needs(use)) {
                return "it is still imported in " + use.file + ":" + std::to_string(use.line);
            }
        }
        if (!std::any_of(uses_.found.begin(), uses_.found.end(), needs)) {
            return "nothing in these files imports it";
        }
        const bool known =
            name_ == "package.json" || name_ == "pyproject.toml" || is_requirements(name_);
        return known ? "" : "llmgw does not change this kind of file";
    }

    void patch_package_json() {
        const CodeTokens code = read_code(file_.text, CodeLanguage::script);
        for (std::size_t open = 0; code.sound && open < code.size(); open++) {
            if (!code.is(open, "{")) {
                continue;
            }
            const std::vector<CodeItem> items = items_of(code, open);
            const auto named = [&](std::string_view name) {
                return std::find_if(items.begin(), items.end(),
                                    [&](const CodeItem& item) { return item.name == name; });
            };
            const auto portkey = named("portkey-ai");
            if (portkey == items.end()) {
                continue;
            }
            if (named("openai") == items.end()) {
                patch_.edits.push_back({portkey->begin, portkey->end,
                                        R"("openai": ")" + std::string(kNodeVersion) + "\""});
                continue;
            }
            std::vector<bool> removed(items.size());
            removed[static_cast<std::size_t>(portkey - items.begin())] = true;
            for (SourceEdit& edit : edit_list(code, open, removed, {})) {
                patch_.edits.push_back(std::move(edit));
            }
        }
    }

    // `portkey-ai==1.2`, `"portkey-ai>=1.0",` or `portkey-ai = "^1.2"`: one to a line.
    void patch_lines() {
        const std::vector<TextLine> lines = text_lines(file_.text);
        const bool has_openai = std::any_of(lines.begin(), lines.end(), [](const TextLine& line) {
            return package_of(line.text) == "openai";
        });
        for (const TextLine& line : lines) {
            const std::string_view package = package_of(line.text);
            if (package != "portkey-ai" && package != "portkey_ai") {
                continue;
            }
            if (has_openai) {
                patch_.edits.push_back({line.begin, line.end, {}});
                continue;
            }
            const std::size_t begin =
                static_cast<std::size_t>(line.text.data() - file_.text.data());
            patch_.edits.push_back({begin, begin + line.text.size(), moved(line.text)});
        }
    }

    static std::string_view package_of(std::string_view line) {
        const std::size_t begin = line.find_first_not_of("\"' ");
        if (begin == std::string_view::npos) {
            return {};
        }
        const std::string_view rest = line.substr(begin);
        return rest.substr(0, rest.find_first_of("\"'=<>~!;[ ,#"));
    }

    static std::string moved(std::string_view line) {
        const char quote = line.front();
        if (quote == '"' || quote == '\'') {
            return quote + std::string(kPythonPackage) + quote + (line.ends_with(',') ? "," : "");
        }
        const bool poetry = line.find(" = ") != std::string_view::npos;
        return poetry ? R"(openai = ">=1.0")" : std::string(kPythonPackage);
    }

    const SourceFile& file_;
    std::string_view name_;
    const PatchedUses& uses_;
    FilePatch patch_;
};

}  // namespace

bool is_setup_file(std::string_view file) {
    const std::string name = to_lower(base_name(file));
    return source_language(file) == SourceLanguage::env || name == "package.json" ||
           name == "pyproject.toml" || name == "pipfile" || name == "setup.py" ||
           name == "setup.cfg" || is_requirements(name);
}

FilePatch patch_setup(const SourceFile& file, const PatchedUses& uses) {
    return source_language(file.name) == SourceLanguage::env ? EnvPatcher(file, uses).run()
                                                             : DependencyPatcher(file, uses).run();
}

}  // namespace llmgw
