// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/source_config.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "common/portkey/code_items.h"
#include "common/portkey/code_tokens.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxConfig = 64 * 1024;

class ConfigFinder {
  public:
    ConfigFinder(const SourceFile& file, std::vector<SourceConfig>& configs)
        : file_(file), text_(file.text), configs_(configs) {}

    void in_code(CodeLanguage language) {
        const CodeTokens code = read_code(text_, language);
        for (std::size_t i = 0; i < code.size(); i++) {
            if (code.is(i, "{")) {
                look_at_literal(code, i);
            } else if (names_config(code, i)) {
                look_at_value(code, i + 2);
            }
        }
        find_json_texts(code);
    }

    // Its objects are the business of those who read exports.
    void in_json() { find_json_texts(read_code(text_, CodeLanguage::script)); }

    // In other files, and in texts: x-portkey-config: {…}, PORTKEY_CONFIG={…}.
    void in_text() {
        for (const std::string_view word : {"onfig", "ONFIG"}) {
            for (std::size_t at = text_.find(word); at != std::string_view::npos;
                 at = text_.find(word, at + 1)) {
                behind_name(at);
            }
        }
    }

  private:
    void add(std::size_t offset, std::string text) {
        if (!seen_.insert(offset).second) {
            return;
        }
        const auto line =
            std::count(text_.begin(), text_.begin() + static_cast<long>(offset), '\n');
        configs_.push_back({file_.name, static_cast<int>(line) + 1, std::move(text)});
    }

    // `config=`, `config:` and the quoted form, which is followed by a value.
    static bool names_config(const CodeTokens& code, std::size_t i) {
        const bool named = code.is(i, "config") ||
                           (code.is_plain_text(i) &&
                            (code.value(i) == "config" || code.value(i) == "x-portkey-config"));
        return named && (code.is(i + 1, "=") || code.is(i + 1, ":"));
    }

    [[nodiscard]] static bool has_end(const CodeTokens& code, std::size_t open) {
        return code[open].partner != CodeToken::kNone && code[open].partner > open;
    }

    void add_literal(const CodeTokens& code, std::size_t open) {
        if (has_end(code, open)) {
            covered_.emplace_back(open, code[open].partner);
            add(code[open].begin, std::string(code.span(open, code[open].partner + 1)));
        }
    }

    [[nodiscard]] bool is_covered(std::size_t token) const {
        return std::any_of(covered_.begin(), covered_.end(), [token](const auto& range) {
            return range.first <= token && token <= range.second;
        });
    }

    void look_at_literal(const CodeTokens& code, std::size_t open) {
        if (!has_end(code, open) || is_covered(open)) {
            return;
        }
        const std::vector<CodeItem> items = items_of(code, open);
        if (find_item(items, "targets") != nullptr && (find_item(items, "strategy") != nullptr)) {
            add_literal(code, open);
        }
    }

    // The value of `config`: a literal, json.dumps({…}), or a variable that is one.
    void look_at_value(const CodeTokens& code, std::size_t value) {
        if (code.is(value, "json") || code.is(value, "JSON")) {
            value += 4;
        }
        if (code.is(value, "{")) {
            if (looks_like_config(code, value) && !is_covered(value)) {
                add_literal(code, value);
            }
            return;
        }
        if (!code.is_name(value) || !variables_.insert(std::string(code.at(value))).second) {
            return;
        }
        for (std::size_t i = 0; i + 2 < code.size(); i++) {
            if (code.at(i) == code.at(value) && code.is(i + 1, "=") && code.is(i + 2, "{") &&
                looks_like_config(code, i + 2) && !is_covered(i + 2)) {
                add_literal(code, i + 2);
            }
        }
    }

    // Other things are called config too.
    static bool looks_like_config(const CodeTokens& code, std::size_t open) {
        constexpr std::array<std::string_view, 18> kKnown = {
            "strategy",         "targets",        "provider",
            "virtual_key",      "retry",          "cache",
            "override_params",  "api_key",        "request_timeout",
            "input_guardrails", "mode",           "options",
            "custom_host",      "default_params", "output_guardrails",
            "drop_params",      "prompt_id",      "before_request_hooks"};
        const std::vector<CodeItem> items = items_of(code, open);
        return std::any_of(kKnown.begin(), kKnown.end(), [&](std::string_view name) {
            return find_item(items, name) != nullptr;
        });
    }

    void find_json_texts(const CodeTokens& code) {
        for (std::size_t i = 0; i < code.size(); i++) {
            if (!code.is_plain_text(i)) {
                continue;
            }
            const std::string value = code.value(i);
            const std::size_t open = value.find_first_not_of(" \t\r\n'");
            const bool named = i >= 2 && names_config(code, i - 2);
            if (open != std::string::npos && value[open] == '{' && !is_covered(i) &&
                (named || (value.find("\"strategy\"") != std::string::npos &&
                           value.find("\"targets\"") != std::string::npos))) {
                add_json(value.substr(open), code[i].begin);
            }
        }
    }

    // A text that begins with an object, up to its end.
    void add_json(const std::string& text, std::size_t offset) {
        const CodeTokens json = read_code(text, CodeLanguage::script);
        if (json.size() != 0 && json.is(0, "{") && has_end(json, 0) && looks_like_config(json, 0)) {
            add(offset, std::string(json.span(0, json[0].partner + 1)));
        }
    }

    // Behind "x-portkey-config: " or "PORTKEY_CONFIG="; quotes of a shell may be escaped.
    void behind_name(std::size_t at) {
        const std::size_t line_begin = at == 0 ? 0 : text_.rfind('\n', at) + 1;
        const std::size_t near = std::max(line_begin, at - std::min<std::size_t>(at, 64));
        const std::string_view before = text_.substr(near, at - near);
        if (before.find("portkey") == std::string_view::npos &&
            before.find("PORTKEY") == std::string_view::npos) {
            return;
        }
        const std::size_t open = text_.find_first_not_of("\"'\\ \t:=|>-\r\nIDid_", at + 5);
        if (open == std::string_view::npos || text_[open] != '{') {
            return;
        }
        std::string value(text_.substr(open, kMaxConfig));
        if (value.starts_with("{\\\"")) {
            std::erase(value, '\\');
        }
        add_json(value, open);
    }

    const SourceFile& file_;
    std::string_view text_;
    std::vector<SourceConfig>& configs_;
    std::vector<std::pair<std::size_t, std::size_t>> covered_;  // tokens of literals that are taken
    std::set<std::size_t> seen_;
    std::set<std::string> variables_;
};

}  // namespace

std::vector<SourceConfig> find_configs(const SourceFile& file, SourceLanguage language) {
    std::vector<SourceConfig> configs;
    ConfigFinder finder(file, configs);
    if (language == SourceLanguage::python) {
        finder.in_code(CodeLanguage::python);
    } else if (language == SourceLanguage::script) {
        finder.in_code(CodeLanguage::script);
    } else if (language == SourceLanguage::json) {
        finder.in_json();
    } else {
        finder.in_text();
    }
    std::sort(configs.begin(), configs.end(),
              [](const SourceConfig& a, const SourceConfig& b) { return a.line < b.line; });
    return configs;
}

}  // namespace llmgw
