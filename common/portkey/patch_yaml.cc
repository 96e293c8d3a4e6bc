// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/portkey/file_patch.h"
#include "common/portkey/patch_options.h"

namespace llmgw {

namespace {

/// A line `key: value` of a YAML file; of `- key: value` as well.
struct YamlLine {
    std::size_t begin = 0;   // of the line
    std::size_t end = 0;     // with its end
    std::size_t indent = 0;  // of the key
    bool item = false;       // begins an element of a list
    std::string_view key;    // empty: another kind of line
    std::string_view value;  // as it is written, without a comment
    bool blank = false;
};

std::string_view unquoted(std::string_view value) {
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                        value.back() == value.front();
    return quoted ? value.substr(1, value.size() - 2) : value;
}

YamlLine read_line(std::string_view text, std::size_t begin) {
    YamlLine line;
    line.begin = begin;
    line.end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    std::string_view rest = text.substr(begin, line.end - begin);
    const std::size_t blanks = std::min(rest.find_first_not_of(' '), rest.size());
    line.indent = blanks;
    rest = trim(rest);
    line.blank = rest.empty() || rest.starts_with('#');
    while (rest.starts_with("- ")) {
        line.item = true;
        const std::string_view inner = trim(rest.substr(2));
        line.indent += static_cast<std::size_t>(inner.data() - rest.data());
        rest = inner;
    }
    const std::size_t colon = rest.find(':');
    if (line.blank || colon == std::string_view::npos ||
        (colon + 1 < rest.size() && rest[colon + 1] != ' ')) {
        return line;
    }
    line.key = unquoted(rest.substr(0, colon));
    line.value = trim(rest.substr(colon + 1));
    const bool quoted = line.value.starts_with('"') || line.value.starts_with('\'');
    if (const std::size_t comment = line.value.find(" #");
        !quoted && comment != std::string_view::npos) {
        line.value = trim(line.value.substr(0, comment));
    }
    return line;
}

/// LibreChat's endpoints, Continue's models and promptfoo's providers: mappings in which one key
/// says that this is about Portkey.
class YamlPatcher {
  public:
    explicit YamlPatcher(const PatchTask& task) : task_(task), text_(task.file.text) {
        for (std::size_t at = 0; at < text_.size();) {
            lines_.push_back(read_line(text_, at));
            at = lines_.back().end;
        }
    }

    FilePatch run() {
        for (std::size_t i = 0; i < lines_.size(); i++) {
            const YamlLine& line = lines_[i];
            const std::string_view value = unquoted(line.value);
            const bool address = is_portkey_url(value) || value == "${PORTKEY_GATEWAY_URL}" ||
                                 value == "${PORTKEY_BASE_URL}";
            if (address && line.key == "baseURL" && has("endpoints:")) {
                patch_entry(i, "${LLMGW_API_KEY}");
            } else if (address && line.key == "apiBase" && has("models:")) {
                patch_entry(i, "${{ secrets.LLMGW_API_KEY }}");
            } else if (line.key == "id" && value.starts_with("portkey:")) {
                patch_promptfoo(i);
            }
        }
        return std::move(patch_);
    }

  private:
    [[nodiscard]] bool has(std::string_view word) const {
        return text_.find(word) != std::string_view::npos;
    }

    /// The lines of the mapping that a line belongs to: from the first up to the second.
    [[nodiscard]] std::pair<std::size_t, std::size_t> mapping_of(std::size_t line) const {
        const std::size_t indent = lines_[line].indent;
        std::size_t first = line;
        while (first > 0 && !lines_[first].item &&
               (lines_[first - 1].blank || lines_[first - 1].indent >= indent)) {
            first--;
        }
        std::size_t last = line + 1;
        while (last < lines_.size() &&
               (lines_[last].blank || (lines_[last].indent >= indent &&
                                       !(lines_[last].item && lines_[last].indent == indent)))) {
            last++;
        }
        while (lines_[last - 1].blank) {
            last--;
        }
        return {first, last};
    }

    void replace(const YamlLine& line, std::string_view value) {
        const auto begin = static_cast<std::size_t>(line.value.data() - text_.data());
        now_.push_back({begin, begin + line.value.size(), "\"" + std::string(value) + "\""});
    }

    void remove(const YamlLine& line) { now_.push_back({line.begin, line.end, {}}); }

    void patch_entry(std::size_t base, std::string_view key) {
        const auto [first, last] = mapping_of(base);
        const std::size_t indent = lines_[base].indent;
        now_.clear();
        PortkeyAsk ask;
        bool has_key = false;
        replace(lines_[base], task_.settings.base_url);
        for (std::size_t i = first; i < last && ask.problem.empty(); i++) {
            if (lines_[i].indent == indent && lines_[i].key == "apiKey") {
                replace(lines_[i], key);
                has_key = true;
            } else if (lines_[i].key == "headers") {
                i = take_headers(i, first, last, ask);
            }
        }
        if (ask.problem.empty() && !has_key) {
            ask.problem = "it has no apiKey";
        }
        if (ask.problem.empty() && !ask.target.empty()) {
            patch_models(first, last, ask);
        }
        finish(first, last, ask.problem);
    }

    // Takes the lines below `headers:` that are Portkey's, and what would be empty without them.
    std::size_t take_headers(std::size_t at, std::size_t first, std::size_t last, PortkeyAsk& ask) {
        std::size_t i = at + 1;
        bool others = false;
        for (; i < last && (lines_[i].blank || lines_[i].indent > lines_[at].indent); i++) {
            const std::string name = to_lower(lines_[i].key);
            if (lines_[i].blank || !name.starts_with("x-portkey-")) {
                others = others || !lines_[i].blank;
                continue;
            }
            add_option(ask, option_name(name.substr(10)), unquoted(lines_[i].value),
                       task_.settings);
            if (!ask.headers.empty()) {
                ask.problem = "llmgw has no such header for it";
            }
            remove(lines_[i]);
        }
        if (!others) {
            remove(lines_[at]);
            const bool alone = at > first && lines_[at - 1].key == "requestOptions" &&
                               (i >= last || lines_[i].indent <= lines_[at - 1].indent);
            if (alone) {
                remove(lines_[at - 1]);
            }
        }
        return i - 1;
    }

    void patch_models(std::size_t first, std::size_t last, PortkeyAsk& ask) {
        bool found = false;
        for (std::size_t i = first; i < last; i++) {
            const YamlLine& line = lines_[i];
            if (line.key == "fetch" && line.value != "false") {
                ask.problem = "it offers all models that it is told of: set `fetch: false`";
            } else if (line.key == "titleModel" && unquoted(line.value) != "current_model") {
                ask.problem = "its titleModel has to become " + ask.target + "/MODEL";
            } else if (line.key == "default" && line.value.starts_with('[')) {
                found = patch_list(line, ask);
            } else if (line.key == "model" && !line.value.empty()) {
                found = !names_target(unquoted(line.value));
                replace(line, ask.target + "/" + std::string(unquoted(line.value)));
            }
        }
        if (!found && ask.problem.empty()) {
            ask.problem = "its models are not understood, or say by themselves who is asked";
        }
    }

    // ["gpt-4o", 'o3']
    bool patch_list(const YamlLine& line, const PortkeyAsk& ask) {
        std::string list;
        for (const std::string_view part :
             split(line.value.substr(1, line.value.size() - 2), ',')) {
            const std::string_view model = unquoted(trim(part));
            if (model.empty() || names_target(model)) {
                return false;
            }
            list += (list.empty() ? "\"" : ", \"") + ask.target + "/" + std::string(model) + "\"";
        }
        const auto begin = static_cast<std::size_t>(line.value.data() - text_.data());
        now_.push_back({begin, begin + line.value.size(), "[" + list + "]"});
        return line.value.ends_with(']');
    }

    void patch_promptfoo(std::size_t id) {
        const auto [first, last] = mapping_of(id);
        now_.clear();
        PortkeyAsk ask;
        std::vector<std::size_t> settings;
        std::size_t config = last;
        for (std::size_t i = first; i < last; i++) {
            const std::string_view key = lines_[i].key;
            if (key == "config" && lines_[i].value.empty()) {
                config = i;
            } else if (key.starts_with("portkey")) {
                settings.push_back(i);
                take_setting(key.substr(7), unquoted(lines_[i].value), ask);
            }
        }
        const std::string_view model = unquoted(lines_[id].value).substr(8);
        if (ask.problem.empty() && ask.target.empty() && !names_target(model)) {
            ask.problem = "the provider's own key is used: store it with `llmgw providers add`";
        }
        if (config == last || settings.empty()) {
            ask.problem = ask.problem.empty() ? "its `config` is not understood" : ask.problem;
        }
        if (ask.problem.empty()) {
            replace(lines_[id], "openai:chat:" + (ask.target.empty() ? "" : ask.target + "/") +
                                    std::string(model));
            place_settings(settings);
        }
        finish(first, last, ask.problem);
    }

    void take_setting(std::string_view name, std::string_view value, PortkeyAsk& ask) {
        // The provider beside a virtual key follows from it.
        if (name == "Provider" && !value.starts_with('@')) {
            return;
        }
        std::string option = option_name(name);
        if (option == "metadata" || option == "trace_id") {
            ask.problem = "llmgw has no such setting of promptfoo for `" + option + "`";
            return;
        }
        add_option(ask, option, value, task_.settings);
    }

    void place_settings(const std::vector<std::size_t>& settings) {
        const YamlLine& line = lines_[settings[0]];
        const std::string indent(line.indent, ' ');
        const std::string eol = has("\r\n") ? "\r\n" : "\n";
        const bool ended = text_.substr(line.begin, line.end - line.begin).ends_with('\n');
        now_.push_back({line.begin, line.end,
                        indent + "apiBaseUrl: " + task_.settings.base_url + eol + indent +
                            "apiKeyEnvar: LLMGW_API_KEY" + (ended ? eol : "")});
        for (std::size_t i = 1; i < settings.size(); i++) {
            remove(lines_[settings[i]]);
        }
    }

    void finish(std::size_t first, std::size_t last, const std::string& problem) {
        if (!problem.empty()) {
            patch_.refuse(lines_[first].begin, lines_[last - 1].end - 1, problem);
            return;
        }
        patch_.add_group(std::exchange(now_, {}));
    }

    const PatchTask& task_;
    std::string_view text_;
    std::vector<YamlLine> lines_;
    std::vector<SourceEdit> now_;
    FilePatch patch_;
};

}  // namespace

FilePatch patch_yaml_settings(const PatchTask& task) {
    return YamlPatcher(task).run();
}

}  // namespace llmgw
