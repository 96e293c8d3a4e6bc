// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/hcl.h"

#include <algorithm>
#include <utility>

#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

constexpr int kMaxBlockDepth = 16;

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/// Walks over a text of Terraform's language: blocks, attributes, and between them comments.
class HclReader {
  public:
    HclReader(std::string_view text, std::string_view prefix) : text_(text), prefix_(prefix) {}

    Result<std::vector<HclResource>> read() {
        while (true) {
            skip_space();
            if (at_ >= text_.size()) {
                return std::move(resources_);
            }
            auto read = text_[at_] == '"' || is_word(text_[at_]) ? read_block() : skip_one();
            if (!read) {
                return tl::unexpected(std::move(read.error()));
            }
        }
    }

  private:
    Result<void> skip_one() {
        at_++;
        return {};
    }

    // `resource "type" "name" {`, or any other block, whose labels may be words.
    Result<void> read_block() {
        HclResource resource;
        resource.line = line();
        std::vector<std::string> words;
        while (at_ < text_.size() && (text_[at_] == '"' || is_word(text_[at_]))) {
            words.push_back(text_[at_] == '"' ? quoted() : word());
            skip_blanks();
        }
        if (at_ >= text_.size() || text_[at_] != '{') {
            skip_line();
            return {};
        }
        at_++;
        LooseDocument& document = resource.attributes;
        document.lines[""] = resource.line;
        auto body = read_body(document, "", 1);
        if (!body) {
            return tl::unexpected(std::move(body.error()));
        }
        const bool wanted =
            words.size() == 3 && words[0] == "resource" && words[1].starts_with(prefix_);
        if (wanted) {
            document.json = print_json(*body);
            resource.type = words[1];
            resource.name = words[2];
            resources_.push_back(std::move(resource));
        }
        return {};
    }

    // From behind the opening brace to behind the closing one.
    Result<Json> read_body(LooseDocument& document, const std::string& pointer, int depth) {
        const int begin = line();
        Json body = Json::object();
        while (true) {
            skip_space();
            if (at_ >= text_.size() || depth > kMaxBlockDepth) {
                return fail(Errc::invalid_file,
                            "the block of line " + std::to_string(begin) +
                                (depth > kMaxBlockDepth ? " is too deep" : " does not end"));
            }
            if (text_[at_] == '}') {
                at_++;
                return body;
            }
            if (!is_word(text_[at_])) {
                at_++;
                continue;
            }
            const std::string name = word();
            const std::string inner = pointer_to(pointer, name);
            skip_blanks();
            while (at_ < text_.size() && text_[at_] == '"') {  // labels of a nested block
                quoted();
                skip_blanks();
            }
            document.lines[inner] = line();
            if (at_ < text_.size() && text_[at_] == '{') {
                at_++;
                auto nested = read_body(document, inner, depth + 1);
                if (!nested) {
                    return nested;
                }
                body[name] = *std::move(nested);
            } else if (at_ < text_.size() && text_[at_] == '=') {
                at_++;
                skip_blanks();
                body[name] = read_value(document, inner);
            }
        }
    }

    Json read_value(LooseDocument& document, const std::string& pointer) {
        if (text_.substr(at_, 2) == "<<") {
            return read_heredoc();
        }
        auto value = read_loose(text_.substr(at_), line());
        auto json = value ? parse_json(value->json) : tl::unexpected(value.error());
        if (!json) {
            // An expression that means nothing here: a condition, a loop.
            document.placeholders.push_back(pointer);
            const std::size_t begin = at_;
            skip_expression();
            return std::string(trim(text_.substr(begin, at_ - begin)));
        }
        at_ += value->length;
        for (const auto& [inner, number] : value->lines) {
            document.lines[pointer + inner] = number;
        }
        for (const auto& inner : value->placeholders) {
            document.placeholders.push_back(pointer + inner);
        }
        for (const auto& inner : value->repeated) {
            document.repeated.push_back(pointer + inner);
        }
        return *std::move(json);
    }

    // <<EOT … EOT, and <<-EOT whose lines lose the indentation that all have.
    std::string read_heredoc() {
        at_ += 2;
        const bool indented = at_ < text_.size() && text_[at_] == '-';
        at_ += indented ? 1 : 0;
        const std::string mark = word();
        skip_line();
        std::vector<std::string_view> lines;
        while (at_ < text_.size()) {
            const std::size_t begin = at_;
            skip_line();
            const std::string_view content = text_.substr(begin, at_ - begin);
            if (trim(content) == mark) {
                break;
            }
            lines.push_back(content);
        }
        std::size_t common = indented ? std::string::npos : 0;
        for (const auto content : lines) {
            if (indented && !trim(content).empty()) {
                common = std::min(common, content.find_first_not_of(" \t"));
            }
        }
        std::string out;
        for (const auto content : lines) {
            out += content.substr(std::min(common, content.size()));
        }
        return out;
    }

    // To the end of the line in which all brackets are closed.
    void skip_expression() {
        int open = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"') {
                quoted();
                continue;
            }
            if ((c == '}' || c == '\n') && open == 0) {
                return;
            }
            open += c == '(' || c == '[' || c == '{' ? 1 : 0;
            open -= c == ')' || c == ']' || c == '}' ? 1 : 0;
            at_++;
        }
    }

    std::string quoted() {
        const std::size_t begin = ++at_;
        while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
            at_ += text_[at_] == '\\' ? 2 : 1;
        }
        at_ = std::min(at_, text_.size());
        std::string content(text_.substr(begin, at_ - begin));
        at_ += at_ < text_.size() ? 1 : 0;
        return content;
    }

    std::string word() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_word(text_[at_])) {
            at_++;
        }
        return std::string(text_.substr(begin, at_ - begin));
    }

    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) {
            at_++;
        }
    }

    void skip_line() {
        const std::size_t end = text_.find('\n', at_);
        at_ = end == std::string_view::npos ? text_.size() : end + 1;
    }

    // White space and comments.
    void skip_space() {
        while (at_ < text_.size()) {
            const std::string_view rest = text_.substr(at_);
            if (rest.starts_with("#") || rest.starts_with("//")) {
                skip_line();
            } else if (rest.starts_with("/*")) {
                const std::size_t end = text_.find("*/", at_ + 2);
                at_ = end == std::string_view::npos ? text_.size() : end + 2;
            } else if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r') {
                at_++;
            } else {
                return;
            }
        }
    }

    // Counted on from where it was asked last.
    int line() {
        const auto from = text_.begin() + static_cast<std::ptrdiff_t>(counted_);
        const auto to = text_.begin() + static_cast<std::ptrdiff_t>(at_);
        line_ += static_cast<int>(std::count(from, to, '\n'));
        counted_ = at_;
        return line_;
    }

    std::string_view text_;
    std::string_view prefix_;
    std::size_t at_ = 0;
    std::size_t counted_ = 0;
    int line_ = 1;
    std::vector<HclResource> resources_;
};

}  // namespace

Result<std::vector<HclResource>> read_hcl(std::string_view text, std::string_view prefix) {
    return HclReader(text, prefix).read();
}

}  // namespace llmgw
