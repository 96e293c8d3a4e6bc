// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/cache/answer_form.h"
#include "daemon/http/sse.h"

namespace llmgw {

namespace {

// How a choice ends that is all that the model had to say. Any other reason, known or not, may mean
// that there was more.
constexpr std::array<std::string_view, 7> kWholeEnds = {
    "stop", "tool_calls", "function_call", "eos", "eos_token", "end_turn", "stop_sequence"};

// What makes a message worth something; thoughts alone do not.
constexpr std::array<std::string_view, 6> kContent = {"content",       "refusal", "tool_calls",
                                                      "function_call", "audio",   "images"};

bool is_empty_value(std::string_view value) {
    return value == "null" ||
           (value.size() >= 2 &&
            (value.front() == '"' || value.front() == '[' || value.front() == '{') &&
            trim(value.substr(1, value.size() - 2)).empty());
}

std::string_view value_of(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? std::string_view("null") : field->value;
}

// What is known of the choices of an answer, which of a stream come in pieces.
class ChoiceCheck {
  public:
    // A whole answer, or a chunk of one.
    bool add(std::string_view json) {
        const auto fields = scan_object(json);
        if (!fields || value_of(*fields, "error") != "null") {
            return false;
        }
        const std::string_view choices = value_of(*fields, "choices");
        const auto list = json_kind(choices) == JsonKind::array
                              ? scan_array(choices)
                              : Result<std::vector<std::string_view>>();
        for (const std::string_view choice : *list) {
            if (json_kind(choice) != JsonKind::object) {
                return false;
            }
            note(nested_fields(choice));
        }
        return true;
    }

    [[nodiscard]] bool all_whole() const {
        return !choices_.empty() &&
               std::all_of(choices_.begin(), choices_.end(), [](const auto& choice) {
                   return choice.second.ended && choice.second.has_content;
               });
    }

  private:
    struct Choice {
        bool ended = false;
        bool has_content = false;
    };

    void note(const std::vector<JsonField>& fields) {
        Choice& choice = choices_[std::string(value_of(fields, "index"))];
        const auto end = json_text(value_of(fields, "finish_reason"));
        if (end && !end->empty()) {
            choice.ended =
                std::find(kWholeEnds.begin(), kWholeEnds.end(), *end) != kWholeEnds.end();
        }
        for (const char* part : {"message", "delta"}) {
            note_content(choice, nested_fields(value_of(fields, part)));
        }
        // Of /v1/completions, which has no messages.
        choice.has_content = choice.has_content || !is_empty_value(value_of(fields, "text"));
    }

    static void note_content(Choice& choice, const std::vector<JsonField>& fields) {
        choice.has_content =
            choice.has_content ||
            std::any_of(kContent.begin(), kContent.end(), [&](std::string_view name) {
                return !is_empty_value(value_of(fields, name));
            });
    }

    std::map<std::string, Choice> choices_;
};

bool is_whole_stream(std::string_view rest) {
    ChoiceCheck check;
    std::string joined;
    bool done = false;
    while (!rest.empty()) {
        const std::size_t end = find_event_end(rest);
        if (end == std::string_view::npos) {
            return false;
        }
        const std::string_view data = event_data(rest.substr(0, end), joined);
        rest.remove_prefix(end);
        if (data.empty()) {
            continue;
        }
        if (done) {
            return false;
        }
        done = data == "[DONE]";
        if (!done && !check.add(data)) {
            return false;
        }
    }
    return done && check.all_whole();
}

}  // namespace

bool is_storable(const CachedAnswer& answer) {
    if (answer.streamed) {
        return answer.endpoint != Endpoint::embeddings && is_whole_stream(answer.bytes);
    }
    if (answer.endpoint == Endpoint::embeddings) {
        const auto fields = scan_object(answer.bytes);
        return fields && value_of(*fields, "error") == "null" &&
               json_kind(value_of(*fields, "data")) == JsonKind::array &&
               !is_empty_value(value_of(*fields, "data"));
    }
    ChoiceCheck check;
    return check.add(answer.bytes) && check.all_whole();
}

void read_identity(CachedAnswer& answer) {
    std::string joined;
    std::string_view first = answer.bytes;
    if (answer.streamed) {
        std::string_view rest = answer.bytes;
        do {
            const std::size_t end = std::min(find_event_end(rest), rest.size());
            first = event_data(rest.substr(0, end), joined);
            rest.remove_prefix(end);
        } while (first.empty() && !rest.empty());
    }
    const auto fields = scan_object(first);
    if (!fields) {
        return;
    }
    answer.id = json_text(value_of(*fields, "id")).value_or("");
    answer.model = json_text(value_of(*fields, "model")).value_or("");
    answer.created = static_cast<std::int64_t>(
        std::min<std::uint64_t>(json_uint(value_of(*fields, "created")).value_or(0), INT64_MAX));
}

}  // namespace llmgw
