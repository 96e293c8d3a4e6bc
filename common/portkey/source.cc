// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/source.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <optional>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/source_config.h"
#include "common/portkey/source_secret.h"

namespace llmgw {

namespace {

constexpr std::size_t kShown = 160;  // bytes of a line
constexpr std::size_t kLongLine = 2048;

std::string_view base_name(std::string_view file) {
    return file.substr(file.find_last_of('/') + 1);
}

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return text.ends_with(ending); });
}

bool is_dependency_file(std::string_view file) {
    const std::string name = to_lower(base_name(file));
    return name == "package.json" || name == "pyproject.toml" || name == "pipfile" ||
           name == "setup.py" || name == "setup.cfg" || name == "environment.yml" ||
           (name.find("requirements") != std::string::npos && ends_with_any(name, {".txt", ".in"}));
}

bool is_word_byte(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '@';
}

/// "portkey", however it is written, from `at` on.
std::size_t find_portkey(std::string_view text, std::size_t at) {
    while (at < text.size()) {
        // The rarest letter of the word in code.
        const void* found = std::memchr(text.data() + at, 'k', text.size() - at);
        const void* upper = std::memchr(
            text.data() + at, 'K',
            found == nullptr
                ? text.size() - at
                : static_cast<std::size_t>(static_cast<const char*>(found) - (text.data() + at)));
        const void* letter = upper != nullptr ? upper : found;
        if (letter == nullptr) {
            return std::string_view::npos;
        }
        const auto k = static_cast<std::size_t>(static_cast<const char*>(letter) - text.data());
        if (k >= 4 && k + 3 <= text.size() &&
            equals_ignoring_case(text.substr(k - 4, 7), "portkey")) {
            return k - 4;
        }
        at = k + 1;
    }
    return std::string_view::npos;
}

class SourceScanner {
  public:
    explicit SourceScanner(const SourceFile& file)
        : file_(file), text_(file.text), language_(source_language(file.name)) {}

    SourceScan run() {
        find_words();
        if (!scan_.uses.empty()) {
            find_calls();
            find_local_addresses();
        }
        std::stable_sort(
            scan_.uses.begin(), scan_.uses.end(),
            [](const SourceUse& a, const SourceUse& b) { return a.offset < b.offset; });
        count_lines();
        scan_.configs = find_configs(file_, language_);
        return std::move(scan_);
    }

  private:
    [[nodiscard]] bool code() const {
        return language_ == SourceLanguage::python || language_ == SourceLanguage::script ||
               language_ == SourceLanguage::document;
    }

    // Of a very long line, as bundlers write them, only what is behind the word.
    [[nodiscard]] std::string_view line_around(std::size_t at) const {
        std::size_t begin = at;
        while (begin > 0 && text_[begin - 1] != '\n' && at - begin < kLongLine) {
            begin--;
        }
        begin = at - begin == kLongLine ? at : begin;
        const std::string_view line = text_.substr(begin, at - begin + kLongLine);
        return line.substr(0, line.find('\n'));
    }

    void add(UseKind kind, std::size_t offset, std::string_view word) {
        SourceUse use;
        use.word = word;
        use.kind = kind;
        use.file = file_.name;
        use.offset = offset;
        use.text = without_secrets(trim(line_around(offset)));
        if (use.text.size() > kShown) {
            use.text.resize(kShown);
            use.text += "…";
        }
        use.text = printable(use.text);
        scan_.uses.push_back(std::move(use));
    }

    void count_lines() {
        std::size_t at = 0;
        std::size_t line_begin = 0;
        int line = 1;
        for (SourceUse& use : scan_.uses) {
            for (; at < use.offset; at++) {
                if (text_[at] == '\n') {
                    line++;
                    line_begin = at + 1;
                }
            }
            use.line = line;
            use.column = static_cast<int>(use.offset - line_begin) + 1;
        }
    }

    void find_words() {
        std::size_t imported_to = 0;
        for (std::size_t at = find_portkey(text_, 0); at != std::string_view::npos;) {
            std::size_t begin = at;
            std::size_t end = at;
            while (begin > 0 && is_word_byte(text_[begin - 1])) {
                begin--;
            }
            while (end < text_.size() && is_word_byte(text_[end])) {
                end++;
            }
            const std::string_view line = line_around(at);
            const std::optional<UseKind> kind = kind_of(begin, end, line);
            // An import says it all for its line.
            if (kind && at >= imported_to) {
                add(*kind, begin, text_.substr(begin, end - begin));
                if (*kind == UseKind::import) {
                    imported_to = std::min(text_.find('\n', at), text_.size());
                }
            }
            at = find_portkey(text_, end);
        }
    }

    [[nodiscard]] std::optional<UseKind> kind_of(std::size_t begin, std::size_t end,
                                                 std::string_view line) const {
        const std::string_view word = text_.substr(begin, end - begin);
        const std::string lower = to_lower(word);
        const char next = end < text_.size() ? text_[end] : '\0';
        if (lower.starts_with("x-portkey-")) {
            return UseKind::header;
        }
        const std::string_view before = text_.substr(0, begin);
        if (lower == "portkey" && text_.substr(end).starts_with(".ai") &&
            ends_with_any(before, {"api.", "aigw."})) {
            return UseKind::base_url;
        }
        if (is_package(lower, next) || (lower == "portkey" && before.ends_with("llms."))) {
            return package_use(line);
        }
        const bool member = !before.empty() && std::string_view(".\"'{$`").find(before.back()) !=
                                                   std::string_view::npos;
        if (word == "PORTKEY_GATEWAY_URL" && code() && !member) {
            return is_import(line) ? UseKind::import : UseKind::base_url;
        }
        if (word.starts_with("PORTKEY_") && word.size() > 8) {
            return UseKind::variable;
        }
        if (code() && (word == "Portkey" || word == "AsyncPortkey")) {
            return is_import(line) ? std::optional(UseKind::import)
                   : next == '('   ? std::optional(UseKind::client)
                                   : std::nullopt;
        }
        const bool promptfoo =
            (word == "portkey" && next == ':' && end + 1 < text_.size() &&
             std::isspace(static_cast<unsigned char>(text_[end + 1])) == 0) ||
            (word.starts_with("portkey") && word.size() > 7 &&
             std::isupper(static_cast<unsigned char>(word[7])) != 0 && next == ':');
        if (promptfoo && (language_ == SourceLanguage::yaml || language_ == SourceLanguage::json)) {
            return UseKind::setting;
        }
        return std::nullopt;
    }

    static bool is_package(std::string_view lower, char next) {
        const std::string_view name = lower.starts_with("portkey") ? lower.substr(0, 10) : lower;
        return name == "portkey_ai" || name == "portkey-ai" ||
               (lower == "@portkey-ai" && next == '/') || lower.starts_with("langchain-portkey") ||
               lower.starts_with("langchain_portkey");
    }

    static bool is_import(std::string_view line) {
        const std::string_view text = trim(line);
        return text.starts_with("import") || text.starts_with("from") ||
               text.starts_with("export") || text.find("require(") != text.npos ||
               text.find("import(") != text.npos ||
               (text.starts_with("}") && text.find(" from ") != text.npos) || text == "\\";
    }

    [[nodiscard]] std::optional<UseKind> package_use(std::string_view line) const {
        if (is_dependency_file(file_.name)) {
            return UseKind::dependency;
        }
        if (code() && is_import(line)) {
            return UseKind::import;
        }
        const bool installs = line.find("install") != line.npos || line.find(" add ") != line.npos;
        return installs ? std::optional(UseKind::dependency) : std::nullopt;
    }

    // Names that Portkey shares with others: they count where Portkey is.
    void find_calls() {
        if (!code()) {
            return;
        }
        constexpr std::array<std::pair<std::string_view, UseKind>, 3> kCalls = {{
            {"createHeaders(", UseKind::headers},
            {"create_headers(", UseKind::headers},
            {".with_options(", UseKind::options},
        }};
        for (const auto& [call, kind] : kCalls) {
            for (std::size_t at = text_.find(call); at != std::string_view::npos;
                 at = text_.find(call, at + call.size())) {
                if (at == 0 || !is_word_byte(text_[at - 1]) || call.starts_with('.')) {
                    add(kind, at + (call.starts_with('.') ? 1 : 0), call);
                }
            }
        }
    }

    void find_local_addresses() {
        for (const std::string_view address : {"localhost:8787", "127.0.0.1:8787"}) {
            for (std::size_t at = text_.find(address); at != std::string_view::npos;
                 at = text_.find(address, at + address.size())) {
                add(UseKind::base_url, at, address);
            }
        }
    }

    const SourceFile& file_;
    std::string_view text_;
    SourceLanguage language_;
    SourceScan scan_;
};

struct KindText {
    std::string_view code;
    std::string_view portkey;
    std::string_view action;
};

KindText text_of(UseKind kind) {
    switch (kind) {
        case UseKind::import:
            return {"U-IMPORT", "Portkey's SDK", "use the OpenAI SDK"};
        case UseKind::client:
            return {"U-CLIENT", "a client of Portkey", "use the OpenAI SDK with llmgw's base URL"};
        case UseKind::headers:
            return {"U-HEADERS", "Portkey's headers for another SDK",
                    "drop them; the model names the route or the key"};
        case UseKind::options:
            return {"U-OPTIONS", "options for single requests", "name the route in the model"};
        case UseKind::base_url:
            return {"U-URL", "Portkey's address", "use llmgw's: http://127.0.0.1:4114/v1"};
        case UseKind::header:
            return {"U-HEADER", "a header of Portkey",
                    "works while portkey.compat is on; drop it in the end"};
        case UseKind::variable:
            return {"U-ENV", "a variable of Portkey's set-up", "use LLMGW_API_KEY"};
        case UseKind::setting:
            return {"U-SETTING", "a client's settings for Portkey", "use llmgw's base URL"};
        case UseKind::dependency:
            return {"U-DEPEND", "Portkey's package", "depend on the OpenAI SDK"};
    }
    return {};
}

}  // namespace

SourceLanguage source_language(std::string_view file) {
    const std::string name = to_lower(base_name(file));
    if (ends_with_any(name, {".py", ".pyi"})) {
        return SourceLanguage::python;
    }
    if (ends_with_any(name, {".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"})) {
        return SourceLanguage::script;
    }
    if (ends_with_any(name, {".sh", ".bash", ".zsh", ".curl"})) {
        return SourceLanguage::shell;
    }
    if (name == ".env" || name.starts_with(".env.") || name.ends_with(".env")) {
        return SourceLanguage::env;
    }
    if (ends_with_any(name, {".json", ".jsonc", ".json5"})) {
        return SourceLanguage::json;
    }
    if (ends_with_any(name, {".yaml", ".yml"})) {
        return SourceLanguage::yaml;
    }
    if (name.ends_with(".toml")) {
        return SourceLanguage::toml;
    }
    if (ends_with_any(name, {".md", ".mdx", ".rst", ".txt", ".ipynb", ".html"})) {
        return SourceLanguage::document;
    }
    return SourceLanguage::other;
}

bool may_use_portkey(std::string_view text) {
    return find_portkey(text, 0) != std::string_view::npos;
}

SourceScan scan_source(const SourceFile& file) {
    return SourceScanner(file).run();
}

std::vector<Finding> source_findings(const std::vector<SourceUse>& uses) {
    std::vector<Finding> findings;
    for (const SourceUse& use : uses) {
        const KindText text = text_of(use.kind);
        Finding finding;
        finding.code = text.code;
        finding.file = use.file;
        finding.line = use.line;
        finding.portkey = std::string(text.portkey) + ": " + use.text;
        finding.llmgw = "changes no code by itself";
        finding.action = text.action;
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace llmgw
