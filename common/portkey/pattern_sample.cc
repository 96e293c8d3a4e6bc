// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/pattern_sample.h"

#include <algorithm>
#include <cstdlib>

namespace llmgw {

namespace {

constexpr int kMaxRepeats = 64;
constexpr int kMaxDepth = 64;

// Reads a pattern from left to right, and takes the first alternative and the fewest repeats, but
// one where there may be none.
class PatternSampler {
  public:
    explicit PatternSampler(std::string_view pattern) : pattern_(pattern) {}

    std::string alternatives(int depth = 0) {
        std::string first = sequence(depth);
        while (!at_end() && peek() == '|') {
            at_++;
            (void)sequence(depth);
        }
        return first;
    }

  private:
    [[nodiscard]] bool at_end() const { return at_ >= pattern_.size(); }
    [[nodiscard]] char peek() const { return pattern_[at_]; }

    std::string sequence(int depth) {
        std::string text;
        while (!at_end() && peek() != '|' && peek() != ')') {
            const std::string one = atom(depth);
            for (int i = repeats(); i > 0; i--) {
                text += one;
            }
        }
        return text;
    }

    std::string atom(int depth) {
        const char c = pattern_[at_++];
        switch (c) {
            case '^':
            case '$':
                return "";
            case '.':
                return "a";
            case '[':
                return one_of();
            case '(':
                return group(depth);
            case '\\':
                return at_end() ? "" : escaped(pattern_[at_++]);
            default:
                return {c};
        }
    }

    static std::string escaped(char c) {
        switch (c) {
            case 'd':
                return "1";
            case 'w':
            case 'D':
            case 'S':
                return "a";
            case 's':
            case 'W':
                return " ";
            case 'b':
            case 'B':
                return "";
            default:
                return {c};
        }
    }

    std::string group(int depth) {
        bool looks = false;  // at what is around, which adds no text
        if (pattern_.substr(at_, 2) == "?:") {
            at_ += 2;
        } else if (pattern_.substr(at_, 1) == "?") {
            looks = pattern_.substr(at_, 2) != "?<" || pattern_.substr(at_, 3) == "?<=" ||
                    pattern_.substr(at_, 3) == "?<!";
            at_ = looks ? std::min(at_ + 2, pattern_.size())
                        : std::min(pattern_.find('>', at_), pattern_.size() - 1) + 1;
        }
        if (depth >= kMaxDepth) {
            at_ = pattern_.size();
            return "";
        }
        std::string text = alternatives(depth + 1);
        at_ += at_end() ? 0 : 1;  // ')'
        return looks ? "" : text;
    }

    std::string one_of() {
        const bool negated = !at_end() && peek() == '^';
        at_ += negated ? 1 : 0;
        std::string first;
        for (bool begin = true; !at_end() && (begin || peek() != ']'); begin = false) {
            const std::string one = atom_of_class();
            first = first.empty() ? one : first;
        }
        at_ += at_end() ? 0 : 1;  // ']'
        return negated ? "~" : first;
    }

    std::string atom_of_class() {
        const char c = pattern_[at_++];
        return c == '\\' && !at_end() ? escaped(pattern_[at_++]) : std::string(1, c);
    }

    int repeats() {
        if (at_end()) {
            return 1;
        }
        int count = 1;
        const char c = peek();
        if (c == '{') {
            const std::size_t close = pattern_.find('}', at_);
            const std::string number(pattern_.substr(at_ + 1, 4));
            count = std::clamp(std::atoi(number.c_str()), 1, kMaxRepeats);
            at_ = close == std::string_view::npos ? pattern_.size() : close + 1;
        } else if (c == '*' || c == '+' || c == '?') {
            at_++;
        } else {
            return 1;
        }
        at_ += !at_end() && peek() == '?' ? 1 : 0;  // a lazy one
        return count;
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
};

}  // namespace

std::string pattern_sample(std::string_view pattern) {
    return PatternSampler(pattern).alternatives();
}

}  // namespace llmgw
