// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "common/base/json_writer.h"
#include "common/base/text.h"
#include "daemon/providers/anthropic.h"
#include "daemon/providers/chat_json.h"
#include "daemon/providers/event_buffer.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxEvent = 16 * 1024 * 1024;

using AnthropicFields = std::vector<JsonField>;

std::string text_of(const AnthropicFields& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? std::string() : json_text(field->value).value_or("");
}

AnthropicFields object_of(const AnthropicFields& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    if (field == nullptr || json_kind(field->value) != JsonKind::object) {
        return {};
    }
    return scan_object(field->value).value_or(AnthropicFields());
}

// Keeps what was known when a count is absent or null: neither means none.
void update(const AnthropicFields& fields, std::string_view name, std::uint64_t& count) {
    if (const JsonField* const field = find_field(fields, name)) {
        count = json_uint(field->value).value_or(count);
    }
}

// OpenAI's word for how an answer ended. Reasons to come are an end like any other.
std::string_view finish_reason(std::string_view stop_reason, bool has_calls) {
    if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") {
        return "length";
    }
    if (stop_reason == "refusal") {
        return "content_filter";
    }
    return stop_reason == "tool_use" && has_calls ? "tool_calls" : "stop";
}

struct AnthropicErrorStatus {
    std::string_view type;
    int status;
};
constexpr AnthropicErrorStatus kErrorStatuses[] = {
    {"invalid_request_error", 400}, {"authentication_error", 401},
    {"billing_error", 402},         {"permission_error", 403},
    {"not_found_error", 404},       {"request_too_large", 413},
    {"rate_limit_error", 429},      {"api_error", 500},
    {"timeout_error", 504},         {"overloaded_error", 529},
};

int status_of(std::string_view type) {
    for (const AnthropicErrorStatus& known : kErrorStatuses) {
        if (known.type == type) {
            return known.status;
        }
    }
    return 500;
}

// The steps of one answer, from the events of a stream or from the blocks of a document.
class AnthropicAnswer {
  public:
    explicit AnthropicAnswer(std::string_view answer_tool) : answer_tool_(answer_tool) {}

    void event(const AnthropicFields& fields, std::vector<ChatEvent>& out) {
        const std::string type = text_of(fields, "type");
        if (type == "message_start") {
            begin(object_of(fields, "message"), out);
        } else if (type == "content_block_start") {
            begin_block(index_of(fields), object_of(fields, "content_block"), out);
        } else if (type == "content_block_delta") {
            delta(index_of(fields), object_of(fields, "delta"), out);
        } else if (type == "content_block_stop") {
            end_block(index_of(fields), out);
        } else if (type == "message_delta") {
            note_stop(object_of(fields, "delta"));
            count(object_of(fields, "usage"), out);
        } else if (type == "message_stop") {
            finish(out);
        } else if (type == "error") {
            fail(object_of(fields, "error"), out);
        }
        // Others are `ping` and kinds to come, which the documentation wants ignored.
    }

    void document(const AnthropicFields& fields, std::vector<ChatEvent>& out) {
        if (text_of(fields, "type") == "error") {
            fail(object_of(fields, "error"), out);
            return;
        }
        const JsonField* const content = find_field(fields, "content");
        if (content == nullptr || json_kind(content->value) != JsonKind::array) {
            return;
        }
        begin(fields, out);
        const auto blocks = scan_array(content->value);
        for (std::size_t i = 0; blocks && i < blocks->size(); i++) {
            begin_block(i, scan_object((*blocks)[i]).value_or(AnthropicFields()), out);
            end_block(i, out);
        }
        note_stop(fields);
        finish(out);
    }

    [[nodiscard]] bool ended() const { return ended_; }

  private:
    struct Block {
        enum class Kind { other, text, thinking, call, answer };
        Kind kind = Kind::other;
        unsigned tool = 0;
        std::string input;  // of a call: as it was at its start
        bool has_arguments = false;
        ReasoningDetail detail;
        std::uint64_t begin = 0;             // where its text begins in the content, in characters
        std::vector<std::string> citations;  // JSON objects
    };

    static std::uint64_t index_of(const AnthropicFields& fields) {
        std::uint64_t index = 0;
        update(fields, "index", index);
        return index;
    }

    static ChatEvent& add(std::vector<ChatEvent>& out, ChatEvent::Kind kind,
                          std::string text = {}) {
        ChatEvent& event = out.emplace_back();
        event.kind = kind;
        event.text = std::move(text);
        return event;
    }

    void begin(const AnthropicFields& message, std::vector<ChatEvent>& out) {
        add(out, ChatEvent::Kind::begin, text_of(message, "id")).name = text_of(message, "model");
        count(object_of(message, "usage"), out);
    }

    void begin_block(std::uint64_t index, const AnthropicFields& in, std::vector<ChatEvent>& out) {
        Block& block = blocks_[index] = Block();
        const std::string type = text_of(in, "type");
        if (type == "text") {
            block.kind = Block::Kind::text;
            block.begin = characters_;
            say(text_of(in, "text"), out);
            const JsonField* const field = find_field(in, "citations");
            const auto list = scan_array(field == nullptr ? "[]" : field->value);
            for (std::size_t i = 0; list && i < list->size(); i++) {
                block.citations.emplace_back((*list)[i]);
            }
        } else if (type == "thinking" || type == "redacted_thinking") {
            block.kind = Block::Kind::thinking;
            block.detail.format = "anthropic-claude-v1";
            if (type == "redacted_thinking") {
                block.detail.kind = ReasoningDetail::Kind::encrypted;
                block.detail.data = text_of(in, "data");
            } else {
                block.detail.signature = text_of(in, "signature");
                think(block, text_of(in, "thinking"), out);
            }
        } else if (type == "tool_use") {
            begin_call(block, in, out);
        }
    }

    void begin_call(Block& block, const AnthropicFields& in, std::vector<ChatEvent>& out) {
        const JsonField* const input = find_field(in, "input");
        block.input = input == nullptr ? "" : std::string(input->value);
        std::string name = text_of(in, "name");
        if (!answer_tool_.empty() && name == answer_tool_) {
            block.kind = Block::Kind::answer;
            return;
        }
        block.kind = Block::Kind::call;
        block.tool = calls_++;
        ChatEvent& call = add(out, ChatEvent::Kind::tool_call);
        call.tool = block.tool;
        call.id = text_of(in, "id");
        call.name = std::move(name);
    }

    void delta(std::uint64_t index, const AnthropicFields& in, std::vector<ChatEvent>& out) {
        const auto found = blocks_.find(index);
        if (found == blocks_.end()) {
            return;
        }
        Block& block = found->second;
        const std::string type = text_of(in, "type");
        if (type == "text_delta" && block.kind == Block::Kind::text) {
            say(text_of(in, "text"), out);
        } else if (type == "input_json_delta") {
            argue(block, text_of(in, "partial_json"), out);
        } else if (type == "thinking_delta" && block.kind == Block::Kind::thinking) {
            think(block, text_of(in, "thinking"), out);
        } else if (type == "signature_delta" && block.kind == Block::Kind::thinking) {
            block.detail.signature += text_of(in, "signature");
        } else if (type == "citations_delta") {
            if (const JsonField* const citation = find_field(in, "citation")) {
                block.citations.emplace_back(citation->value);
            }
        }
    }

    void say(std::string text, std::vector<ChatEvent>& out) {
        if (!text.empty()) {
            characters_ += characters_in(text);
            add(out, ChatEvent::Kind::text, std::move(text));
        }
    }

    static void think(Block& block, std::string text, std::vector<ChatEvent>& out) {
        block.detail.text += text;
        if (!text.empty()) {
            add(out, ChatEvent::Kind::reasoning, std::move(text));
        }
    }

    void argue(Block& block, std::string text, std::vector<ChatEvent>& out) {
        if (text.empty()) {
            return;
        }
        block.has_arguments = true;
        if (block.kind == Block::Kind::answer) {
            say(std::move(text), out);
        } else if (block.kind == Block::Kind::call) {
            add(out, ChatEvent::Kind::tool_arguments, std::move(text)).tool = block.tool;
        }
    }

    void end_block(std::uint64_t index, std::vector<ChatEvent>& out) {
        const auto found = blocks_.find(index);
        if (found == blocks_.end()) {
            return;
        }
        Block block = std::move(found->second);
        blocks_.erase(found);
        // A call without arguments has none but the input it began with.
        if (!block.has_arguments) {
            argue(block, block.input.empty() ? "{}" : block.input, out);
        }
        if (block.kind == Block::Kind::thinking) {
            add(out, ChatEvent::Kind::reasoning_detail).detail = std::move(block.detail);
        }
        cite(block, out);
    }

    // A text block is cited as a whole, so its bounds are known at its end.
    void cite(const Block& block, std::vector<ChatEvent>& out) {
        JsonWriter json;
        for (const std::string& text : block.citations) {
            const auto fields = scan_object(text).value_or(AnthropicFields());
            if (text_of(fields, "type") != "web_search_result_location") {
                continue;
            }
            write_url_citation(
                json, {text_of(fields, "url"), text_of(fields, "title"), block.begin, characters_});
        }
        if (!json.text().empty()) {
            add(out, ChatEvent::Kind::annotations, json.take());
        }
    }

    void note_stop(const AnthropicFields& fields) {
        if (std::string reason = text_of(fields, "stop_reason"); !reason.empty()) {
            stop_reason_ = std::move(reason);
        }
    }

    // Anthropic's counts are disjoint and, in a stream, those of all the answer so far.
    void count(const AnthropicFields& in, std::vector<ChatEvent>& out) {
        if (in.empty()) {
            return;
        }
        update(in, "input_tokens", usage_.input);
        update(in, "cache_read_input_tokens", usage_.cached_input);
        update(in, "cache_creation_input_tokens", written_);
        update(object_of(in, "cache_creation"), "ephemeral_1h_input_tokens", usage_.cache_write_1h);
        update(in, "output_tokens", answered_);
        update(object_of(in, "output_tokens_details"), "thinking_tokens", usage_.reasoning);
        update(object_of(in, "server_tool_use"), "web_search_requests", usage_.web_searches);
        usage_.cache_write_1h = std::min(usage_.cache_write_1h, written_);
        usage_.cache_write = written_ - usage_.cache_write_1h;
        usage_.reasoning = std::min(usage_.reasoning, answered_);
        usage_.output = answered_ - usage_.reasoning;
        add(out, ChatEvent::Kind::usage).usage = usage_;
    }

    void finish(std::vector<ChatEvent>& out) {
        while (!blocks_.empty()) {  // whose end was not told
            end_block(blocks_.begin()->first, out);
        }
        const std::string_view reason = finish_reason(stop_reason_, calls_ > 0);
        add(out, ChatEvent::Kind::finish, std::string(reason)).name = stop_reason_;
        ended_ = true;
    }

    void fail(const AnthropicFields& error, std::vector<ChatEvent>& out) {
        const std::string type = text_of(error, "type");
        ChatEvent& event = add(out, ChatEvent::Kind::error, text_of(error, "message"));
        event.name = type;
        event.status = status_of(type);
        ended_ = true;
    }

    std::string_view answer_tool_;  // empty: every call is one
    std::map<std::uint64_t, Block> blocks_;
    unsigned calls_ = 0;
    std::uint64_t characters_ = 0;  // of the content so far
    std::uint64_t written_ = 0;
    std::uint64_t answered_ = 0;
    Usage usage_;
    std::string stop_reason_;
    bool ended_ = false;
};

class AnthropicDecoder final : public AnswerDecoder {
  public:
    explicit AnthropicDecoder(std::string_view answer_tool) : answer_(answer_tool) {}

    Result<void> feed(std::string_view bytes, std::vector<ChatEvent>& out) override {
        if (form_ == Form::unknown) {
            const std::string_view text = trim(bytes);
            if (text.empty()) {
                return {};
            }
            form_ = text.front() == '{' ? Form::document : Form::stream;
        }
        if (form_ == Form::document) {
            document_.append(bytes);
            return {};
        }
        events_.add(bytes);
        if (auto read = read_events(out); !read) {
            return read;
        }
        if (events_.waiting() > kMaxEvent) {
            return llmgw::fail(Errc::upstream, "an event of its stream is too large");
        }
        return {};
    }

    Result<void> finish(std::vector<ChatEvent>& out) override {
        if (form_ == Form::document) {
            const auto fields = scan_object(document_);
            if (!fields) {
                return llmgw::fail(Errc::upstream, "it sent an answer that is not JSON");
            }
            answer_.document(*fields, out);
            if (!answer_.ended()) {
                return llmgw::fail(Errc::upstream, "it sent an answer without any content");
            }
            return {};
        }
        events_.end();
        if (auto read = read_events(out); !read) {
            return read;
        }
        if (!answer_.ended()) {
            return llmgw::fail(Errc::upstream, "its stream ended in the middle of the answer");
        }
        return {};
    }

  private:
    enum class Form { unknown, stream, document };

    Result<void> read_events(std::vector<ChatEvent>& out) {
        std::string_view data;
        while (!answer_.ended() && events_.next(data)) {
            const auto fields = scan_object(data);
            if (!fields) {
                return llmgw::fail(Errc::upstream, "an event of its stream is not JSON");
            }
            answer_.event(*fields, out);
        }
        return {};
    }

    Form form_ = Form::unknown;
    std::string document_;
    EventBuffer events_;
    AnthropicAnswer answer_;
};

// Anthropic calls both of these a fault of the request.
constexpr std::string_view kNoCredit = "credit balance is too low";
constexpr std::string_view kTooLong = "prompt is too long";

}  // namespace

std::unique_ptr<AnswerDecoder> anthropic_decoder(const ChatRequest& request,
                                                 const WireTarget& target) {
    return std::make_unique<AnthropicDecoder>(
        answers_by_anthropic_tool(request, target) ? kAnthropicAnswerTool : std::string_view());
}

ProviderError read_anthropic_error(int status, const ResponseHead& /*head*/,
                                   std::string_view body) {
    ProviderError out;
    const auto fields = scan_object(body).value_or(AnthropicFields());
    const AnthropicFields error = object_of(fields, "error");
    out.message = text_of(error, "message");
    out.type = text_of(error, "type");
    if (status == 400 && out.message.find(kNoCredit) != std::string::npos) {
        out.status = 402;
    } else if (status == 400 && out.message.find(kTooLong) != std::string::npos) {
        out.code = "context_length_exceeded";
    }
    return out;
}

}  // namespace llmgw
