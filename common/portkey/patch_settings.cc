// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/portkey/code_items.h"
#include "common/portkey/file_patch.h"
#include "common/portkey/patch_options.h"

namespace llmgw {

namespace {

/// Clients whose settings are JSON: opencode's `options`, Zed's `openai_compatible`.
class JsonPatcher {
  public:
    explicit JsonPatcher(const PatchTask& task)
        : task_(task), code_(read_code(task.file.text, CodeLanguage::script)) {}

    FilePatch run() {
        if (task_.file.text.find("\"ANTHROPIC_") != std::string::npos) {
            patch_.refuse(
                0, task_.file.text.size(),
                "Claude Code speaks Anthropic's Messages API, which llmgw does not serve");
            return std::move(patch_);
        }
        for (std::size_t open = 0; code_.sound && open < code_.size(); open++) {
            if (!code_.is(open, "{")) {
                continue;
            }
            const std::vector<CodeItem> items = items_of(code_, open);
            for (const CodeItem& item : items) {
                if (is_portkey_url(code_.value(item.first)) && item.last == item.first + 1) {
                    look_at(open, items, item);
                }
            }
        }
        return std::move(patch_);
    }

  private:
    void look_at(std::size_t open, const std::vector<CodeItem>& items, const CodeItem& base) {
        if (base.name == "api_url" &&
            task_.file.text.find("language_models") != std::string::npos) {
            replace(base, task_.settings.base_url);
            patch_.add_group(std::exchange(now_, {}));
        } else if (base.name == "baseURL" &&
                   task_.file.text.find("@ai-sdk/openai-compatible") != std::string::npos) {
            patch_opencode(open, items, base);
        }
    }

    void replace(const CodeItem& item, const std::string& value) {
        now_.push_back({code_[item.first].begin, code_[item.last - 1].end, "\"" + value + "\""});
    }

    void patch_opencode(std::size_t open, const std::vector<CodeItem>& items,
                        const CodeItem& base) {
        std::vector<bool> removed(items.size());
        PortkeyAsk ask;
        const CodeItem* headers = find_item(items, "headers");
        if (headers != nullptr && code_.is(headers->first, "{")) {
            ask = read_options(code_, items_of(code_, headers->first), OptionPlace::headers, task_);
            const bool all =
                std::find(ask.removed.begin(), ask.removed.end(), false) == ask.removed.end();
            removed[static_cast<std::size_t>(headers - items.data())] = all;
            if (!all) {
                put(edit_list(code_, headers->first, ask.removed, {}));
            }
        }
        if (ask.problem.empty() && (!ask.target.empty() || !ask.headers.empty())) {
            ask.problem = "its models are chosen by name elsewhere: add them as " +
                          (ask.target.empty() ? std::string("route/NAME") : ask.target) + "/MODEL";
        }
        if (!ask.problem.empty()) {
            now_.clear();
            patch_.refuse(items.front().begin, items.back().end, ask.problem);
            return;
        }
        const std::string key = "{env:LLMGW_API_KEY}";
        replace(base, task_.settings.base_url);
        if (const CodeItem* known = find_item(items, "api_key"); known != nullptr) {
            replace(*known, key);
            put(edit_list(code_, open, removed, {}));
        } else {
            put(edit_list(code_, open, removed, {"\"apiKey\": \"" + key + "\""}));
        }
        patch_.add_group(std::exchange(now_, {}));
    }

    void put(std::vector<SourceEdit> edits) {
        for (SourceEdit& edit : edits) {
            now_.push_back(std::move(edit));
        }
    }

    const PatchTask& task_;
    CodeTokens code_;
    std::vector<SourceEdit> now_;
    FilePatch patch_;
};

/// `key = "value"` of a table in a TOML file.
struct TomlLine {
    std::string_view key;
    std::string_view value;  // without its quotes; empty unless it is a plain text
    std::size_t begin = 0;   // of the value
};

/// Codex: the tables [model_providers.NAME].
class CodexPatcher {
  public:
    explicit CodexPatcher(const PatchTask& task) : task_(task), text_(task.file.text) {}

    FilePatch run() {
        std::size_t begin = 0;
        bool provider = false;
        for (std::size_t at = 0; at <= text_.size();) {
            const std::size_t end = std::min(text_.find('\n', at), text_.size());
            const std::string_view line = trim(text_.substr(at, end - at));
            if (line.starts_with('[') || end == text_.size()) {
                if (!line.starts_with('[')) {
                    take_line(line);
                }
                if (provider) {
                    patch_table(begin, at);
                }
                provider = line.starts_with("[model_providers.");
                lines_.clear();
                begin = at;
            } else {
                take_line(line);
            }
            at = end + 1;
        }
        return std::move(patch_);
    }

  private:
    void take_line(std::string_view line) {
        const std::size_t equals = line.find('=');
        if (line.starts_with('#') || equals == std::string_view::npos) {
            return;
        }
        TomlLine entry;
        entry.key = trim(line.substr(0, equals));
        const std::string_view value = trim(line.substr(equals + 1));
        entry.begin = static_cast<std::size_t>(value.data() - text_.data());
        if (value.starts_with('"')) {
            entry.value = value.substr(1, value.find('"', 1) - 1);
            entry.begin++;
        }
        lines_.push_back(entry);
    }

    void patch_table(std::size_t begin, std::size_t end) {
        std::vector<SourceEdit> edits;
        bool portkey = false;
        std::string problem;
        for (const TomlLine& line : lines_) {
            if (line.key == "base_url" && is_portkey_url(line.value)) {
                portkey = true;
                edits.push_back(
                    {line.begin, line.begin + line.value.size(), task_.settings.base_url});
            } else if (line.key == "env_key") {
                edits.push_back({line.begin, line.begin + line.value.size(), "LLMGW_API_KEY"});
            } else if (line.key == "wire_api" && line.value != "chat") {
                problem = "it speaks OpenAI's Responses API, which llmgw does not serve";
            } else if (line.key == "http_headers" || line.key == "env_http_headers") {
                problem = "it sends headers of its own: name the route in `model` instead";
            }
        }
        if (!portkey) {
            return;
        }
        if (!problem.empty()) {
            patch_.refuse(begin, end, problem);
            return;
        }
        patch_.add_group(std::move(edits));
    }

    const PatchTask& task_;
    std::string_view text_;
    std::vector<TomlLine> lines_;
    FilePatch patch_;
};

}  // namespace

FilePatch patch_json_settings(const PatchTask& task) {
    return JsonPatcher(task).run();
}

FilePatch patch_toml_settings(const PatchTask& task) {
    return CodexPatcher(task).run();
}

}  // namespace llmgw
