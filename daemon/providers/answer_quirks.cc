// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/answer_quirks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"
#include "daemon/providers/json_members.h"
#include "daemon/providers/splice.h"

namespace llmgw {

namespace {

constexpr std::string_view kReasoningContent = "\"reasoning_content\":";

// Repeats the thoughts under the name that more clients know.
void repeat_reasoning(std::string_view json, const std::vector<JsonField>& message,
                      std::vector<TextEdit>& edits) {
    const JsonField* const reasoning = find_field(message, "reasoning");
    if (reasoning == nullptr || json_kind(reasoning->value) != JsonKind::string ||
        find_field(message, "reasoning_content") != nullptr) {
        return;
    }
    const std::size_t quote = offset_in(json, reasoning->key) - 1;
    edits.push_back(
        {quote, quote, std::string(kReasoningContent) + std::string(reasoning->value) + ","});
}

// The texts of parts, as in {"type":"text","text":"…"}.
std::string texts_of(const JsonMembers& holder, std::string_view name) {
    std::string text;
    for (const std::string_view part : holder.elements(name)) {
        text += JsonMembers(part).text("text");
    }
    return text;
}

// Takes content in parts apart into one text and the thoughts.
void flatten_content(std::string_view json, const std::vector<JsonField>& message,
                     std::vector<TextEdit>& edits) {
    const JsonField* const content = find_field(message, "content");
    if (content == nullptr) {
        return;
    }
    const auto parts = scan_array(content->value);
    if (!parts) {
        return;
    }
    std::string text;
    std::string thoughts;
    for (const std::string_view element : *parts) {
        const JsonMembers part(element);
        if (part.text("type") == "thinking") {
            thoughts += texts_of(part, "thinking");
        } else {
            text += part.text("text");
        }
    }
    std::string value = json_quote(text);
    if (!thoughts.empty() && find_field(message, "reasoning_content") == nullptr) {
        value += "," + std::string(kReasoningContent) + json_quote(thoughts);
    }
    edits.push_back(replace_part(json, content->value, std::move(value)));
}

void mend_choice(const Quirks& quirks, std::string_view json, std::string_view choice,
                 std::vector<TextEdit>& edits) {
    const JsonMembers members(choice);
    for (const char* name : {"message", "delta"}) {
        const auto message = scan_object(members.raw(name));
        if (!message) {
            continue;
        }
        if (quirks.says_reasoning) {
            repeat_reasoning(json, *message, edits);
        }
        if (quirks.thinks_in_content) {
            flatten_content(json, *message, edits);
        }
    }
}

}  // namespace

std::optional<std::string> mend_answer(const Quirks& quirks, std::string_view json) {
    // Most chunks hold nothing of the kind, and are not looked at any closer.
    const auto mentions = [json](std::string_view word) {
        return json.find(word) != std::string_view::npos;
    };
    const bool suspicious = (quirks.says_reasoning && mentions("\"reasoning\"")) ||
                            (quirks.thinks_in_content && mentions("\"type\""));
    if (!suspicious) {
        return std::nullopt;
    }
    std::vector<TextEdit> edits;
    for (const std::string_view choice : JsonMembers(json).elements("choices")) {
        mend_choice(quirks, json, choice, edits);
    }
    if (edits.empty()) {
        return std::nullopt;
    }
    std::sort(edits.begin(), edits.end(),
              [](const TextEdit& a, const TextEdit& b) { return a.begin < b.begin; });
    std::string out;
    std::size_t at = 0;
    for (const TextEdit& edit : edits) {
        out += json.substr(at, edit.begin - at);
        out += edit.text;
        at = edit.end;
    }
    out += json.substr(at);
    return out;
}

}  // namespace llmgw
