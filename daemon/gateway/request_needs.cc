// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/request_needs.h"

#include <algorithm>
#include <cstring>

namespace llmgw {

namespace {

constexpr std::uint64_t kBytesPerToken = 4;

// The strings of a JSON text that has passed scan_object(), in order, from quote to quote. The
// bytes between two quotes are never looked at one by one, so that images of megabytes cost little.
class StringWalk {
  public:
    explicit StringWalk(std::string_view json) : at_(json.data()), end_(at_ + json.size()) {}

    // Goes on to the next string; false at the end.
    bool next() {
        const char* const open = quote_from(at_);
        if (open == end_) {
            return false;
        }
        const char* close = quote_from(open + 1);
        while (close != end_ && is_escaped(close, open)) {
            close = quote_from(close + 1);
        }
        if (close == end_) {
            return false;
        }
        text_ = {open + 1, static_cast<std::size_t>(close - open - 1)};
        at_ = close + 1;
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) {
            at_++;
        }
        is_name_ = at_ != end_ && *at_ == ':';
        return true;
    }
    // Between its quotes, escapes and all.
    [[nodiscard]] std::string_view text() const { return text_; }
    // Whether it is a member's name.
    [[nodiscard]] bool is_name() const { return is_name_; }

  private:
    [[nodiscard]] const char* quote_from(const char* from) const {
        const void* const found =
            from == end_ ? nullptr : std::memchr(from, '"', static_cast<std::size_t>(end_ - from));
        return found == nullptr ? end_ : static_cast<const char*>(found);
    }
    // Whether an odd number of backslashes stands before a quote.
    static bool is_escaped(const char* quote, const char* open) {
        const char* before = quote;
        while (before[-1] == '\\' && before - 1 > open) {
            before--;
        }
        return (quote - before) % 2 != 0;
    }

    const char* at_;
    const char* end_;
    std::string_view text_;
    bool is_name_ = false;
};

// What the parts of messages are. The strings of arguments and texts are one string each, so that
// what looks like a part inside of them is none.
void look_at_messages(std::string_view messages, RequestNeeds& needs, std::uint64_t& file_bytes) {
    StringWalk walk(messages);
    std::string_view name;
    while (walk.next()) {
        const std::string_view text = walk.text();
        if (walk.is_name()) {
            name = text;
        } else if (name == "type") {
            needs.vision = needs.vision || text == "image_url";
            needs.audio = needs.audio || text == "input_audio";
            needs.documents = needs.documents || text == "file";
        } else if (text.starts_with("data:") || name == "data" || name == "file_data") {
            file_bytes += text.size();
        }
    }
}

// Whether there are tools that the model itself has to call. Searching the web is something else.
bool has_own_tools(std::string_view tools) {
    StringWalk walk(tools);
    std::string_view name;
    while (walk.next()) {
        if (walk.is_name()) {
            name = walk.text();
        } else if (name == "type" && (walk.text() == "function" || walk.text() == "custom")) {
            return true;
        }
    }
    return false;
}

bool asks_for_schema(std::string_view format) {
    const auto fields = nested_fields(format);
    const JsonField* const type = find_field(fields, "type");
    return type != nullptr && type->value == "\"json_schema\"";
}

// `reasoning` of OpenRouter's form, `thinking` of Anthropic's: whether it is switched on.
bool switches_on_thinking(std::string_view object) {
    const auto fields = nested_fields(object);
    return !fields.empty() && std::none_of(fields.begin(), fields.end(), [](const JsonField& it) {
        return (key_is(it, "enabled") && it.value == "false") ||
               (key_is(it, "effort") && it.value == "\"none\"") ||
               (key_is(it, "type") && it.value == "\"disabled\"");
    });
}

// A name that is written with escapes is overlooked; then the provider is asked, and tells.
void look_at_field(const JsonField& field, RequestNeeds& needs, std::uint64_t& file_bytes) {
    const std::string_view name = field.key;
    if (name == "messages") {
        look_at_messages(field.value, needs, file_bytes);
    } else if (name == "tools") {
        needs.tools = needs.tools || has_own_tools(field.value);
    } else if (name == "functions") {
        needs.tools = needs.tools || field.value.find('{') != std::string_view::npos;
    } else if (name == "response_format") {
        needs.json_schema = asks_for_schema(field.value);
    } else if (name == "reasoning_effort") {
        needs.reasoning = needs.reasoning ||
                          (json_kind(field.value) == JsonKind::string && field.value != "\"none\"");
    } else if (name == "reasoning" || name == "thinking") {
        needs.reasoning = needs.reasoning || switches_on_thinking(field.value);
    } else if (name == "max_tokens" || name == "max_completion_tokens") {
        needs.output_tokens = std::max(needs.output_tokens, json_uint(field.value).value_or(0));
    }
}

}  // namespace

RequestNeeds needs_of(const InferenceCall& call) {
    RequestNeeds needs;
    needs.endpoint = call.endpoint;
    needs.streaming = call.stream;
    std::uint64_t file_bytes = 0;
    if (call.endpoint != Endpoint::embeddings) {
        for (const JsonField& field : call.fields) {
            look_at_field(field, needs, file_bytes);
        }
    }
    needs.prompt_tokens = (call.body.size() - file_bytes) / kBytesPerToken;
    return needs;
}

}  // namespace llmgw
