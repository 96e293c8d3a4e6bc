// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/text.h"
#include "common/portkey/file_patch.h"
#include "common/portkey/patch_options.h"

namespace llmgw {

namespace {

/// A word of a shell's command.
struct ShellWord {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string value;  // without its quotes; variables as they are written
};

/// Reads the words of one simple command: up to the end of its line, which a backslash carries
/// on, or to what ends a command.
class ShellReader {
  public:
    ShellReader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

    std::vector<ShellWord> run() {
        std::vector<ShellWord> words;
        while (skip_blanks()) {
            ShellWord word;
            word.begin = at_;
            while (at_ < text_.size() && !ends_word(text_[at_])) {
                read_piece(word.value);
            }
            word.end = at_;
            words.push_back(std::move(word));
        }
        return words;
    }
    [[nodiscard]] std::size_t end() const { return at_; }
    [[nodiscard]] bool sound() const { return sound_; }

  private:
    static bool ends_word(char c) {
        return std::isspace(static_cast<unsigned char>(c)) != 0 || ends_command(c);
    }
    static bool ends_command(char c) {
        return c == ';' || c == '|' || c == '&' || c == ')' || c == '<' || c == '>' || c == '`';
    }

    bool skip_blanks() {
        while (at_ < text_.size()) {
            const std::string_view rest = text_.substr(at_);
            if (rest.starts_with("\\\n")) {
                at_ += 2;
            } else if (rest.starts_with("\\\r\n")) {
                at_ += 3;
            } else if (text_[at_] == ' ' || text_[at_] == '\t') {
                at_++;
            } else {
                break;
            }
        }
        return at_ < text_.size() && !ends_word(text_[at_]) && text_[at_] != '#';
    }

    void read_piece(std::string& value) {
        const char c = text_[at_++];
        if (c == '\\' && at_ < text_.size()) {
            value += text_[at_++];
        } else if (c == '\'' || c == '"') {
            read_quoted(c, value);
        } else {
            value += c;
        }
    }

    void read_quoted(char quote, std::string& value) {
        while (at_ < text_.size() && text_[at_] != quote) {
            if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) {
                at_++;
            }
            value += text_[at_++];
        }
        sound_ = sound_ && at_ < text_.size();
        at_ = std::min(at_ + 1, text_.size());
    }

    std::string_view text_;
    std::size_t at_;
    bool sound_ = true;
};

constexpr std::array<std::string_view, 8> kAddresses = {
    "https://api.portkey.ai/v1", "https://aigw.portkey.ai/v1", "http://localhost:8787/v1",
    "http://127.0.0.1:8787/v1",  "$PORTKEY_GATEWAY_URL",       "${PORTKEY_GATEWAY_URL}",
    "$PORTKEY_BASE_URL",         "${PORTKEY_BASE_URL}"};

constexpr std::array<std::string_view, 4> kPaths = {"/chat/completions", "/completions",
                                                    "/embeddings", "/models"};

/// Moves one curl command.
class CurlPatcher {
  public:
    CurlPatcher(const PatchTask& task, const std::vector<ShellWord>& words)
        : task_(task), text_(task.file.text), words_(words) {}

    /// Adds to the patch; nothing when the command has nothing to do with Portkey.
    void run(FilePatch& patch) {
        for (std::size_t i = 1; i < words_.size(); i++) {
            look_at(i);
        }
        if (!ours_) {
            return;
        }
        if (problem_.empty()) {
            finish();
        }
        if (problem_.empty()) {
            patch.add_group(std::move(edits_));
        } else {
            patch.refuse(words_.front().begin, words_.back().end, problem_);
        }
    }

  private:
    void look_at(std::size_t& i) {
        const std::string& word = words_[i].value;
        const bool has_value = i + 1 < words_.size();
        if ((word == "-H" || word == "--header") && has_value) {
            i++;
            take_header(words_[i - 1].begin, words_[i]);
        } else if ((word == "-d" || word == "--data" || word == "--data-raw" ||
                    word == "--data-binary" || word == "--json") &&
                   has_value) {
            data_ = &words_[++i];
        } else if (word.find("x-portkey-") != std::string::npos) {
            ours_ = true;
            problem_ = "one of its headers is put together from pieces";
        } else if (!word.starts_with('-')) {
            take_address(words_[i]);
        }
    }

    void take_address(const ShellWord& word) {
        for (const std::string_view address : kAddresses) {
            if (!word.value.starts_with(address)) {
                continue;
            }
            const std::string_view path = std::string_view(word.value).substr(address.size());
            const std::size_t begin = text_.find(address, word.begin);
            if (begin >= word.end) {
                break;
            }
            ours_ = true;
            moved_ = true;
            if (std::find(kPaths.begin(), kPaths.end(), path) == kPaths.end()) {
                problem_ = "llmgw does not serve " + std::string(path.empty() ? "/" : path);
            }
            edits_.push_back({begin, begin + address.size(), task_.settings.base_url});
            return;
        }
    }

    void take_header(std::size_t begin, const ShellWord& word) {
        const std::size_t colon = word.value.find(':');
        std::string name = to_lower(trim(std::string_view(word.value).substr(0, colon)));
        const std::string value(colon == std::string::npos
                                    ? std::string_view()
                                    : trim(std::string_view(word.value).substr(colon + 1)));
        if (name == "authorization" || name == "x-api-key") {
            authorization_ = {begin, word.end, {}};
            has_authorization_ = true;
            return;
        }
        if (!name.starts_with("x-portkey-")) {
            return;
        }
        ours_ = true;
        const std::string option = option_name(name.substr(10));
        if (option == "metadata" || option == "trace_id") {
            rename_header(word, name, option == "metadata" ? "x-llmgw-metadata" : "x-request-id");
            if (option == "metadata" && !value.starts_with("{\"")) {
                problem_ = "its metadata is no JSON";
            }
            return;
        }
        add_option(ask_, option, value, task_.settings);
        if (!ask_.problem.empty()) {
            problem_ = ask_.problem;
        }
        removed_.push_back({begin, word.end, {}});
    }

    void rename_header(const ShellWord& word, std::string_view name, std::string_view to) {
        const std::string_view raw = text_.substr(word.begin, word.end - word.begin);
        const std::size_t at = to_lower(raw).find(name);
        if (at == std::string::npos) {
            problem_ = "one of its headers is put together from pieces";
            return;
        }
        edits_.push_back({word.begin + at, word.begin + at + name.size(), std::string(to)});
    }

    void finish() {
        if (!moved_) {
            problem_ = "its address may be somebody else's";
            return;
        }
        if (!ask_.target.empty()) {
            patch_model();
        }
        const std::string key = R"(-H "Authorization: Bearer $LLMGW_API_KEY")";
        if (has_authorization_) {
            authorization_.text = key;
            edits_.push_back(authorization_);
        } else if (!removed_.empty()) {
            edits_.push_back({removed_[0].begin, removed_[0].end, key});
            removed_.erase(removed_.begin());
        } else {
            problem_ = "it does not say who asks";
        }
        for (const SourceEdit& edit : removed_) {
            edits_.push_back(without(edit));
        }
    }

    // With the blanks, and the end of a line of its own, before it.
    [[nodiscard]] SourceEdit without(SourceEdit edit) const {
        while (edit.begin > 0 && (text_[edit.begin - 1] == ' ' || text_[edit.begin - 1] == '\t')) {
            edit.begin--;
        }
        for (const std::string_view end : {"\\\n", "\\\r\n"}) {
            if (text_.substr(0, edit.begin).ends_with(end)) {
                edit.begin -= end.size();
                while (text_[edit.begin - 1] == ' ') {
                    edit.begin--;
                }
                break;
            }
        }
        return edit;
    }

    void patch_model() {
        if (data_ == nullptr || data_->value.find("\"model\"") == std::string::npos) {
            problem_ = "which model it asks for is in another place";
            return;
        }
        const std::string_view raw = text_.substr(data_->begin, data_->end - data_->begin);
        std::size_t at = raw.find("model\"");
        at = at == std::string_view::npos ? raw.find("model\\\"") : at;
        if (at == std::string_view::npos || raw.find("model\"", at + 5) != std::string_view::npos) {
            problem_ = "it is not certain which model it asks for";
            return;
        }
        at = raw.find_first_not_of("\\\" \t:", at + 5);
        if (at == std::string_view::npos || raw[at - 1] != '"') {
            problem_ = "its model is no text";
            return;
        }
        if (names_target(raw.substr(at)) || raw[at] == '$') {
            problem_ = "its model says by itself who is asked";
            return;
        }
        edits_.push_back({data_->begin + at, data_->begin + at, ask_.target + "/"});
    }

    const PatchTask& task_;
    std::string_view text_;
    const std::vector<ShellWord>& words_;
    std::vector<SourceEdit> edits_;
    std::vector<SourceEdit> removed_;
    SourceEdit authorization_;
    PortkeyAsk ask_;
    const ShellWord* data_ = nullptr;
    bool ours_ = false;
    bool moved_ = false;
    bool has_authorization_ = false;
    std::string problem_;
};

}  // namespace

FilePatch patch_shell(const PatchTask& task) {
    FilePatch patch;
    const std::string_view text = task.file.text;
    std::size_t done = 0;
    for (std::size_t at = text.find("curl"); at != std::string_view::npos;
         at = text.find("curl", std::max(at + 4, done))) {
        const std::size_t line = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
        const bool begins =
            at == 0 || std::string_view(" \t\n(;|&`").find(text[at - 1]) != std::string_view::npos;
        const bool ends = at + 4 < text.size() && (text[at + 4] == ' ' || text[at + 4] == '\\');
        if (!begins || !ends || text.substr(line, at - line).find('#') != std::string_view::npos) {
            continue;
        }
        ShellReader reader(text, at);
        const std::vector<ShellWord> words = reader.run();
        done = reader.end();
        if (!reader.sound()) {
            patch.refuse(at, text.size(), "its quotes do not match as far as llmgw can tell");
            break;
        }
        CurlPatcher(task, words).run(patch);
    }
    return patch;
}

}  // namespace llmgw
