// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/secret_text_kind.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"

namespace llmgw {
namespace {

/// How languages name a variable of the environment: what stands before and behind it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kForms = {{
    {"process.env.", ""},
    {"process.env[\"", "\"]"},
    {"process.env['", "']"},
    {"os.environ[\"", "\"]"},
    {"os.environ['", "']"},
    {"os.environ.get(\"", "\")"},
    {"os.environ.get('", "')"},
    {"os.getenv(\"", "\")"},
    {"os.getenv('", "')"},
    {"import.meta.env.", ""},
    {"${env:", "}"},
    {"{env:", "}"},
    {"${process.env.", "}"},
    {"${{ secrets.", " }}"},
    {"env:", ""},
    {"${", "}"},
    {"$", ""},
}};

bool is_variable_name(std::string_view text) {
    const bool starts_right = !text.empty() && !(text[0] >= '0' && text[0] <= '9');
    return starts_right && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '_';
           });
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string secret_variable(std::string_view text) {
    text = trim(text);
    while (text.ends_with('!') || text.ends_with(';')) {  // TypeScript's "it is set"
        text.remove_suffix(1);
    }
    for (const auto& [before, behind] : kForms) {
        if (text.starts_with(before) && text.ends_with(behind) &&
            text.size() > before.size() + behind.size()) {
            const auto name =
                text.substr(before.size(), text.size() - before.size() - behind.size());
            if (is_variable_name(name)) {
                return std::string(name);
            }
        }
    }
    return {};
}

SecretTextKind secret_text_kind(std::string_view text) {
    text = trim(text);
    if (text.empty()) {
        return SecretTextKind::none;
    }
    if (!secret_variable(text).empty()) {
        return SecretTextKind::variable;
    }
    if (text.starts_with('{') && contains(text, "\"service_account\"")) {
        const bool whole = contains(text, "PRIVATE KEY") && !contains(text, "***");
        return whole ? SecretTextKind::secret : SecretTextKind::placeholder;
    }
    const std::string lower = to_lower(text);
    constexpr std::array<std::string_view, 7> kStarts = {"<",    "var.",     "local.", "data.",
                                                         "your", "portkey_", "${"};
    constexpr std::array<std::string_view, 11> kParts = {
        "***", "…", "...", "{{", "your_", "your-", "_key_here", "replace", "changeme", "xxxx", " "};
    const bool placeholder =
        std::any_of(kStarts.begin(), kStarts.end(),
                    [&](std::string_view each) { return lower.starts_with(each); }) ||
        std::any_of(kParts.begin(), kParts.end(),
                    [&](std::string_view each) { return contains(lower, each); });
    return placeholder ? SecretTextKind::placeholder : SecretTextKind::secret;
}

}  // namespace llmgw
