// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/estimate.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "common/base/json_scan.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::uint64_t kCharactersPerToken = 4;

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

// Whether the escape that begins with these bytes, behind its backslash, is the second half of a
// character outside the basic plane: "uDC00" to "uDFFF".
bool is_low_surrogate(const char* escape, const char* end) {
    if (end - escape < 3 || (escape[1] | 0x20) != 'd') {
        return false;
    }
    const int digit = escape[2] | 0x20;
    return digit >= 'c' && digit <= 'f';
}

// The characters of the JSON string whose opening quote is at `at`, which moves to the closing one.
std::uint64_t string_characters(std::string_view json, std::size_t& at) {
    const char* const begin = json.data();
    const char* const end = begin + json.size();
    const char* byte = begin + at + 1;
    std::uint64_t count = 0;
    for (; byte < end && *byte != '"'; byte++) {
        if (*byte != '\\') {
            count += is_continuation(*byte) ? 0 : 1;
            continue;
        }
        byte++;
        if (byte < end && *byte == 'u') {
            count += is_low_surrogate(byte, end) ? 0 : 1;
            byte += std::min<std::ptrdiff_t>(4, end - byte - 1);
        } else {
            count++;
        }
    }
    at = static_cast<std::size_t>(std::min(byte, end) - begin);
    return count;
}

// Whether the text ends with the name of a member that the model wrote, closing quote included.
bool ends_with_said(std::string_view text) {
    switch (text.size() < 6 ? '\0' : text[text.size() - 2]) {
        case 't':
            return text.ends_with("\"content\"") || text.ends_with("\"text\"") ||
                   text.ends_with("\"reasoning_content\"") || text.ends_with("\"input\"");
        case 's':
            return text.ends_with("\"arguments\"");
        case 'e':
            return text.ends_with("\"name\"");
        case 'g':
            return text.ends_with("\"reasoning\"");
        case 'l':
            return text.ends_with("\"refusal\"");
        default:
            return false;
    }
}

// Adds up what a request gives the model to read.
class Prompt {
  public:
    void messages(std::string_view array) {
        for_each(array, [this](std::string_view message) { this->message(message); });
    }

    // A `prompt` or an `input`: a text, tokens, or a list of those.
    void input(std::string_view value) {
        text(value);
        for_each(value, [this](std::string_view element) {
            tokens_ += json_kind(element) == JsonKind::number ? 1 : 0;
            text(element);
            for_each(element, [this](std::string_view token) {
                tokens_ += json_kind(token) == JsonKind::number ? 1 : 0;
            });
        });
    }

    // What the model is given as JSON, such as tools.
    void json(std::string_view value) {
        characters_ += static_cast<std::uint64_t>(
            std::count_if(value.begin(), value.end(), [](char c) { return !is_continuation(c); }));
    }

    [[nodiscard]] std::uint64_t tokens() const {
        return tokens_ + (characters_ + kCharactersPerToken - 1) / kCharactersPerToken;
    }

  private:
    template <typename Each>
    static void for_each(std::string_view array, Each each) {
        if (json_kind(array) != JsonKind::array) {
            return;
        }
        if (const auto elements = scan_array(array)) {
            std::for_each(elements->begin(), elements->end(), each);
        }
    }

    template <typename Each>
    static void for_each_member(std::string_view object, Each each) {
        if (json_kind(object) != JsonKind::object) {
            return;
        }
        if (const auto fields = scan_object(object)) {
            std::for_each(fields->begin(), fields->end(), each);
        }
    }

    void text(std::string_view value) {
        std::size_t at = 0;
        if (json_kind(value) == JsonKind::string) {
            characters_ += string_characters(value, at);
        }
    }

    void message(std::string_view object) {
        for_each_member(object, [this](const JsonField& field) {
            if (key_is(field, "content")) {
                text(field.value);
                for_each(field.value, [this](std::string_view part) { content_part(part); });
            } else if (key_is(field, "reasoning_content")) {
                text(field.value);
            } else if (key_is(field, "tool_calls")) {
                characters_ += completion_characters(field.value);
            }
        });
    }

    void content_part(std::string_view object) {
        for_each_member(object, [this](const JsonField& field) {
            if (key_is(field, "text") || key_is(field, "refusal")) {
                text(field.value);
            }
        });
    }

    std::uint64_t characters_ = 0;
    std::uint64_t tokens_ = 0;
};

}  // namespace

std::uint64_t completion_characters(std::string_view json) {
    std::uint64_t count = 0;
    for (std::size_t at = json.find(':'); at != std::string_view::npos; at = json.find(':', at)) {
        const std::size_t colon = at++;
        while (at < json.size() && (json[at] == ' ' || json[at] == '\t')) {
            at++;
        }
        if (at < json.size() && json[at] == '"' && ends_with_said(json.substr(0, colon))) {
            count += string_characters(json, at);
        }
    }
    return count;
}

Usage estimate_usage(const InferenceCall& call, std::uint64_t completion_characters,
                     const Mapping* mapping) {
    Prompt prompt;
    for (const JsonField& field : call.fields) {
        if (call.endpoint != Endpoint::chat_completions) {
            const std::string_view name =
                call.endpoint == Endpoint::completions ? "prompt" : "input";
            if (key_is(field, name)) {
                prompt.input(field.value);
            }
        } else if (key_is(field, "messages")) {
            prompt.messages(field.value);
        } else if (key_is(field, "tools") && json_kind(field.value) == JsonKind::array) {
            prompt.json(field.value);
        }
    }
    Usage usage;
    usage.estimated = true;
    usage.input = prompt.tokens();
    if (call.endpoint != Endpoint::embeddings) {
        usage.output = completion_characters / kCharactersPerToken +
                       (completion_characters % kCharactersPerToken > 0 ? 1 : 0);
        if (mapping != nullptr && mapping->max_output > 0) {
            usage.output = std::min(usage.output, mapping->max_output);
        }
    }
    return usage;
}

std::optional<Usage> estimate_answer(const InferenceCall& call,
                                     const std::vector<JsonField>& answer, const Mapping* mapping) {
    const bool chat = call.endpoint != Endpoint::embeddings;
    const JsonField* const list = find_field(answer, chat ? "choices" : "data");
    if (list == nullptr || json_kind(list->value) != JsonKind::array ||
        trim(list->value.substr(1)).starts_with(']')) {
        return std::nullopt;
    }
    return estimate_usage(call, chat ? completion_characters(list->value) : 0, mapping);
}

std::string estimated_usage_members(Endpoint endpoint, const Usage& usage) {
    std::string text = "\"prompt_tokens\":" + std::to_string(usage.prompt());
    if (endpoint != Endpoint::embeddings) {
        text += ",\"completion_tokens\":" + std::to_string(usage.completion());
    }
    text += ",\"total_tokens\":" + std::to_string(usage.prompt() + usage.completion());
    text += ",\"estimated\":true";
    return text;
}

}  // namespace llmgw
