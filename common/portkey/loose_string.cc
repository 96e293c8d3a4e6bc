// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>

#include "common/base/json_text.h"
#include "common/portkey/loose_cursor.h"

namespace llmgw {

namespace {

constexpr std::array<std::string_view, 9> kQuotes = {
    "\"\"\"",       "'''",  // Python's, over several lines
    "\"",           "'",   "`", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x98",
    "\xe2\x80\x99",  // a word processor's
};

std::string_view quote_of(std::string_view text) {
    const auto* const at =
        std::find_if(kQuotes.begin(), kQuotes.end(),
                     [&](std::string_view quote) { return text.starts_with(quote); });
    return at == kQuotes.end() ? std::string_view() : *at;
}

bool is_one_of(char c, std::string_view set) {
    return c != '\0' && set.find(c) != std::string_view::npos;
}

void append_character(std::string& out, std::uint32_t code) {
    const bool none = code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
    std::array<char, 4> bytes{};
    out += encode_utf8(none ? 0xfffd : code, bytes);
}

// Takes as much white space off each line as all that are not empty begin with.
std::string without_indentation(std::string_view text) {
    std::size_t common = std::string_view::npos;
    const auto each_line = [&](auto&& use) {
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            use(text.substr(at, end - at));
            at = end + 1;
        }
    };
    each_line([&](std::string_view line) {
        const std::size_t first = line.find_first_not_of(" \t");
        common = first == std::string_view::npos ? common : std::min(common, first);
    });
    std::string out;
    each_line([&](std::string_view line) {
        out += line.substr(std::min(line.size(), common));
        out += '\n';
    });
    return out;
}

}  // namespace

struct LooseCursor::Quote {
    std::string_view opening;
    bool raw = false;     ///< r"…": a backslash is one
    bool format = false;  ///< f"…": {…} is inserted

    [[nodiscard]] bool is_typographic() const { return opening.front() == '\xe2'; }
    [[nodiscard]] bool over_lines() const {
        return opening == "`" || opening == "\"\"\"" || opening == "'''";
    }
    // How long the quote is that the text begins with, if it ends the string.
    [[nodiscard]] std::size_t closing(std::string_view text) const {
        const std::string_view quote = quote_of(text);
        if (is_typographic()) {
            // Either of a pair: double ones have 9c and 9d, single ones 98 and 99.
            const bool same =
                !quote.empty() && quote.front() == '\xe2' && (quote.back() ^ opening.back()) <= 1;
            return same ? quote.size() : 0;
        }
        return text.starts_with(opening) ? opening.size() : 0;
    }
};

std::size_t LooseCursor::string_prefix() const {
    std::size_t length = 0;
    while (length < 2 && is_one_of(peek(length), "fFrRbBuU")) {
        length++;
    }
    return length;
}

std::size_t LooseCursor::quote_length() const {
    const std::size_t prefix = string_prefix();
    const std::string_view quote = quote_of(text_.substr(std::min(at_ + prefix, text_.size())));
    return quote.empty() ? 0 : prefix + quote.size();
}

Result<LooseCursor::Text> LooseCursor::read_string() {
    const std::size_t begin = at_;
    Quote quote;
    for (std::size_t left = string_prefix(); left > 0; left--) {
        quote.raw = quote.raw || is_one_of(peek(), "rR");
        quote.format = quote.format || is_one_of(peek(), "fF");
        at_++;
    }
    quote.opening = quote_of(text_.substr(at_));
    at_ += quote.opening.size();
    Text out;
    while (true) {
        if (at_end() || (peek() == '\n' && !quote.over_lines())) {
            return error("the string is not closed", begin);
        }
        if (const std::size_t closing = quote.closing(text_.substr(at_)); closing > 0) {
            at_ += closing;
            return out;
        }
        read_piece(quote, out);
    }
}

void LooseCursor::read_piece(const Quote& quote, Text& out) {
    if (peek() == '\\' && quote.raw) {
        out.value += peek();
        at_++;
        if (!at_end()) {
            out.value += peek();
            at_++;
        }
    } else if (peek() == '\\') {
        read_escape(out.value);
    } else if (quote.format && (starts_with("{{") || starts_with("}}"))) {
        out.value += peek();
        at_ += 2;
    } else if (!take_inserted(quote, out)) {
        out.value += peek();
        at_++;
    }
}

// `${…}` and `{{…}}` are taken for what a program or a template puts in, whatever the language: in
// a config they mean nothing else.
bool LooseCursor::take_inserted(const Quote& quote, Text& out) {
    std::size_t end = std::string_view::npos;
    if (starts_with("${")) {
        end = end_of_inserted(at_ + 1, quote);
    } else if (peek() == '{' && (quote.format || peek(1) == '{')) {
        end = end_of_inserted(at_, quote);
    }
    if (end == std::string_view::npos) {
        return false;
    }
    out.placeholder = true;
    while (at_ < end) {
        if (peek() == '\\' && !quote.raw) {
            read_escape(out.value);
        } else {
            out.value += peek();
            at_++;
        }
    }
    return true;
}

// Behind the bracket that closes the one at `begin`. HCL and JavaScript have strings in there with
// the very quotes of the string around. What follows tells such a quote from the string's end.
std::size_t LooseCursor::end_of_inserted(std::size_t begin, const Quote& quote) const {
    constexpr std::size_t kLongest = 1024;
    const std::string_view text = text_.substr(begin, kLongest);
    int depth = 0;
    char inner = '\0';
    for (std::size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        if (c == '\n' && !quote.over_lines()) {
            break;
        }
        if (c == '\\') {
            i++;
        } else if (inner != '\0') {
            inner = c == inner ? '\0' : inner;
        } else if (is_one_of(c, "\"'`")) {
            const bool own = quote.opening == text.substr(i, 1);
            const char next = i + 1 < text.size() ? text[i + 1] : ' ';
            if (own && is_one_of(next, " \t\r\n,:;=)]}")) {
                break;
            }
            inner = c;
        } else if (c == '{') {
            depth++;
        } else if (c == '}' && --depth == 0) {
            return begin + i + 1;
        }
    }
    return std::string_view::npos;
}

bool LooseCursor::read_hex(std::size_t begin, std::size_t digits, std::uint32_t& code) const {
    const std::string_view text = text_.substr(std::min(begin, text_.size()), digits);
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), code, 16);
    return text.size() == digits && status == std::errc() && end == text.data() + text.size();
}

// Behind "\u": four digits, two times for a pair of surrogates, or some in braces.
void LooseCursor::read_unicode(std::string& out) {
    std::uint32_t code = 0;
    if (peek() == '{') {
        const std::size_t end = text_.find('}', at_);
        constexpr std::size_t kMostDigits = 6;
        if (end != std::string_view::npos && end - at_ - 1 <= kMostDigits &&
            read_hex(at_ + 1, end - at_ - 1, code)) {
            append_character(out, code);
            at_ = end + 1;
            return;
        }
    } else if (read_hex(at_, 4, code)) {
        at_ += 4;
        std::uint32_t low = 0;
        const bool pair = code >= 0xd800 && code < 0xdc00 && starts_with("\\u") &&
                          read_hex(at_ + 2, 4, low) && low >= 0xdc00 && low < 0xe000;
        if (pair) {
            at_ += 6;
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_character(out, code);
        return;
    }
    out += "\\u";
}

// What no language knows stays as it is: it is most likely meant for a regular expression ("\d").
void LooseCursor::read_escape(std::string& out) {
    constexpr std::string_view kNames = "nrtbfv0a";
    constexpr std::string_view kValues("\n\r\t\b\f\v\0\a", 8);
    at_++;
    if (at_end()) {
        out += '\\';
        return;
    }
    const char c = peek();
    at_++;
    std::uint32_t code = 0;
    if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
        out += kValues[known];
    } else if (c == 'u') {
        read_unicode(out);
    } else if ((c == 'x' && read_hex(at_, 2, code)) || (c == 'U' && read_hex(at_, 8, code))) {
        append_character(out, code);
        at_ += c == 'x' ? 2 : 8;
    } else if (c == '\n' || (c == '\r' && peek() == '\n')) {
        at_ += c == '\r' ? 1 : 0;  // the string goes on in the next line
    } else {
        out += is_one_of(c, "\"'`\\/$") ? std::string() : std::string("\\");
        out += c;
    }
}

bool LooseCursor::at_heredoc() const {
    return starts_with("<<") &&
           (peek(2) == '-' || peek(2) == '_' || (peek(2) >= 'A' && peek(2) <= 'z'));
}

Result<LooseCursor::Text> LooseCursor::read_heredoc() {
    const std::size_t begin = at_;
    at_ += 2;
    const bool indented = take("-");
    const std::string_view mark = read_name();
    const std::size_t line_end = text_.find('\n', at_);
    if (mark.empty() || line_end == std::string_view::npos) {
        return error("the heredoc is not closed", begin);
    }
    const std::size_t first = line_end + 1;
    for (std::size_t at = first; at < text_.size();) {
        const std::size_t end = std::min(text_.find('\n', at), text_.size());
        std::string_view line = text_.substr(at, end - at);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.starts_with(mark) &&
            line.substr(mark.size()).find_first_not_of(" \t\r,)") == std::string_view::npos) {
            const std::string_view content = text_.substr(first, at - first);
            at_ = end - line.size() + mark.size();
            Text out;
            out.value = indented ? without_indentation(content) : std::string(content);
            out.placeholder = content.find("${") != std::string_view::npos;
            return out;
        }
        at = end + 1;
    }
    return error("the heredoc is not closed", begin);
}

}  // namespace llmgw
