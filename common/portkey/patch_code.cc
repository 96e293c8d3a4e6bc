// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "common/portkey/code_imports.h"
#include "common/portkey/file_patch.h"
#include "common/portkey/patch_site.h"

namespace llmgw {

namespace {

class CodePatcher {
  public:
    CodePatcher(const PatchTask& task, CodeLanguage language)
        : task_(task),
          code_(read_code(task.file.text, language)),
          imports_(find_imports(code_)),
          sites_(code_, imports_, task, patch_) {}

    FilePatch run() {
        if (!code_.sound) {
            refuse_all("its brackets or quotes do not match as far as llmgw can tell");
        } else if (const std::size_t name = portkey_only_name(); name != CodeToken::kNone) {
            refuse_all("`" + std::string(code_.at(name)) + "` is Portkey's alone");
        } else {
            for (std::size_t i = 0; i + 1 < code_.size(); i++) {
                if (code_.is_name(i) && code_.is(i + 1, "(") && !follows_dot(i)) {
                    sites_.run(i);
                }
            }
            patch_imports();
        }
        return std::move(patch_);
    }

  private:
    [[nodiscard]] bool python() const { return code_.language == CodeLanguage::python; }
    [[nodiscard]] bool follows_dot(std::size_t i) const { return i > 0 && code_.is(i - 1, "."); }

    void refuse_all(const std::string& reason) { patch_.refuse(0, task_.file.text.size(), reason); }

    // What answers have only from Portkey's SDK.
    [[nodiscard]] std::size_t portkey_only_name() const {
        for (std::size_t i = 1; i < code_.size(); i++) {
            if (follows_dot(i) && (code_.is(i, "getHeaders") || code_.is(i, "get_headers"))) {
                return i;
            }
        }
        return CodeToken::kNone;
    }

    void patch_imports() {
        if (patch_.edits.empty()) {
            return;
        }
        const std::vector<SourceEdit> changed = patch_.edits;
        for (const CodeImport& import : imports_) {
            if (is_portkey_module(import.module)) {
                patch_import(import, changed);
            }
        }
        if (python()) {
            import_modules();
        }
    }

    [[nodiscard]] bool still_used(const CodeImport& import, const std::string& local,
                                  const std::vector<SourceEdit>& changed) const {
        for (std::size_t i = 0; i < code_.size(); i++) {
            const bool imported = import.first <= i && i < import.last;
            if (imported || !code_.is_name(i) || code_.at(i) != local || follows_dot(i)) {
                continue;
            }
            const bool gone =
                std::any_of(changed.begin(), changed.end(), [&](const SourceEdit& edit) {
                    return edit.begin <= code_[i].begin && code_[i].end <= edit.end;
                });
            if (!gone) {
                return true;
            }
        }
        return false;
    }

    void patch_import(const CodeImport& import, const std::vector<SourceEdit>& changed) {
        std::vector<ImportedName> kept;
        bool client = false;
        for (const ImportedName& name : import.names) {
            client = client || name.exported == "Portkey" || name.exported == "AsyncPortkey" ||
                     name.exported == "default";
            if (still_used(import, name.local, changed)) {
                kept.push_back(name);
            }
        }
        std::vector<std::string> openai;
        for (const std::string& name : sites_.needed().openai) {
            if (client && import_of(imports_, name) == nullptr) {
                openai.push_back(name);
            }
        }
        if (!kept.empty()) {
            patch_.refuse(code_[import.first].begin, code_[import.last - 1].end,
                          "`" + kept.front().local + "` is still used");
        }
        if (kept.size() == import.names.size() && openai.empty()) {
            return;
        }
        std::string text = openai.empty() ? "" : openai_import(openai, import);
        if (!kept.empty()) {
            text += (text.empty() ? "" : eol() + indentation(import)) + kept_import(kept, import);
        }
        replace_statement(import, text);
    }

    [[nodiscard]] std::string eol() const {
        return task_.file.text.find("\r\n") == std::string::npos ? "\n" : "\r\n";
    }

    [[nodiscard]] std::size_t line_begin(const CodeImport& import) const {
        const std::size_t begin = code_[import.first].begin;
        return begin == 0 ? 0 : task_.file.text.rfind('\n', begin - 1) + 1;
    }

    [[nodiscard]] std::string indentation(const CodeImport& import) const {
        const std::size_t line = line_begin(import);
        return task_.file.text.substr(line, code_[import.first].begin - line);
    }

    [[nodiscard]] std::string semicolon(const CodeImport& import) const {
        return code_.is(import.last - 1, ";") ? ";" : "";
    }

    [[nodiscard]] std::string openai_import(const std::vector<std::string>& names,
                                            const CodeImport& import) const {
        if (!python()) {
            return (import.require ? "const OpenAI = require(" + quoted(code_, "openai") + ")"
                                   : "import OpenAI from " + quoted(code_, "openai")) +
                   semicolon(import);
        }
        std::string text = "from openai import ";
        for (const std::string& name : names) {
            text += (text.ends_with("import ") ? "" : ", ") + name;
        }
        return text;
    }

    [[nodiscard]] std::string kept_import(const std::vector<ImportedName>& names,
                                          const CodeImport& import) const {
        std::string whole;
        std::string list;
        for (const ImportedName& name : names) {
            if (!python() && name.exported == "default") {
                whole = name.local;
                continue;
            }
            list += (list.empty() ? "" : ", ") + name.exported;
            if (name.exported != name.local) {
                list += (import.require ? ": " : " as ") + name.local;
            }
        }
        if (python()) {
            return "from " + import.module + " import " + list;
        }
        const std::string braces = list.empty() ? "" : "{ " + list + " }";
        const std::string both = whole + (whole.empty() || braces.empty() ? "" : ", ") + braces;
        const std::string module = quoted(code_, import.module);
        return (import.require ? "const " + both + " = require(" + module + ")"
                               : std::string(import.type_only ? "import type " : "import ") + both +
                                     " from " + module) +
               semicolon(import);
    }

    // Nothing in its place takes the line away, too.
    void replace_statement(const CodeImport& import, const std::string& text) {
        std::size_t begin = code_[import.first].begin;
        std::size_t end = code_[import.last - 1].end;
        if (text.empty()) {
            const std::string& source = task_.file.text;
            const std::size_t rest = source.find_first_not_of(" \t\r", end);
            const bool alone = indentation(import).find_first_not_of(" \t") == std::string::npos;
            if (alone && (rest == std::string::npos || source[rest] == '\n')) {
                begin = line_begin(import);
                end = rest == std::string::npos ? source.size() : rest + 1;
            }
        }
        patch_.edits.push_back({begin, end, text});
    }

    // `import os` before the first import that may have one before it.
    void import_modules() {
        std::string text;
        for (const auto& [module, needed] :
             {std::pair<std::string, bool>{"json", sites_.needed().json},
              std::pair<std::string, bool>{"os", sites_.needed().os}}) {
            const CodeImport* known = import_of(imports_, module);
            if (needed && known == nullptr) {
                text += "import " + module + eol();
            } else if (needed && known->module != module) {
                patch_.edits.clear();
                refuse_all("`" + module + "` is the name of something else here");
                return;
            }
        }
        if (text.empty()) {
            return;
        }
        for (const CodeImport& import : imports_) {
            if (import.module != "__future__" && indentation(import).empty()) {
                const std::size_t at = code_[import.first].begin;
                patch_.edits.insert(patch_.edits.begin(), {at, at, text});
                return;
            }
        }
        patch_.edits.clear();
        refuse_all("it has no imports at its beginning to which `import os` could be added");
    }

    const PatchTask& task_;
    FilePatch patch_;
    CodeTokens code_;
    std::vector<CodeImport> imports_;
    SitePatcher sites_;
};

}  // namespace

FilePatch patch_code(const PatchTask& task, SourceLanguage language) {
    return CodePatcher(task, language == SourceLanguage::python ? CodeLanguage::python
                                                                : CodeLanguage::script)
        .run();
}

}  // namespace llmgw
