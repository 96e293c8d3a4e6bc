// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/answer_quirks.h"

#include <utility>
#include <vector>

#include "common/base/json_scan.h"
#include "daemon/providers/chat_json.h"
#include "daemon/providers/json_members.h"
#include "daemon/providers/splice.h"

namespace llmgw {

namespace {

// As many as OpenAI answers at most; a wrong number must not become another one.
constexpr std::uint64_t kMaxChoices = 128;

// The texts of parts, as in {"type":"text","text":"…"}.
std::string texts_of(const JsonMembers& holder, std::string_view name) {
    std::string text;
    for (const std::string_view part : holder.elements(name)) {
        text += JsonMembers(part).text("text");
    }
    return text;
}

// The sources beside an answer as elements of `annotations`. Nobody says where in the text they
// belong, apart from the text's own "[1]".
std::string annotations_of(const JsonMembers& answer) {
    JsonWriter out;
    for (const std::string_view element : answer.elements("search_results")) {
        const JsonMembers source(element);
        if (source.has("url")) {
            write_url_citation(out, {source.text("url"), source.text("title")});
        }
    }
    if (out.text().empty()) {
        for (const std::string_view url : answer.elements("citations")) {
            write_url_citation(out, {json_text(url).value_or(""), {}});
        }
    }
    return out.take();
}

}  // namespace

// A choice's message or delta: what becomes of its members.
class AnswerMender::Message {
  public:
    Message(std::string_view json, std::string_view object, std::vector<TextEdit>& edits)
        : json_(json), object_(object), edits_(edits) {
        if (auto fields = scan_object(object)) {
            fields_ = std::move(*fields);
            valid_ = true;
        }
    }

    [[nodiscard]] bool valid() const { return valid_; }
    // The member's bytes; empty when it is absent or null.
    [[nodiscard]] std::string_view raw(std::string_view name) const {
        const JsonField* const field = find_field(fields_, name);
        const bool none = field == nullptr || json_kind(field->value) == JsonKind::null;
        return none ? std::string_view() : field->value;
    }
    void set(std::string_view name, std::string value) {
        if (const JsonField* const field = find_field(fields_, name)) {
            edits_.push_back(replace_part(json_, field->value, std::move(value)));
        } else {
            added_ += json_quote(name) + ":" + value + (fields_.empty() ? "" : ",");
        }
    }
    void add_thoughts(const std::string& thoughts) { thoughts_ += thoughts; }
    void flatten_content();
    // Ends the changes.
    void finish(bool says_reasoning);

  private:
    std::string_view json_;
    std::string_view object_;
    std::vector<TextEdit>& edits_;
    std::vector<JsonField> fields_;
    bool valid_ = false;
    std::string thoughts_;  // found in the content
    std::string added_;     // new members
};

// Takes content in parts apart into one text and the thoughts.
void AnswerMender::Message::flatten_content() {
    const auto parts = scan_array(raw("content"));
    if (!parts) {
        return;
    }
    std::string text;
    for (const std::string_view element : *parts) {
        const JsonMembers part(element);
        if (part.text("type") == "thinking") {
            thoughts_ += texts_of(part, "thinking");
        } else {
            text += part.text("text");
        }
    }
    set("content", json_quote(text));
}

void AnswerMender::Message::finish(bool says_reasoning) {
    if (raw("reasoning_content").empty()) {
        const std::string_view said = says_reasoning ? raw("reasoning") : std::string_view();
        const auto text = said.empty() ? std::nullopt : json_text(said);
        if (!thoughts_.empty()) {
            set("reasoning_content", json_quote(text.value_or("") + thoughts_));
        } else if (text) {
            set("reasoning_content", std::string(said));
        }
    }
    if (!added_.empty()) {
        const std::size_t behind_brace = offset_in(json_, object_) + 1;
        added_.erase(fields_.empty() && added_.ends_with(',') ? added_.size() - 1 : added_.size());
        edits_.push_back({behind_brace, behind_brace, std::move(added_)});
    }
}

void AnswerMender::take_thoughts_of_tags(std::uint64_t choice, bool complete, Message& message) {
    const auto content =
        message.raw("content").empty() ? std::nullopt : json_text(message.raw("content"));
    if (choice >= kMaxChoices || (!content && !complete)) {
        return;
    }
    ThinkTags& tags = tags_[choice];
    ThinkTags::Parts parts = tags.feed(content.value_or(""));
    if (complete) {
        const ThinkTags::Parts rest = tags.finish();
        parts.thoughts += rest.thoughts;
        parts.text += rest.text;
    }
    message.add_thoughts(parts.thoughts);
    if (parts.text != content.value_or("")) {
        message.set("content", json_quote(parts.text));
    }
}

// Most chunks hold nothing of the kind, and are not looked at any closer.
bool AnswerMender::is_suspicious(std::string_view json) const {
    const auto mentions = [json](std::string_view word) {
        return json.find(word) != std::string_view::npos;
    };
    return (quirks_.says_reasoning && mentions("\"reasoning\"")) ||
           (quirks_.thinks_in_content && mentions("\"type\"")) ||
           (quirks_.thinks_in_tags && (mentions("\"content\"") || mentions("\"finish_reason\""))) ||
           (quirks_.lists_sources && (mentions("\"search_results\"") || mentions("\"citations\"")));
}

std::optional<std::string> AnswerMender::mend(std::string_view json) {
    if (!is_suspicious(json)) {
        return std::nullopt;
    }
    const JsonMembers answer(json);
    std::vector<TextEdit> edits;
    for (const std::string_view element : answer.elements("choices")) {
        const JsonMembers choice(element);
        Message message(json, choice.raw(streamed_ ? "delta" : "message"), edits);
        if (!message.valid()) {
            continue;
        }
        const bool complete = !streamed_ || !choice.text("finish_reason").empty();
        if (quirks_.thinks_in_content) {
            message.flatten_content();
        }
        if (quirks_.thinks_in_tags) {
            take_thoughts_of_tags(choice.count("index").value_or(0), complete, message);
        }
        if (quirks_.lists_sources && complete && message.raw("annotations").empty()) {
            if (const std::string annotations = annotations_of(answer); !annotations.empty()) {
                message.set("annotations", "[" + annotations + "]");
            }
        }
        message.finish(quirks_.says_reasoning);
    }
    if (edits.empty()) {
        return std::nullopt;
    }
    return apply_edits(json, std::move(edits));
}

}  // namespace llmgw
