// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/loose_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/json_io.h"
#include "common/base/json_scan.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

using Extent = LooseCursor::Extent;

constexpr std::size_t kMostValues = 1'000'000;

struct LooseWord {
    std::string_view word;
    std::string_view json;
};
constexpr std::array<LooseWord, 7> kWords = {{{"true", "true"},
                                              {"false", "false"},
                                              {"null", "null"},
                                              {"True", "true"},
                                              {"False", "false"},
                                              {"None", "null"},
                                              {"undefined", "null"}}};

// Functions whose first argument is the value that is meant.
constexpr std::array<std::string_view, 9> kWrappers = {
    "JSON.stringify", "JSON.parse", "json.dumps",   "json.loads",   "jsonencode",
    "jsondecode",     "sensitive",  "nonsensitive", "Object.freeze"};

// Words that join a value to what follows it.
constexpr std::array<std::string_view, 6> kJoining = {"if", "or", "and", "for", "in", "not"};

template <std::size_t N>
bool is_among(std::string_view word, const std::array<std::string_view, N>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::size_t digits_of(std::string_view text) {
    const auto* const end = std::find_if_not(text.begin(), text.end(), is_digit);
    return static_cast<std::size_t>(end - text.begin());
}

// How long the number is that JSON's grammar would take from the text; 0: none.
std::size_t number_length(std::string_view text) {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const std::size_t whole = digits_of(text.substr(at));
    if (whole == 0 || (whole > 1 && text[at] == '0')) {
        return 0;
    }
    at += whole;
    if (text.substr(at).starts_with('.')) {
        const std::size_t fraction = digits_of(text.substr(at + 1));
        at += fraction == 0 ? 0 : fraction + 1;
    }
    if (const std::string_view rest = text.substr(at);
        rest.starts_with('e') || rest.starts_with('E')) {
        const std::size_t sign = rest.size() > 1 && (rest[1] == '+' || rest[1] == '-') ? 1 : 0;
        const std::size_t exponent = digits_of(rest.substr(std::min(rest.size(), 1 + sign)));
        at += exponent == 0 ? 0 : 1 + sign + exponent;
    }
    return at;
}

}  // namespace

Result<std::string> LooseReader::read_value() {
    cursor_.skip_space();
    const std::size_t begin = cursor_.at();
    const std::size_t placeholders = out_.placeholders.size();
    const std::size_t repeated = out_.repeated.size();
    note_line(begin);
    if (out_.lines.size() > kMostValues) {
        return cursor_.error("there are more than a million values", begin);
    }
    auto value = read_primary();
    skip_type();
    if (value && goes_on()) {
        forget_below(placeholders, repeated);
        cursor_.move_to(begin);
        return read_placeholder();
    }
    return value;
}

Result<std::string> LooseReader::read_primary() {
    switch (cursor_.peek()) {
        case '{':
            return read_object();
        case '[':
            return read_array();
        case '(':
            return read_parentheses();
        default:
            break;
    }
    if (cursor_.at_heredoc()) {
        return read_text(true);
    }
    if (cursor_.at_string()) {
        return read_text(false);
    }
    std::string number;
    return read_number(number) ? Result<std::string>(std::move(number)) : read_word();
}

Result<std::string> LooseReader::read_text(bool heredoc) {
    const std::size_t begin = cursor_.at();
    auto text = heredoc ? cursor_.read_heredoc() : cursor_.read_string();
    if (!text) {
        return tl::unexpected(std::move(text.error()));
    }
    if (text->placeholder) {
        return placeholder(std::move(text->value), begin);
    }
    if (!is_utf8(text->value)) {
        return cursor_.error("the string is not UTF-8", begin);
    }
    return json_quote(text->value);
}

// A number that JSON does not know (1_000, 0x10, .5) is none: it becomes a placeholder.
bool LooseReader::read_number(std::string& number) {
    constexpr std::size_t kLongest = 64;
    const std::size_t begin = cursor_.at();
    std::string text;
    while (text.size() < kLongest && !cursor_.at_end() &&
           (is_digit(cursor_.peek()) ||
            std::string_view("+-.eE_xX").find(cursor_.peek()) != std::string_view::npos)) {
        text += cursor_.peek();
        cursor_.move_to(cursor_.at() + 1);
    }
    const std::size_t length = number_length(text);
    cursor_.move_to(begin + length);
    const bool ends = length > 0 && length < kLongest && cursor_.read_name().empty();
    if (!ends || cursor_.peek() == '.') {
        cursor_.move_to(begin);
        return false;
    }
    // An exponent may be too big for any number; then the text stands for it.
    auto parsed = parse_json(std::string_view(text).substr(0, length));
    if (!parsed) {
        cursor_.move_to(begin);
        return false;
    }
    number = print_json(*parsed);
    return true;
}

Result<std::string> LooseReader::read_word() {
    const std::size_t begin = cursor_.at();
    while (!cursor_.read_name().empty() && cursor_.peek() == '.') {
        cursor_.move_to(cursor_.at() + 1);
    }
    const std::string_view name = cursor_.since(begin);
    const auto* const word = std::find_if(kWords.begin(), kWords.end(),
                                          [&](const LooseWord& w) { return w.word == name; });
    if (word != kWords.end()) {
        return std::string(word->json);
    }
    cursor_.skip_blanks();
    if (cursor_.peek() == '(' && (name == "dict" || is_among(name, kWrappers))) {
        return read_call(name, begin);
    }
    cursor_.move_to(begin);
    return read_placeholder();
}

Result<std::string> LooseReader::read_call(std::string_view function, std::size_t begin) {
    const std::size_t open = cursor_.at();
    if (function == "dict") {
        return read_parentheses();
    }
    if (auto entered = enter(); !entered) {
        return tl::unexpected(std::move(entered.error()));
    }
    cursor_.move_to(open + 1);
    cursor_.skip_space();
    if (cursor_.peek() == ')') {
        cursor_.move_to(begin);
        depth_--;
        return read_placeholder();
    }
    auto value = read_value();
    depth_--;
    if (value) {
        cursor_.move_to(open);  // there may be more arguments
        if (auto closed = cursor_.skip_brackets(); !closed) {
            return tl::unexpected(std::move(closed.error()));
        }
    }
    return value;
}

Result<std::string> LooseReader::read_placeholder() {
    const std::size_t begin = cursor_.at();
    const bool root = depth_ == 0;
    auto text = cursor_.read_expression(root ? Extent::line : Extent::lines);
    if (!text) {
        return tl::unexpected(std::move(text.error()));
    }
    return placeholder(std::string(*text), begin);
}

Result<std::string> LooseReader::placeholder(std::string text, std::size_t begin) {
    if (!is_utf8(text)) {
        return cursor_.error("the expression is not UTF-8", begin);
    }
    out_.placeholders.push_back(pointer_);
    return json_quote(text);
}

// TypeScript's `as const`, `as Config<…>`, `satisfies …`, `!`.
void LooseReader::skip_type() {
    while (true) {
        const std::size_t begin = cursor_.at();
        cursor_.skip_blanks();
        if (cursor_.peek() == '!' && cursor_.peek(1) != '=') {
            cursor_.move_to(cursor_.at() + 1);
            continue;
        }
        const std::string_view word = cursor_.read_name();
        if (word != "as" && word != "satisfies") {
            cursor_.move_to(begin);
            return;
        }
        cursor_.skip_blanks();
        int depth = 0;
        while (!cursor_.at_end() && cursor_.peek() != '\n') {
            const char c = cursor_.peek();
            depth += c == '<' ? 1 : 0;
            depth -= c == '>' ? 1 : 0;
            constexpr std::string_view kEnds = ",;)} \t\r";
            if (depth <= 0 && kEnds.find(c) != std::string_view::npos) {
                break;
            }
            cursor_.move_to(cursor_.at() + 1);
        }
    }
}

// Whether the value was only the beginning of an expression. At the root only its line is looked
// at, and what follows a bracket is no business of ours.
bool LooseReader::goes_on() {
    const std::size_t end = cursor_.at();
    if (depth_ == 0) {
        constexpr std::string_view kClosing = "}])";
        if (kClosing.find(cursor_.before()) != std::string_view::npos) {
            return false;
        }
        cursor_.skip_blanks();
    }
    const bool line_ended = depth_ > 0 && cursor_.skip_space();
    const char c = cursor_.peek();
    const bool same_line = !line_ended && (c == '[' || c == '(' || c == '<' || c == '-');
    const bool equation = c == '=' && (cursor_.peek(1) == '=' || cursor_.peek(1) == '>');
    const bool any_line = (c == '.' && !cursor_.starts_with("...")) || c == '+' || c == '*' ||
                          c == '/' || c == '%' || c == '?' || c == '|' || c == '&' || c == '>' ||
                          cursor_.starts_with("!=");
    const bool spread = cursor_.starts_with("**");
    const bool word = !cursor_.at_string() && is_among(cursor_.read_name(), kJoining) &&
                      (cursor_.peek() == ' ' || cursor_.peek() == '(');
    cursor_.move_to(end);
    return same_line || equation || (any_line && !(spread && line_ended)) || (word && !line_ended);
}

Result<void> LooseReader::enter() {
    if (depth_ >= kMaxScanDepth) {
        return cursor_.error(
            "it is nested more than " + std::to_string(kMaxScanDepth) + " levels deep",
            cursor_.at());
    }
    depth_++;
    return {};
}

void LooseReader::note_line(std::size_t at) {
    out_.lines[pointer_] = cursor_.line_at(at);
}

// What was noted about a member that another one of the same name takes the place of.
void LooseReader::forget_member() {
    forget_below(out_.placeholders.size(), out_.repeated.size());
    const auto is_in_it = [&](const std::string& pointer) {
        return pointer == pointer_ || pointer.starts_with(pointer_ + "/");
    };
    std::erase_if(out_.placeholders, is_in_it);
    std::erase_if(out_.repeated, is_in_it);
    out_.repeated.push_back(pointer_);
}

// What was noted about the inside of a value, which is none after all.
void LooseReader::forget_below(std::size_t placeholders, std::size_t repeated) {
    out_.placeholders.resize(placeholders);
    out_.repeated.resize(repeated);
    const auto begin = out_.lines.lower_bound(pointer_ + "/");
    const auto end = out_.lines.lower_bound(pointer_ + "0");  // '0' is next to '/'
    out_.lines.erase(begin, end);
}

}  // namespace llmgw
