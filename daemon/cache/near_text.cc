// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/near_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

// Words that mean the same with a capital letter. Not "may", "will", "mark", "polish", "turkey"…:
// with one these are something else. Sorted.
constexpr auto kCommonWords = std::to_array<std::string_view>(
    {"about",   "above",    "after",    "again",     "all",        "also",      "am",
     "an",      "and",      "another",  "answer",    "any",        "are",       "as",
     "ask",     "at",       "be",       "because",   "been",       "before",    "being",
     "below",   "between",  "both",     "but",       "by",         "calculate", "came",
     "can",     "cannot",   "come",     "compare",   "convert",    "correct",   "could",
     "create",  "define",   "describe", "did",       "difference", "do",        "does",
     "doing",   "done",     "down",     "during",    "each",       "either",    "every",
     "example", "explain",  "few",      "find",      "first",      "following", "for",
     "from",    "generate", "get",      "getting",   "give",       "given",     "had",
     "has",     "have",     "having",   "he",        "her",        "here",      "him",
     "his",     "how",      "if",       "implement", "improve",    "in",        "into",
     "is",      "it",       "its",      "least",     "less",       "let",       "list",
     "made",    "make",     "many",     "me",        "might",      "more",      "most",
     "much",    "must",     "my",       "neither",   "never",      "no",        "none",
     "nor",     "not",      "of",       "off",       "on",         "one",       "only",
     "or",      "other",    "our",      "out",       "over",       "please",    "provide",
     "same",    "shall",    "she",      "should",    "show",       "since",     "so",
     "solve",   "some",     "such",     "suggest",   "summarize",  "tell",      "than",
     "that",    "the",      "their",    "them",      "then",       "there",     "these",
     "they",    "this",     "those",    "through",   "to",         "translate", "under",
     "until",   "up",       "use",      "using",     "very",       "was",       "we",
     "were",    "what",     "when",     "where",     "whether",    "which",     "while",
     "who",     "whom",     "whose",    "why",       "with",       "within",    "without",
     "work",    "works",    "would",    "write",     "you"});
static_assert(std::is_sorted(kCommonWords.begin(), kCommonWords.end()));

constexpr auto kQuestionWords = std::to_array<std::string_view>(
    {"how", "what", "when", "where", "which", "who", "whom", "whose", "why"});
// A text that begins with one of the former and one of these asks, with or without a mark.
constexpr auto kAuxiliaries = std::to_array<std::string_view>(
    {"are", "can", "could", "did", "do", "does", "has", "have", "is", "many", "much", "must",
     "shall", "should", "to", "was", "were", "will", "would"});
constexpr auto kBeforeSpeaker = std::to_array<std::string_view>(
    {"am", "can", "could", "did", "do", "have", "if", "may", "must", "should", "when", "would"});
constexpr auto kCopulas = std::to_array<std::string_view>({"is", "are", "was", "were"});
// What can stand at either end of a question.
constexpr auto kFronted =
    std::to_array<std::string_view>({"at", "during", "for", "in", "on", "using"});
// With one of these in the question, a phrase at its end may belong to a part of it only.
constexpr auto kJoints = std::to_array<std::string_view>(
    {",",    "after", "and",     "because", "before", "but",  "how",   "if",
     "or",   "said",  "say",     "says",    "than",   "that", "think", "what",
     "when", "where", "whether", "which",   "while",  "who",  "whom",  "why"});

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::size_t kLongestPhrase = 5;

// White space beyond ASCII's that people paste: no-break and typographic spaces.
constexpr auto kSpaces =
    std::to_array<std::string_view>({"\u00a0", "\u2002", "\u2003", "\u2009", "\u202f"});

struct Quotes {
    std::string_view open, close;
};
constexpr std::array<Quotes, 6> kQuotes = {{{"\"", "\""},
                                            {"`", "`"},
                                            {"\u201c", "\u201d"},
                                            {"\u201e", "\u201c"},
                                            {"\u00ab", "\u00bb"},
                                            {"\u2018", "\u2019"}}};

std::string with_plain_spaces(std::string_view text) {
    std::string out(trim(text));
    for (const std::string_view space : kSpaces) {
        for (auto at = out.find(space); at != std::string::npos; at = out.find(space, at)) {
            out.replace(at, space.size(), " ");
        }
    }
    return std::string(trim(out));
}

// Lines that are more than text that was wrapped: code, lists, tables, verses of a structure.
bool has_structure(std::string_view text) {
    if (text.find_first_of("\t\v\f") != std::string_view::npos ||
        text.find("```") != std::string_view::npos || text.find("\n\n") != std::string_view::npos) {
        return true;
    }
    const std::size_t line_end = text.find('\n');
    if (line_end == std::string_view::npos) {
        return false;
    }
    if (text.find_first_of("{}[]()=<>|;:#*`\\/") != std::string_view::npos) {
        return true;
    }
    for (std::size_t at = line_end; at != std::string_view::npos; at = text.find('\n', at + 1)) {
        const char next = at + 1 < text.size() ? text[at + 1] : '\0';
        if (next == ' ' || next == '-' || next == '+' || (next >= '0' && next <= '9')) {
            return true;
        }
    }
    return false;
}

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r';
}

bool is_letters(std::string_view word) {
    return std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'';
    });
}

// A common word in small letters, "What's" as "what's"; any other word as it is. In capitals they
// are names: IT, WHO, OR.
std::string folded_word(std::string_view word) {
    const bool capitals = word.size() > 1 && std::none_of(word.begin(), word.end(), [](char c) {
                              return c >= 'a' && c <= 'z';
                          });
    if (!is_letters(word) || capitals) {
        return std::string(word);
    }
    const std::string lower = to_lower(word);
    const std::string_view stem = std::string_view(lower).substr(0, lower.find('\''));
    const bool common = std::binary_search(kCommonWords.begin(), kCommonWords.end(), stem);
    return common ? lower : std::string(word);
}

class Tokens {
  public:
    // False for a text that is better not looked into: with a quote that does not end.
    bool read(std::string_view text) {
        while (!text.empty()) {
            if (is_space(text.front())) {
                text.remove_prefix(1);
                continue;
            }
            const std::size_t quoted = quotation(text);
            if (quoted == std::string_view::npos) {
                return false;
            }
            if (quoted > 0) {
                tokens.emplace_back(text.substr(0, quoted));
                text.remove_prefix(quoted);
                continue;
            }
            std::size_t size = 1;
            while (size < text.size() && !is_space(text[size]) &&
                   quotation(text.substr(size)) == 0) {
                size++;
            }
            word(text.substr(0, size));
            text.remove_prefix(size);
        }
        return true;
    }

    std::vector<std::string> tokens;

  private:
    // How long the quoted text is that begins here; 0: none does; npos: it does not end.
    std::size_t quotation(std::string_view text) const {
        for (const Quotes& quotes : kQuotes) {
            if (text.starts_with(quotes.open)) {
                const std::size_t end = text.find(quotes.close, quotes.open.size());
                return end == std::string_view::npos ? end : end + quotes.close.size();
            }
        }
        return 0;
    }

    // How much of a word's end says that a sentence ends, and whether it asks. An exclamation mark
    // alone may be part of the word: 5!, println!.
    static std::size_t sentence_end(std::string_view raw, bool& asks) {
        constexpr std::string_view kEllipsis = "\u2026";
        std::string_view rest = raw;
        bool exclaims = false;
        while (!rest.empty()) {
            const bool dots = rest.ends_with(kEllipsis);
            if (!dots && rest.back() != '.' && rest.back() != '!' && rest.back() != '?') {
                break;
            }
            asks = asks || rest.back() == '?';
            exclaims = exclaims || rest.back() == '!';
            rest.remove_suffix(dots ? kEllipsis.size() : 1);
        }
        return exclaims && !asks ? 0 : raw.size() - rest.size();
    }

    // A word with what is behind it. Of what ends a sentence only the kind counts.
    void word(std::string_view raw) {
        bool asks = false;
        const std::size_t end = sentence_end(raw, asks);
        const bool ends = end > 0;
        raw.remove_suffix(end);
        const bool pauses =
            !raw.empty() && (raw.back() == ',' || raw.back() == ';' || raw.back() == ':');
        const std::string pause = pauses ? std::string(1, raw.back()) : std::string();
        raw.remove_suffix(pause.size());
        if (!raw.empty()) {
            std::string plain(raw);
            for (auto at = plain.find("\u2019"); at != std::string::npos;
                 at = plain.find("\u2019", at)) {
                plain.replace(at, 3, "'");
            }
            tokens.push_back(folded_word(plain));
        }
        if (pauses) {
            tokens.push_back(pause);
        }
        if (ends) {
            const bool again = !tokens.empty() && (tokens.back() == "." || tokens.back() == "?");
            asks = asks || (again && tokens.back() == "?");
            if (again) {
                tokens.pop_back();
            }
            tokens.emplace_back(asks ? "?" : ".");
        }
    }
};

bool has_joint(const std::vector<std::string>& tokens, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; i++) {
        if (is_one_of(kJoints, tokens[i]) || tokens[i] == ";" || tokens[i] == ":") {
            return true;
        }
    }
    return false;
}

// "in Python, how do I sort" and "how do I sort in Python".
void move_fronted_phrase(std::vector<std::string>& tokens) {
    if (tokens.size() < 4 || !is_one_of(kFronted, tokens[0])) {
        return;
    }
    std::size_t phrase = 1;
    while (phrase < tokens.size() && tokens[phrase] != "," &&
           !is_one_of(kQuestionWords, tokens[phrase])) {
        phrase++;
    }
    const std::size_t question = phrase + (phrase < tokens.size() && tokens[phrase] == "," ? 1 : 0);
    if (phrase < 2 || phrase > kLongestPhrase || question + 2 > tokens.size() ||
        !is_one_of(kQuestionWords, tokens[question]) || has_joint(tokens, 1, phrase) ||
        has_joint(tokens, question + 1, tokens.size())) {
        return;
    }
    std::vector<std::string> moved(tokens.begin() + static_cast<std::ptrdiff_t>(question),
                                   tokens.end());
    moved.insert(moved.end(), tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(phrase));
    tokens = std::move(moved);
}

// "the capital of France is what" and "what is the capital of France".
void move_question_word(std::vector<std::string>& tokens) {
    const std::size_t size = tokens.size();
    if (size < 3 || !is_one_of(kCopulas, tokens[size - 2]) ||
        (tokens[size - 1] != "what" && tokens[size - 1] != "who" && tokens[size - 1] != "where") ||
        has_joint(tokens, 0, size - 2)) {
        return;
    }
    std::rotate(tokens.begin(), tokens.end() - 2, tokens.end());
    std::swap(tokens[0], tokens[1]);
}

// Whether a text of one sentence asks, as far as its own words tell.
bool asks_by_itself(const std::vector<std::string>& tokens) {
    if (tokens.size() < 3) {
        return false;
    }
    const std::string_view first = tokens[0];
    const bool contracted =
        first.ends_with("'s") && is_one_of(kQuestionWords, first.substr(0, first.size() - 2));
    return contracted || (is_one_of(kQuestionWords, first) && is_one_of(kAuxiliaries, tokens[1]));
}

// "do I", but not the I of "what is I".
void fold_speaker(std::vector<std::string>& tokens) {
    for (std::size_t i = 1; i < tokens.size(); i++) {
        if (tokens[i] == "I" && is_one_of(kBeforeSpeaker, tokens[i - 1])) {
            tokens[i] = "i";
        }
    }
}

// Between the parts of a meaning: no byte of UTF-8.
constexpr char kBreak = '\xff';

}  // namespace

NearText near_text(std::string_view text) {
    NearText near;
    const std::string plain = with_plain_spaces(text);
    Tokens read;
    if (has_structure(plain) || !read.read(plain)) {
        near.meaning = "as it is";
        near.meaning += kBreak;
        near.meaning += plain;
        near.words = {plain};
        return near;
    }
    std::vector<std::string>& tokens = read.tokens;
    bool asks = !tokens.empty() && tokens.back() == "?";
    if (!tokens.empty() && (tokens.back() == "?" || tokens.back() == ".")) {
        tokens.pop_back();
    }
    fold_speaker(tokens);
    for (const std::string& token : tokens) {
        if (token != "," && token != ".") {
            near.words.push_back(token);
        }
    }
    const bool one_sentence =
        std::none_of(tokens.begin(), tokens.end(),
                     [](const std::string& token) { return token == "." || token == "?"; });
    if (one_sentence) {
        if (asks) {
            move_question_word(tokens);
        }
        move_fronted_phrase(tokens);
        asks = asks || asks_by_itself(tokens);
    }
    near.meaning = asks ? "asks" : "says";
    for (const std::string& token : tokens) {
        near.meaning += kBreak;
        near.meaning += token;
    }
    return near;
}

}  // namespace llmgw
