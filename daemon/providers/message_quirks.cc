// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/message_quirks.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/base/json_scan.h"

namespace llmgw {

namespace {

constexpr std::string_view kAlphanumeric =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t kShortId = 9;

// Puts a short id in the place of a member's value, where that is another.
void shorten(std::string_view body, const JsonField* field, std::vector<TextEdit>& edits) {
    const auto id = field == nullptr ? std::nullopt : json_text(field->value);
    if (!id) {
        return;
    }
    if (std::string replacement = short_tool_id(*id); replacement != *id) {
        edits.push_back(replace_part(body, field->value, json_quote(replacement)));
    }
}

void shorten_ids(std::string_view body, const std::vector<JsonField>& message,
                 std::vector<TextEdit>& edits) {
    shorten(body, find_field(message, "tool_call_id"), edits);
    const JsonField* const calls = find_field(message, "tool_calls");
    const auto list = scan_array(calls == nullptr ? std::string_view() : calls->value);
    if (!list) {
        return;
    }
    for (const std::string_view call : *list) {
        if (const auto fields = scan_object(call)) {
            shorten(body, find_field(*fields, "id"), edits);
        }
    }
}

void add_reasoning(std::string_view body, std::string_view message,
                   const std::vector<JsonField>& fields, std::vector<TextEdit>& edits) {
    const JsonField* const role = find_field(fields, "role");
    const JsonField* const reasoning = find_field(fields, "reasoning_content");
    if (role == nullptr || json_text(role->value) != "assistant") {
        return;
    }
    if (reasoning == nullptr) {
        const std::size_t behind_brace = offset_in(body, message) + 1;
        edits.push_back({behind_brace, behind_brace, "\"reasoning_content\":\"\","});
    } else if (json_kind(reasoning->value) == JsonKind::null) {
        edits.push_back(replace_part(body, reasoning->value, "\"\""));
    }
}

// Takes out the members that are null. An assistant's content may have to be.
void remove_nulls(std::string_view body, const std::vector<JsonField>& message,
                  std::vector<TextEdit>& edits) {
    bool all_removed = true;  // of the members so far
    for (std::size_t i = 0; i < message.size(); i++) {
        if (json_kind(message[i].value) == JsonKind::null && !key_is(message[i], "content")) {
            edits.push_back(remove_member(body, message, i, all_removed));
        } else {
            all_removed = false;
        }
    }
}

}  // namespace

void edit_messages(const Quirks& quirks, std::string_view body, std::string_view messages,
                   std::vector<TextEdit>& edits) {
    const bool holds_nulls =
        quirks.rejects_nulls && messages.find("null") != std::string_view::npos;
    if (!quirks.short_tool_ids && !quirks.wants_reasoning && !holds_nulls) {
        return;
    }
    const auto list = scan_array(messages);
    if (!list) {
        return;
    }
    for (const std::string_view message : *list) {
        const auto fields = scan_object(message);
        if (!fields) {
            continue;  // for the provider to refuse
        }
        if (holds_nulls) {
            remove_nulls(body, *fields, edits);
        }
        if (quirks.short_tool_ids) {
            shorten_ids(body, *fields, edits);
        }
        if (quirks.wants_reasoning) {
            add_reasoning(body, message, *fields, edits);
        }
    }
}

std::string short_tool_id(std::string_view id) {
    if (id.size() == kShortId && id.find_first_not_of(kAlphanumeric) == std::string_view::npos) {
        return std::string(id);
    }
    // FNV-1a: ids of one conversation are few, and 62^9 values are many.
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : id) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    std::string out;
    for (std::size_t i = 0; i < kShortId; i++) {
        out += kAlphanumeric[hash % kAlphanumeric.size()];
        hash /= kAlphanumeric.size();
    }
    return out;
}

}  // namespace llmgw
