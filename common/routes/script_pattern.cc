// SPDX-License-Identifier: Apache-2.0
#include "common/routes/script_pattern.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

namespace llmgw {

namespace {

// What JavaScript's \s knows beyond PCRE2's, which is ASCII's.
constexpr std::string_view kFurtherSpaces =
    "\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
// `.`: anything but the end of a line.
constexpr std::string_view kAnyButNewline = "[^\\n\\r\\x{2028}\\x{2029}]";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::uint32_t hex_value(std::string_view digits) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return value;
}

std::string code_point(std::uint32_t code) {
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), code, 16).ptr;
    return "\\x{" + std::string(digits.data(), end) + "}";
}

// "{2}", "{2,}", "{2,5}": the size of the quantifier that `text` begins with; 0: it is none.
std::size_t braces_size(std::string_view text) {
    std::size_t at = 1;
    const auto digits = [&] {
        const std::size_t first = at;
        while (at < text.size() && is_digit(text[at])) {
            at++;
        }
        return at > first;
    };
    if (!text.starts_with('{') || !digits()) {
        return 0;
    }
    if (at < text.size() && text[at] == ',') {
        at++;
        digits();
    }
    return at < text.size() && text[at] == '}' ? at + 1 : 0;
}

class Translator {
  public:
    explicit Translator(std::string_view pattern) : pattern_(pattern) { look_ahead(); }

    std::optional<std::string> run() {
        while (valid_ && at_ < pattern_.size()) {
            atom();
        }
        return valid_ ? std::optional(std::move(out_)) : std::nullopt;
    }

  private:
    [[nodiscard]] std::string_view rest() const { return pattern_.substr(at_); }
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
    }
    void copy(std::size_t size) {
        out_ += pattern_.substr(at_, size);
        at_ += size;
    }
    void replace(std::size_t size, std::string_view by) {
        out_ += by;
        at_ += size;
    }

    // Counts the groups: "\2" is a reference only where there are two.
    void look_ahead() {
        bool in_class = false;
        for (std::size_t i = 0; i < pattern_.size(); i++) {
            const std::string_view from = pattern_.substr(i);
            if (from[0] == '\\') {
                i++;
            } else if (in_class) {
                in_class = from[0] != ']';
            } else if (from[0] == '[') {
                in_class = true;
            } else if (from[0] == '(') {
                const bool named = from.starts_with("(?<") && !from.starts_with("(?<=") &&
                                   !from.starts_with("(?<!");
                has_names_ = has_names_ || named;
                groups_ += named || !from.starts_with("(?") ? 1 : 0;
            }
        }
    }

    void atom() {
        switch (peek()) {
            case '\\':
                escape();
                return;
            case '[':
                character_class();
                return;
            case '(':
                group();
                return;
            case ')':
                end_group();
                return;
            case '.':
                replace(1, kAnyButNewline);
                return;
            case '*':
            case '+':
            case '?':
                quantifier(1);
                return;
            case '{':
                if (const std::size_t size = braces_size(rest())) {
                    quantifier(size);
                } else {
                    replace(1, "\\{");
                }
                return;
            default:
                copy(1);
        }
    }

    // One quantifier, lazy or not. Another one behind it would be PCRE2's "possessive", or nothing.
    void quantifier(std::size_t size) {
        copy(size);
        if (peek() == '?') {
            copy(1);
        }
        const char next = peek();
        valid_ = next != '*' && next != '+' && next != '?' && braces_size(rest()) == 0;
    }

    void group() {
        const std::string_view from = rest();
        open_.push_back(from.starts_with("(?<=") || from.starts_with("(?<!"));
        if (from.starts_with("(*")) {
            valid_ = false;
            return;
        }
        if (!from.starts_with("(?")) {
            copy(1);
            return;
        }
        for (const std::string_view kind : {"(?:", "(?=", "(?!", "(?<=", "(?<!"}) {
            if (from.starts_with(kind)) {
                copy(kind.size());
                return;
            }
        }
        const std::size_t end = from.find('>');
        valid_ = from.starts_with("(?<") && end != std::string_view::npos && end > 3;
        copy(valid_ ? end + 1 : 0);
    }

    // A look-ahead may be repeated (annex B), a look-behind may not.
    void end_group() {
        copy(1);
        if (open_.empty()) {
            return;  // PCRE2 will tell
        }
        const char next = peek();
        valid_ = !open_.back() ||
                 (next != '*' && next != '+' && next != '?' && braces_size(rest()) == 0);
        open_.pop_back();
    }

    void character_class() {
        if (rest().starts_with("[]")) {
            replace(2, "(?:(?!))");  // nothing; PCRE2's own does not know that it may be left out
            return;
        }
        copy(1);
        if (peek() == '^') {
            copy(1);
        }
        bool after_set = false;  // the last member was a class of its own, like \d
        while (valid_ && at_ < pattern_.size() && peek() != ']') {
            const bool is_set = names_set(rest());
            if (peek() == '\\') {
                class_escape();
            } else if (peek() == '[') {
                replace(1, "\\[");
            } else if (peek() == '-' && (after_set || names_set(rest().substr(1)))) {
                replace(1, "\\-");  // no range goes from or to a class
            } else {
                copy(1);
            }
            after_set = is_set;
        }
        valid_ = valid_ && peek() == ']';
        copy(valid_ ? 1 : 0);
    }

    [[nodiscard]] static bool names_set(std::string_view from) {
        return from.size() > 1 && from[0] == '\\' &&
               std::string_view("dDwWsS").find(from[1]) != std::string_view::npos;
    }

    void escape() {
        switch (peek(1)) {
            case 'b':
            case 'B':
                copy(2);
                return;
            case 's':
                replace(2, "[\\s" + std::string(kFurtherSpaces) + "]");
                return;
            case 'S':
                replace(2, "[^\\s" + std::string(kFurtherSpaces) + "]");
                return;
            case 'k':
                name_reference();
                return;
            default:
                if (!back_reference()) {
                    common_escape();
                }
        }
    }

    void class_escape() {
        switch (peek(1)) {
            case 'b':
                replace(2, "\\x08");
                return;
            case 's':
                replace(2, "\\s" + std::string(kFurtherSpaces));
                return;
            case 'S':
                copy(2);
                return;
            default:
                common_escape();
        }
    }

    void name_reference() {
        if (!has_names_) {
            replace(2, "k");
            return;
        }
        const std::size_t end = rest().find('>');
        valid_ = peek(2) == '<' && end != std::string_view::npos && end > 3;
        if (valid_) {
            replace(end + 1, "(?:" + std::string(rest().substr(0, end + 1)) + ")");
        }
    }

    // "\2", if there are as many groups. In a group of its own, as PCRE2 takes a repeated reference
    // to an unset group for a failure.
    bool back_reference() {
        std::size_t size = 1;
        while (is_digit(peek(size))) {
            size++;
        }
        const std::string_view digits = pattern_.substr(at_ + 1, size - 1);
        std::uint32_t number = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (read.ec != std::errc() || digits[0] == '0' || number > groups_) {
            return false;
        }
        replace(size, "(?:\\g{" + std::string(digits) + "})");
        return true;
    }

    // What means the same inside and outside of a class.
    void common_escape() {
        const char c = peek(1);
        if (at_ + 1 >= pattern_.size()) {
            valid_ = false;
        } else if (c >= '0' && c <= '7') {
            octal();
        } else if (c == 'c') {
            control();
        } else if (c == 'x' && is_hex(peek(2)) && is_hex(peek(3))) {
            const std::uint32_t code = hex_value(pattern_.substr(at_ + 2, 2));
            replace(4, code_point(code));
        } else if (c == 'u' && is_unit(at_)) {
            unit();
        } else if (c == 'v') {
            replace(2, "\\x0b");
        } else if (std::string_view("dDwWtnrf").find(c) != std::string_view::npos) {
            copy(2);
        } else if (is_letter(c) || is_digit(c) || c == '_' || static_cast<signed char>(c) < 0) {
            at_++;  // the character itself; PCRE2 has other ideas of letters
            copy(1);
        } else {
            copy(2);
        }
    }

    // "\0", and the octal numbers of annex B, up to 255.
    void octal() {
        std::size_t size = 1;
        std::uint32_t code = 0;
        while (size <= 3 && peek(size) >= '0' && peek(size) <= '7' &&
               code * 8 + static_cast<std::uint32_t>(peek(size) - '0') <= 255) {
            code = code * 8 + static_cast<std::uint32_t>(peek(size) - '0');
            size++;
        }
        replace(size, code_point(code));
    }

    void control() {
        if (is_letter(peek(2))) {
            const auto code = static_cast<std::uint32_t>(peek(2)) % 32;
            replace(3, code_point(code));
        } else {
            replace(1, "\\\\");
        }
    }

    [[nodiscard]] bool is_unit(std::size_t at) const {
        const std::string_view text = pattern_.substr(std::min(at, pattern_.size()), 6);
        return text.size() == 6 && text.starts_with("\\u") && is_hex(text[2]) && is_hex(text[3]) &&
               is_hex(text[4]) && is_hex(text[5]);
    }

    // "\uXXXX". Texts here are whole characters, so half of a surrogate pair matches nothing.
    void unit() {
        const std::uint32_t code = hex_value(pattern_.substr(at_ + 2, 4));
        if (code < 0xd800 || code > 0xdfff) {
            replace(6, code_point(code));
            return;
        }
        const std::uint32_t low =
            is_unit(at_ + 6) ? hex_value(pattern_.substr(at_ + 8, 4)) : std::uint32_t{0};
        valid_ = code < 0xdc00 && low >= 0xdc00 && low <= 0xdfff;
        if (valid_) {
            replace(12, code_point(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)));
        }
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    std::uint32_t groups_ = 0;
    bool has_names_ = false;
    bool valid_ = true;
    std::vector<bool> open_;  // groups; whether they are look-behind
    std::string out_;
};

}  // namespace

std::optional<std::string> perl_pattern(std::string_view pattern) {
    return Translator(pattern).run();
}

}  // namespace llmgw
