// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/code_tokens.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace llmgw {

namespace {

constexpr std::size_t kNone = CodeToken::kNone;
constexpr int kMaxNesting = 200;  // of templates within templates

bool begins_name(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_name_byte(char c) {
    return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

class CodeLexer {
  public:
    CodeLexer(std::string_view source, CodeLanguage language) : source_(source) {
        code_.source = source;
        code_.language = language;
    }

    CodeTokens run() {
        while (skip_blanks(), at_ < source_.size()) {
            read_token();
            fresh_line_ = false;
        }
        match_brackets();
        return std::move(code_);
    }

  private:
    [[nodiscard]] bool python() const { return code_.language == CodeLanguage::python; }
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
    }
    [[nodiscard]] bool follows(std::string_view text) const {
        return source_.substr(at_).starts_with(text);
    }

    void skip_to(std::string_view end, bool including) {
        const std::size_t found = source_.find(end, at_);
        at_ =
            found == std::string_view::npos ? source_.size() : found + (including ? end.size() : 0);
    }

    void skip_blanks() {
        while (at_ < source_.size()) {
            const char c = source_[at_];
            if (c == '\n') {
                fresh_line_ = true;
                at_++;
            } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
                at_++;
            } else if (python() ? c == '#' : follows("//") || (at_ == 0 && follows("#!"))) {
                skip_to("\n", false);
            } else if (!python() && follows("/*")) {
                skip_to("*/", true);
            } else {
                return;
            }
        }
    }

    CodeToken& add(CodeToken::Kind kind, std::size_t begin) {
        CodeToken token;
        token.kind = kind;
        token.begin = begin;
        token.end = at_;
        token.first = fresh_line_;
        code_.tokens.push_back(token);
        return code_.tokens.back();
    }

    void read_token() {
        const std::size_t begin = at_;
        const char c = source_[at_];
        if (python() && begins_name(c) && read_python_text()) {
            return;
        }
        if (c == '"' || c == '\'') {
            python() ? read_quoted_python(begin, true) : read_quoted(begin);
        } else if (!python() && c == '`') {
            read_template();
        } else if (begins_name(c) || (!python() && c == '#' && begins_name(peek(1)))) {
            at_++;
            while (at_ < source_.size() && is_name_byte(source_[at_])) {
                at_++;
            }
            add(CodeToken::Kind::name, begin);
        } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
            while (at_ < source_.size() && (is_name_byte(source_[at_]) || source_[at_] == '.')) {
                at_++;
            }
            add(CodeToken::Kind::number, begin);
        } else if (!python() && c == '/' && regex_may_begin() && skip_regex()) {
            add(CodeToken::Kind::sign, begin);
        } else {
            read_sign();
        }
    }

    // Signs of one byte, but for those that only look like an assignment or a colon.
    void read_sign() {
        constexpr std::array<std::string_view, 13> kLong = {
            "===", "!==", "...", "==", "!=", "<=", ">=", "=>", ":=", "+=", "-=", "?.", "**"};
        const std::size_t begin = at_;
        at_++;
        for (const std::string_view sign : kLong) {
            if (source_.substr(begin).starts_with(sign)) {
                at_ = begin + sign.size();
                break;
            }
        }
        add(CodeToken::Kind::sign, begin);
    }

    // Letters before the quotes: f"…", rb'…'.
    bool read_python_text() {
        const std::size_t begin = at_;
        std::size_t letters = 0;
        bool plain = true;
        while (letters < 3 &&
               std::string_view("rRbBuUfFtT").find(peek(letters)) != std::string_view::npos) {
            plain =
                plain && std::string_view("bBfFtT").find(peek(letters)) == std::string_view::npos;
            letters++;
        }
        if (letters == 0 || letters == 3 || (peek(letters) != '"' && peek(letters) != '\'')) {
            return false;
        }
        at_ += letters;
        read_quoted_python(begin, plain);
        return true;
    }

    void read_quoted_python(std::size_t begin, bool plain) {
        const char quote = source_[at_];
        const std::string triple(3, quote);
        if (!follows(triple)) {
            read_quoted(begin);
            code_.tokens.back().plain &= plain;
            return;
        }
        at_ += 3;
        const std::size_t content = at_;
        while (at_ < source_.size() && !follows(triple)) {
            at_ += source_[at_] == '\\' ? 2 : 1;
        }
        finish_text(begin, content, 3, plain);
    }

    void read_quoted(std::size_t begin) {
        const char quote = source_[at_++];
        const std::size_t content = at_;
        while (at_ < source_.size() && source_[at_] != quote && source_[at_] != '\n') {
            at_ += source_[at_] == '\\' ? 2 : 1;
        }
        if (at_ < source_.size() && source_[at_] == '\n') {
            at_ = content;  // an apostrophe in the text of JSX
            code_.sound = false;
            add(CodeToken::Kind::sign, begin);
            return;
        }
        finish_text(begin, content, 1, true);
    }

    void finish_text(std::size_t begin, std::size_t content, std::size_t quotes, bool plain) {
        code_.sound = code_.sound && at_ + quotes <= source_.size();
        const std::size_t end = std::min(at_, source_.size());
        at_ = std::min(at_ + quotes, source_.size());
        CodeToken& token = add(CodeToken::Kind::text, begin);
        token.content = content;
        token.content_end = end;
        token.plain = plain;
    }

    void read_template() {
        const std::size_t begin = at_;
        const bool plain = !skip_template(0);
        CodeToken& token = add(CodeToken::Kind::text, begin);
        token.content = begin + 1;
        token.content_end = std::max(token.content, at_ - 1);
        token.plain = plain;
    }

    // Goes behind the template that begins here; whether it has expressions.
    bool skip_template(int nesting) {
        bool expressions = false;
        at_++;
        while (at_ < source_.size() && source_[at_] != '`') {
            if (follows("${")) {
                expressions = true;
                skip_expression(nesting + 1);
            } else {
                at_ += source_[at_] == '\\' ? 2 : 1;
            }
        }
        code_.sound = code_.sound && at_ < source_.size();
        at_ = std::min(at_ + 1, source_.size());
        return expressions;
    }

    void skip_expression(int nesting) {
        int depth = 0;
        code_.sound = code_.sound && nesting < kMaxNesting;
        for (at_++; at_ < source_.size(); at_++) {
            const char c = source_[at_];
            if (c == '`' && nesting < kMaxNesting) {
                skip_template(nesting);
                at_--;
            } else if (c == '{') {
                depth++;
            } else if (c == '}' && --depth == 0) {
                at_++;
                return;
            } else if (c == '"' || c == '\'') {
                skip_plain_quoted(c);
            }
        }
    }

    void skip_plain_quoted(char quote) {
        for (at_++; at_ < source_.size() && source_[at_] != quote; at_++) {
            at_ += source_[at_] == '\\' ? 1 : 0;
        }
    }

    // After a value a slash divides.
    [[nodiscard]] bool regex_may_begin() const {
        if (code_.tokens.empty()) {
            return true;
        }
        const CodeToken& last = code_.tokens.back();
        const std::string_view text = source_.substr(last.begin, last.end - last.begin);
        if (last.kind == CodeToken::Kind::sign) {
            return text != ")" && text != "]" && text != "}";
        }
        return text == "return" || text == "case" || text == "typeof";
    }

    bool skip_regex() {
        bool in_class = false;
        for (std::size_t at = at_ + 1; at < source_.size() && source_[at] != '\n'; at++) {
            const char c = source_[at];
            if (c == '\\') {
                at++;
            } else if (c == '[' || c == ']') {
                in_class = c == '[';
            } else if (c == '/' && !in_class) {
                at_ = at + 1;
                return true;
            }
        }
        return false;
    }

    void match_brackets() {
        constexpr std::string_view kOpen = "([{";
        constexpr std::string_view kClose = ")]}";
        std::vector<std::size_t> open;
        for (std::size_t i = 0; i < code_.size(); i++) {
            CodeToken& token = code_.tokens[i];
            const bool bracket =
                token.kind == CodeToken::Kind::sign && token.end - token.begin == 1;
            const char c = bracket ? source_[token.begin] : '\0';
            if (bracket && kClose.find(c) != std::string_view::npos) {
                if (open.empty() ||
                    kOpen.find(source_[code_[open.back()].begin]) != kClose.find(c)) {
                    code_.sound = false;
                    continue;
                }
                token.partner = open.back();
                code_.tokens[open.back()].partner = i;
                open.pop_back();
            }
            token.within = open.empty() ? kNone : open.back();
            if (bracket && kOpen.find(c) != std::string_view::npos) {
                open.push_back(i);
            }
        }
        code_.sound = code_.sound && open.empty();
    }

    std::string_view source_;
    std::size_t at_ = 0;
    bool fresh_line_ = true;
    CodeTokens code_;
};

}  // namespace

std::string_view CodeTokens::at(std::size_t index) const {
    return index < tokens.size()
               ? source.substr(tokens[index].begin, tokens[index].end - tokens[index].begin)
               : std::string_view();
}

bool CodeTokens::is(std::size_t index, std::string_view text) const {
    return index < tokens.size() && tokens[index].kind != CodeToken::Kind::text &&
           at(index) == text;
}

bool CodeTokens::is_name(std::size_t index) const {
    return index < tokens.size() && tokens[index].kind == CodeToken::Kind::name;
}

bool CodeTokens::is_plain_text(std::size_t index) const {
    return index < tokens.size() && tokens[index].kind == CodeToken::Kind::text &&
           tokens[index].plain;
}

std::string CodeTokens::value(std::size_t index) const {
    std::string value;
    if (!is_plain_text(index)) {
        return value;
    }
    const CodeToken& token = tokens[index];
    for (std::size_t i = token.content; i < token.content_end; i++) {
        if (source[i] == '\\' && i + 1 < token.content_end) {
            i++;
            value += source[i] == 'n' ? '\n' : source[i] == 't' ? '\t' : source[i];
        } else {
            value += source[i];
        }
    }
    return value;
}

std::string_view CodeTokens::span(std::size_t first, std::size_t last) const {
    return first < last && last <= tokens.size()
               ? source.substr(tokens[first].begin, tokens[last - 1].end - tokens[first].begin)
               : std::string_view();
}

CodeTokens read_code(std::string_view source, CodeLanguage language) {
    return CodeLexer(source, language).run();
}

}  // namespace llmgw
