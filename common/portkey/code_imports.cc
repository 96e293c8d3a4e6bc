// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/code_imports.h"

#include <algorithm>

#include "common/portkey/code_items.h"

namespace llmgw {

namespace {

class ImportReader {
  public:
    explicit ImportReader(const CodeTokens& code) : code_(code) {}

    std::vector<CodeImport> run() {
        for (std::size_t i = 0; i < code_.size(); i++) {
            CodeImport import;
            import.first = i;
            const bool found = code_.language == CodeLanguage::python
                                   ? python_import(i, import)
                                   : script_import(i, import) || require_call(i, import);
            if (found) {
                i = import.last - 1;
                imports_.push_back(std::move(import));
            }
        }
        return std::move(imports_);
    }

  private:
    bool python_import(std::size_t at, CodeImport& import) const {
        if (!code_[at].first || code_[at].within != CodeToken::kNone) {
            return false;
        }
        if (code_.is(at, "import") && code_.is_name(at + 1)) {
            at = dotted_name(at + 1, import.module);
            std::string local = import.module.substr(0, import.module.find('.'));
            if (code_.is(at, "as")) {
                local = code_.at(at + 1);
                at += 2;
            }
            import.names.push_back({"*", std::move(local)});
            import.last = at;
            return !code_.is(at, ",");
        }
        if (!code_.is(at, "from")) {
            return false;
        }
        at = dotted_name(at + 1, import.module);
        if (!code_.is(at, "import")) {
            return false;
        }
        at++;
        const bool brackets = code_.is(at, "(");
        at += brackets ? 1 : 0;
        at = named_list(at, import);
        import.last = at + (brackets ? 1 : 0);
        return !import.names.empty() && (!brackets || code_.is(at, ")"));
    }

    std::size_t dotted_name(std::size_t at, std::string& name) const {
        const auto continues = [&] {
            const bool word = name.empty() || name.ends_with('.');
            return code_.is(at, ".") || code_.is(at, "...") ||
                   (word && code_.is_name(at) && !code_.is(at, "import"));
        };
        while (continues()) {
            name += code_.at(at++);
        }
        return at;
    }

    // `a, b as c`, of either language: behind its last name.
    std::size_t named_list(std::size_t at, CodeImport& import) const {
        const std::string_view alias = import.require ? ":" : "as";
        while (code_.is_name(at) || code_.is(at, "*")) {
            at += code_.is(at, "type") && code_.is_name(at + 1) && !code_.is(at + 1, "as") ? 1 : 0;
            ImportedName name{std::string(code_.at(at)), std::string(code_.at(at))};
            at++;
            if (code_.is(at, alias)) {
                name.local = code_.at(at + 1);
                at += 2;
            }
            import.names.push_back(std::move(name));
            if (!code_.is(at, ",")) {
                break;
            }
            at++;
        }
        return at;
    }

    bool script_import(std::size_t at, CodeImport& import) const {
        if (!code_.is(at, "import") || code_[at].within != CodeToken::kNone ||
            code_.is(at + 1, "(") || code_.is(at + 1, ".")) {
            return false;
        }
        at++;
        if (code_.is(at, "type") && !code_.is(at + 1, "from") && !code_.is(at + 1, ",")) {
            import.type_only = true;
            at++;
        }
        if (code_.is_name(at) && !code_.is(at, "from")) {
            import.names.push_back({"default", std::string(code_.at(at))});
            at += code_.is(at + 1, ",") ? 2 : 1;
        }
        if (code_.is(at, "*") && code_.is(at + 1, "as")) {
            import.names.push_back({"*", std::string(code_.at(at + 2))});
            at += 3;
        } else if (code_.is(at, "{")) {
            at = named_list(at + 1, import);
            if (!code_.is(at, "}")) {
                return false;
            }
            at++;
        }
        at += code_.is(at, "from") ? 1 : 0;
        return ends_with_module(at, import);
    }

    bool ends_with_module(std::size_t at, CodeImport& import) const {
        if (!code_.is_plain_text(at)) {
            return false;
        }
        import.module = code_.value(at);
        import.last = at + (code_.is(at + 1, ";") ? 2 : 1);
        return true;
    }

    bool require_call(std::size_t at, CodeImport& import) const {
        if (!code_.is(at, "const") && !code_.is(at, "let") && !code_.is(at, "var")) {
            return false;
        }
        import.require = true;
        at++;
        if (code_.is(at, "{")) {
            at = named_list(at + 1, import);
            if (!code_.is(at, "}")) {
                return false;
            }
        } else if (code_.is_name(at)) {
            import.names.push_back({"default", std::string(code_.at(at))});
        }
        at++;
        if (!code_.is(at, "=") || !code_.is(at + 1, "require") || !code_.is(at + 2, "(") ||
            !code_.is_plain_text(at + 3) || !code_.is(at + 4, ")")) {
            return false;
        }
        import.module = code_.value(at + 3);
        at += 5;
        at += code_.is(at, ".") && code_.is(at + 1, "default") ? 2 : 0;
        import.last = at + (code_.is(at, ";") ? 1 : 0);
        return true;
    }

    const CodeTokens& code_;
    std::vector<CodeImport> imports_;
};

}  // namespace

std::vector<CodeImport> find_imports(const CodeTokens& code) {
    return ImportReader(code).run();
}

const CodeImport* import_of(const std::vector<CodeImport>& imports, std::string_view local) {
    for (const CodeImport& import : imports) {
        for (const ImportedName& name : import.names) {
            if (name.local == local) {
                return &import;
            }
        }
    }
    return nullptr;
}

std::string exported_name(const CodeImport& import, std::string_view local) {
    for (const ImportedName& name : import.names) {
        if (name.local == local) {
            return name.exported;
        }
    }
    return {};
}

bool is_portkey_module(std::string_view module) {
    return module == "portkey_ai" || module == "portkey-ai";
}

}  // namespace llmgw
