// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/loose_cursor.h"

#include <algorithm>
#include <array>

namespace llmgw {

namespace {

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

// Spaces that word processors and browsers leave in a copied text.
std::size_t odd_space(std::string_view text) {
    if (text.starts_with("\xc2\xa0")) {  // no-break
        return 2;
    }
    return text.starts_with("\xef\xbb\xbf") || text.starts_with("\xe2\x80\x8b") ? 3 : 0;
}

char closing_bracket(char opening) {
    switch (opening) {
        case '(':
            return ')';
        case '[':
            return ']';
        default:
            return '}';
    }
}

// Whether an expression goes on behind such an end, whatever the next line begins with.
bool is_unfinished(std::string_view expression) {
    constexpr std::string_view kOperators = "+-*/%?:&|=<>.";
    return !expression.empty() && kOperators.find(expression.back()) != std::string_view::npos;
}

}  // namespace

bool LooseCursor::take(std::string_view word) {
    if (!starts_with(word)) {
        return false;
    }
    at_ += word.size();
    return true;
}

bool LooseCursor::skip_space() {
    bool line_ended = false;
    while (!at_end()) {
        const char c = peek();
        if (is_space(c)) {
            line_ended = line_ended || c == '\n';
            at_++;
        } else if (c == '#' || starts_with("//")) {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else if (starts_with("/*")) {
            const std::size_t end = text_.find("*/", at_ + 2);
            at_ = end == std::string_view::npos ? text_.size() : end + 2;
        } else if (const std::size_t odd = odd_space(text_.substr(at_)); odd > 0) {
            at_ += odd;
        } else {
            break;
        }
    }
    return line_ended;
}

void LooseCursor::skip_blanks() {
    while (peek() == ' ' || peek() == '\t') {
        at_++;
    }
}

std::string_view LooseCursor::read_name() {
    const std::size_t begin = at_;
    while (!at_end() && is_word(peek()) && odd_space(text_.substr(at_)) == 0) {
        at_++;
    }
    return since(begin);
}

bool LooseCursor::at_member() {
    const std::size_t begin = at_;
    bool named = false;
    if (at_string()) {
        named = read_string().has_value();
    } else {
        while (!read_name().empty() || (named && (peek() == '-' || peek() == '.'))) {
            at_ += peek() == '-' || peek() == '.' ? 1 : 0;
            named = true;
        }
    }
    skip_blanks();
    const bool assigned = peek() == '=' && peek(1) != '=' && peek(1) != '>';
    const bool is_member = named && (peek() == ':' || assigned);
    at_ = begin;
    return is_member;
}

// Takes a name, a string, a bracket or another character. `open` are the brackets around it.
Result<void> LooseCursor::skip_code(std::string& open) {
    constexpr std::size_t kDeepest = 1024;
    if (at_string()) {
        auto text = read_string();
        return text ? Result<void>() : tl::unexpected(std::move(text.error()));
    }
    if (!read_name().empty()) {
        return {};
    }
    const char c = peek();
    if (c == '(' || c == '[' || c == '{') {
        if (open.size() >= kDeepest) {
            return error("it is nested too deeply", at_);
        }
        open += closing_bracket(c);
    } else if (c == ')' || c == ']' || c == '}') {
        if (open.empty() || open.back() != c) {
            return error(std::string("'") + c + "' closes nothing", at_);
        }
        open.pop_back();
    }
    at_++;
    return {};
}

Result<void> LooseCursor::skip_brackets() {
    const std::size_t begin = at_;
    std::string open;
    do {
        skip_space();
        if (at_end()) {
            return error(std::string("'") + text_[begin] + "' is not closed", begin);
        }
        if (auto skipped = skip_code(open); !skipped) {
            return skipped;
        }
    } while (!open.empty());
    return {};
}

Result<std::string_view> LooseCursor::read_expression(Extent extent) {
    const std::size_t begin = at_;
    std::size_t end = begin;
    std::string open;
    while (true) {
        const char before = at_ > begin ? text_[at_ - 1] : '\0';
        bool line_ended = false;
        // "https://…" has no comment, nor has "a#b".
        const bool no_comment = (before == ':' && starts_with("//")) ||
                                (peek() == '#' && at_ > begin && !is_space(before));
        if (!no_comment) {
            line_ended = skip_space();
        }
        if (at_end()) {
            break;
        }
        if (open.empty()) {
            constexpr std::string_view kEnds = ",;)]}";
            const bool next_line = line_ended && !is_unfinished(text_.substr(begin, end - begin));
            if (kEnds.find(peek()) != std::string_view::npos ||
                (next_line && (extent == Extent::line || at_member()))) {
                break;
            }
        }
        if (auto skipped = skip_code(open); !skipped) {
            return tl::unexpected(std::move(skipped.error()));
        }
        end = at_;
    }
    if (!open.empty()) {
        return error("a bracket is not closed", begin);
    }
    at_ = end;
    if (end == begin) {
        return error("there is no value", begin);
    }
    return since(begin);
}

int LooseCursor::line_at(std::size_t at) {
    at = std::min(at, text_.size());
    const auto [from, to] = std::minmax(at, counted_at_);
    const auto lines =
        static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(from),
                                    text_.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
    counted_lines_ += at < counted_at_ ? -lines : lines;
    counted_at_ = at;
    return first_line_ + counted_lines_;
}

tl::unexpected<Error> LooseCursor::error(const std::string& what, std::size_t at) {
    at = std::min(at, text_.size());
    const std::size_t line_end = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
    const std::size_t line_begin = line_end == std::string_view::npos ? 0 : line_end + 1;
    const std::string_view before = text_.substr(line_begin, at - line_begin);
    const auto column = std::count_if(before.begin(), before.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // characters, not bytes of UTF-8
    });
    return fail(Errc::invalid_file, what + " (line " + std::to_string(line_at(at)) + ", column " +
                                        std::to_string(column + 1) + ")");
}

}  // namespace llmgw
