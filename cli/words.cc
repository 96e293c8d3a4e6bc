// SPDX-License-Identifier: Apache-2.0
#include "cli/words.h"

#include <algorithm>

#include "cli/usage_error.h"

namespace llmgw {
namespace {

constexpr char kMark = '\x01';  // starts no word that anybody types

}  // namespace

Result<void> check_spelling(const std::vector<CommandInfo>& tree,
                            const std::vector<std::string>& words) {
    std::string previous;
    for (const auto& word : words) {
        const bool is_value = takes_value(tree, previous);
        previous = is_value ? "" : word;
        if (is_value) {
            continue;
        }
        if (word == "--") {
            break;
        }
        const bool short_equals =
            word.size() > 2 && word[0] == '-' && word[1] != '-' && word[2] == '=';
        if (short_equals && takes_value(tree, word.substr(0, 2))) {
            const std::string flag = word.substr(0, 2);
            return fail(Errc::usage, "a short flag takes its value without '=': " + flag,
                        "write " + flag + " VALUE");
        }
        if (word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1) {
            return fail(Errc::usage, word + " has no value",
                        "write " + word + "VALUE, or leave the flag out");
        }
    }
    return {};
}

std::vector<std::string> with_default_verb(const std::vector<CommandInfo>& tree,
                                           std::vector<std::string> words) {
    std::size_t at = 0;
    while (at < words.size() && words[at].starts_with("-") && words[at] != "--") {
        at += takes_value(tree, words[at]) ? 2 : 1;
    }
    if (at >= words.size() || find_command(tree, {words[at], "list"}) == nullptr) {
        return words;
    }
    const std::string& noun = words[at];
    const auto rest = words.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    const bool only_flags = rest == words.end() || rest->starts_with("-");
    const bool has_verb = std::any_of(rest, words.end(), [&](const std::string& word) {
        return word == "-h" || word == "--help" || find_command(tree, {noun, word}) != nullptr;
    });
    if (only_flags && !has_verb) {
        words.insert(rest, "list");
    }
    return words;
}

std::vector<std::string> protect(const std::vector<CommandInfo>& tree,
                                 std::vector<std::string> words) {
    std::vector<std::string> out;
    std::string previous;
    bool all = false;
    for (auto& word : words) {
        const bool is_value = !all && takes_value(tree, previous);
        previous = is_value ? "" : word;
        if (!all && !is_value && word == "--") {
            all = true;
            continue;
        }
        const bool special = word == "++" || word.starts_with("[");
        if (all || (special && !is_value)) {
            word.insert(word.begin(), kMark);
        }
        out.push_back(std::move(word));
    }
    return out;
}

std::string unprotected(std::string word) {
    if (!word.empty() && word[0] == kMark) {
        word.erase(0, 1);
    }
    return word;
}

}  // namespace llmgw
