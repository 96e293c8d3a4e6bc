// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/source_secret.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "common/base/text.h"

namespace llmgw {

namespace {

bool is_key_byte(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' ||
           c == '+' || c == '/' || c == '=' || c == '~';
}

bool is_word_byte(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

// How keys of providers, of Portkey and of clouds begin, and how long they are at least.
constexpr std::array<std::pair<std::string_view, std::size_t>, 14> kKinds = {{
    {"sk-", 16},
    {"sk_", 16},
    {"pk-", 12},
    {"gsk_", 16},
    {"xai-", 16},
    {"AIza", 30},
    {"AKIA", 16},
    {"ASIA", 16},
    {"hf_", 16},
    {"r8_", 16},
    {"pplx-", 16},
    {"nvapi-", 16},
    {"ghp_", 20},
    {"llmgw_", 16},
}};

constexpr std::array<std::string_view, 14> kSecretNames = {
    "api_key", "api-key",       "apikey",  "secret", "token",    "password", "authorization",
    "_key",    "access_key_id", "_secret", "passwd", "-api-key", "keyid",    "credentials"};

bool names_secret(std::string_view name) {
    const std::string lower = to_lower(name);
    if (lower.ends_with("virtual_key") || lower.ends_with("virtual-key") ||
        lower.ends_with("virtualkey") || lower.ends_with("env_key") ||
        lower.ends_with("max_tokens")) {
        return false;
    }
    return std::any_of(kSecretNames.begin(), kSecretNames.end(),
                       [&](std::string_view known) { return lower.ends_with(known); });
}

using ByteRange = std::pair<std::size_t, std::size_t>;

// Keys that can be told by how they begin.
void find_known_keys(std::string_view line, std::vector<ByteRange>& found) {
    for (const auto& [prefix, least] : kKinds) {
        for (std::size_t at = line.find(prefix); at != std::string_view::npos;
             at = line.find(prefix, at + 1)) {
            std::size_t end = at;
            while (end < line.size() && is_key_byte(line[end])) {
                end++;
            }
            const bool begins = at == 0 || !is_word_byte(line[at - 1]);
            if (begins && end - at >= least && !is_placeholder(line.substr(at, end - at))) {
                found.emplace_back(at, end);
            }
        }
    }
}

// The value behind `name=`, `name: "…"`, `"name": "Bearer …"`: where it begins.
std::size_t value_begin(std::string_view line, std::size_t at) {
    constexpr std::string_view kQuotes = "\"'`";
    const auto skip = [&](std::string_view bytes) {
        while (at < line.size() && bytes.find(line[at]) != std::string_view::npos) {
            at++;
        }
    };
    skip("\\\"'`] ");
    if (at >= line.size() || (line[at] != '=' && line[at] != ':')) {
        return std::string_view::npos;
    }
    at++;
    skip(" \t");
    const bool quoted = at < line.size() && (kQuotes.find(line[at]) != std::string_view::npos ||
                                             line.substr(at).starts_with("\\\""));
    skip("\\\"'`");
    for (const std::string_view scheme : {"Bearer ", "bearer ", "Basic "}) {
        if (line.substr(at).starts_with(scheme)) {
            return at + scheme.size();
        }
    }
    // `api_key=key` of Python names a variable; a file of settings has `KEY=value` without quotes.
    return quoted || at == 0 || (line[at - 1] == '=' || line[at - 1] == ' ') ? at
                                                                             : std::string::npos;
}

// A name or a call is no secret: settings.key, getenv("KEY").
bool is_expression(std::string_view line, std::size_t begin, std::size_t end) {
    const std::string_view value = line.substr(begin, end - begin);
    const bool quoted = begin > 0 &&
                        std::string_view("\"'` ").find(line[begin - 1]) != std::string_view::npos &&
                        line[begin - 1] != ' ';
    if (quoted) {
        return false;
    }
    // What code goes on with: a call, the next argument.
    const bool called =
        end < line.size() && std::string_view("([,)").find(line[end]) != std::string_view::npos;
    const bool has_digit = std::any_of(value.begin(), value.end(),
                                       [](unsigned char c) { return std::isdigit(c) != 0; });
    return called || !has_digit;
}

void find_named_values(std::string_view line, std::vector<ByteRange>& found) {
    std::size_t at = 0;
    while (at < line.size()) {
        if (!is_word_byte(line[at])) {
            at++;
            continue;
        }
        std::size_t end = at;
        while (end < line.size() && is_word_byte(line[end])) {
            end++;
        }
        if (names_secret(line.substr(at, end - at))) {
            const std::size_t begin = value_begin(line, end);
            std::size_t stop = begin;
            while (begin != std::string_view::npos && stop < line.size() &&
                   is_key_byte(line[stop])) {
                stop++;
            }
            if (begin != std::string_view::npos && stop > begin &&
                !is_placeholder(line.substr(begin, stop - begin)) &&
                !is_expression(line, begin, stop)) {
                found.emplace_back(begin, stop);
            }
        }
        at = end;
    }
}

std::vector<ByteRange> secrets_in(std::string_view line) {
    std::vector<ByteRange> found;
    find_known_keys(line, found);
    find_named_values(line, found);
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace

bool is_placeholder(std::string_view value) {
    constexpr std::array<std::string_view, 12> kWords = {
        "your",      "example", "xxx",         "dummy",      "placeholder", "changeme",
        "change-me", "...",     "process.env", "os.environ", "insert",      "replace"};
    if (value.size() < 8 || value.find_first_of("$<{%") != std::string_view::npos) {
        return true;
    }
    const std::string lower = to_lower(value);
    if (std::any_of(kWords.begin(), kWords.end(),
                    [&](std::string_view word) { return lower.find(word) != std::string::npos; })) {
        return true;
    }
    // PORTKEY_API_KEY: the name of a variable; portkey-api-key: words alone.
    const bool upper = std::all_of(value.begin(), value.end(), [](unsigned char c) {
        return std::isupper(c) != 0 || c == '_';
    });
    return upper || lower.ends_with("api-key") || lower.ends_with("api_key");
}

bool shows_secret(std::string_view line) {
    return !secrets_in(line).empty();
}

std::string without_secrets(std::string_view line) {
    std::string shown;
    std::size_t at = 0;
    for (const auto& [begin, end] : secrets_in(line)) {
        if (begin < at) {
            continue;
        }
        shown += line.substr(at, begin - at);
        shown += "…";
        at = end;
    }
    shown += line.substr(at);
    return shown;
}

}  // namespace llmgw
