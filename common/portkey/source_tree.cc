// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/source_tree.h"

#include <algorithm>
#include <utility>

#include "common/portkey/code_imports.h"

namespace llmgw {

void SourceTree::add(SourceFile file) {
    names.add(file.name, file.text, source_language(file.name));
    if (may_use_portkey(file.text)) {
        files.push_back(std::move(file));
    }
}

void SharedNames::add(std::string_view file, std::string_view text, SourceLanguage language) {
    if (language != SourceLanguage::python && language != SourceLanguage::script) {
        return;
    }
    const CodeTokens code = read_code(
        text, language == SourceLanguage::python ? CodeLanguage::python : CodeLanguage::script);
    for (const CodeImport& import : find_imports(code)) {
        for (const ImportedName& name : import.names) {
            imported_[name.exported].emplace(file);
        }
    }
    for (std::size_t i = 2; i + 1 < code.size(); i++) {
        const bool resource = code.is(i, "chat") || code.is(i, "completions") ||
                              code.is(i, "embeddings") || code.is(i, "beta") ||
                              code.is(i, "with_options") || code.is(i, "models") ||
                              code.is(i, "responses");
        // `client.chat` is a variable of its own file, `self.client.chat` an attribute of its
        // class.
        const bool foreign =
            i >= 4 && code.is(i - 3, ".") && !code.is(i - 4, "self") && !code.is(i - 4, "this");
        if (resource && foreign && code.is(i - 1, ".") && code.is_name(i - 2)) {
            reached_[std::string(code.at(i - 2))].emplace(file);
        }
    }
}

bool SharedNames::elsewhere(const Homes& homes, const std::string& name, std::string_view file) {
    const auto found = homes.find(name);
    return found != homes.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [file](const std::string& home) { return home != file; });
}

bool SharedNames::imported(const std::string& name, std::string_view file) const {
    return elsewhere(imported_, name, file);
}

bool SharedNames::reached(const std::string& name, std::string_view file) const {
    return elsewhere(reached_, name, file);
}

}  // namespace llmgw
