// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/anthropic_turns.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::string_view kImageTypes[] = {"image/jpeg", "image/png", "image/gif", "image/webp"};
// A conversation has to begin with the user. Where it does not (only instructions, or a greeting
// that a chat program put in the assistant's mouth), this stands in front.
constexpr std::string_view kOpening = "Begin.";

bool is_blank(std::string_view text) {
    return trim(text).empty();
}

Error unsupported(std::string what, std::string param) {
    Error error;
    error.kind = Errc::invalid_request;
    error.code = "unsupported_parameter";
    error.message = std::move(what);
    error.param = std::move(param);
    return error;
}

std::string text_block(std::string_view text) {
    JsonWriter json;
    json.begin_object().key("type").string("text").key("text").string(text).end_object();
    return json.take();
}

void write_source(JsonWriter& json, const ContentPart& part) {
    json.key("source").begin_object();
    if (!part.url.empty()) {
        json.key("type").string("url").key("url").string(part.url);
    } else {
        json.key("type").string("base64").key("media_type").string(part.media_type);
        json.key("data").string(part.data);
    }
    json.end_object();
}

Result<std::string> image_block(const ContentPart& part, const std::string& path) {
    const bool known = std::find(std::begin(kImageTypes), std::end(kImageTypes), part.media_type) !=
                       std::end(kImageTypes);
    if (part.url.empty() && !known) {
        return tl::unexpected(unsupported(
            "Claude takes images as JPEG, PNG, GIF or WebP, not as \"" + part.media_type + "\"",
            path));
    }
    JsonWriter json;
    json.begin_object().key("type").string("image");
    write_source(json, part);
    json.end_object();
    return json.take();
}

Result<std::string> document_block(const ContentPart& part, const std::string& path) {
    if (part.url.empty() && part.data.empty()) {
        return tl::unexpected(unsupported(
            "Claude does not know files by an id of OpenAI: send the file itself in file_data",
            path));
    }
    JsonWriter json;
    json.begin_object().key("type").string("document");
    if (!part.url.empty() || part.media_type == "application/pdf") {
        write_source(json, part);
    } else if (auto text = from_base64(part.data);
               part.media_type.starts_with("text/") && text && is_utf8(*text)) {
        json.key("source").begin_object().key("type").string("text");
        json.key("media_type").string("text/plain").key("data").string(*text).end_object();
    } else {
        return tl::unexpected(unsupported(
            "Claude takes files as PDF or plain text, not as \"" + part.media_type + "\"", path));
    }
    if (!part.filename.empty()) {
        json.key("title").string(part.filename);
    }
    json.end_object();
    return json.take();
}

// The block of a part; an empty text for one that says nothing, which Anthropic would refuse.
Result<std::string> content_block(const ContentPart& part, const std::string& path) {
    switch (part.kind) {
        case ContentPart::Kind::text:
        case ContentPart::Kind::refusal:
            return is_blank(part.text) ? std::string() : text_block(part.text);
        case ContentPart::Kind::image:
            return image_block(part, path);
        case ContentPart::Kind::file:
            return document_block(part, path);
        case ContentPart::Kind::audio:
            break;
    }
    return tl::unexpected(unsupported("Claude does not take audio", path));
}

Result<std::vector<AnthropicBlock>> content_blocks(const ChatMessage& message, std::size_t index) {
    std::vector<AnthropicBlock> blocks;
    for (std::size_t i = 0; i < message.content.size(); i++) {
        const ContentPart& part = message.content[i];
        auto block = content_block(
            part, "messages[" + std::to_string(index) + "].content[" + std::to_string(i) + "]");
        if (!block) {
            return tl::unexpected(std::move(block.error()));
        }
        if (!block->empty()) {
            blocks.push_back({std::move(*block), part.cache_control});
        }
    }
    return blocks;
}

// A breakpoint of the message as a whole is its last block's.
void mark_last(std::vector<AnthropicBlock>& blocks, const std::string& cache_control) {
    if (!blocks.empty() && blocks.back().cache_control.empty()) {
        blocks.back().cache_control = cache_control;
    }
}

std::string thinking_block(const ReasoningDetail& detail) {
    JsonWriter json;
    json.begin_object();
    if (detail.kind == ReasoningDetail::Kind::encrypted) {
        json.key("type").string("redacted_thinking").key("data").string(detail.data);
    } else {
        json.key("type").string("thinking").key("thinking").string(detail.text);
        json.key("signature").string(detail.signature);
    }
    json.end_object();
    return json.take();
}

std::string call_block(const ToolCall& call) {
    JsonWriter json;
    json.begin_object().key("type").string("tool_use").key("id").string(call.id);
    json.key("name").string(call.name).key("input").raw(call.arguments).end_object();
    return json.take();
}

// Thoughts come first and unchanged, or the turn is refused ("Building with extended thinking").
Result<std::vector<AnthropicBlock>> assistant_blocks(const ChatMessage& message,
                                                     std::size_t index) {
    std::vector<AnthropicBlock> blocks;
    for (const ReasoningDetail& detail : message.reasoning) {
        if (is_anthropic_thought(detail)) {
            blocks.push_back({thinking_block(detail), {}});
        }
    }
    const std::size_t thoughts = blocks.size();
    auto content = content_blocks(message, index);
    if (!content) {
        return content;
    }
    std::move(content->begin(), content->end(), std::back_inserter(blocks));
    for (const ToolCall& call : message.tool_calls) {
        blocks.push_back({call_block(call), {}});
    }
    if (blocks.size() == thoughts) {
        return std::vector<AnthropicBlock>();  // thoughts alone are no turn
    }
    mark_last(blocks, message.cache_control);
    return blocks;
}

// A breakpoint is not allowed within a result's content, so it moves to the result itself.
Result<std::vector<AnthropicBlock>> result_blocks(const ChatMessage& message, std::size_t index) {
    auto content = content_blocks(message, index);
    if (!content) {
        return content;
    }
    std::string cache_control = message.cache_control;
    JsonWriter json;
    json.begin_object().key("type").string("tool_result");
    json.key("tool_use_id").string(message.tool_call_id);
    if (!content->empty()) {
        json.key("content").begin_array();
        for (const AnthropicBlock& block : *content) {
            json.raw(block.json);
            cache_control = block.cache_control.empty() ? cache_control : block.cache_control;
        }
        json.end_array();
    }
    json.end_object();
    std::vector<AnthropicBlock> blocks;
    blocks.push_back({json.take(), std::move(cache_control)});
    return blocks;
}

Result<std::vector<AnthropicBlock>> blocks_of(const ChatMessage& message, std::size_t index) {
    if (message.role == ChatMessage::Role::assistant) {
        return assistant_blocks(message, index);
    }
    if (message.role == ChatMessage::Role::tool) {
        return result_blocks(message, index);
    }
    auto blocks = content_blocks(message, index);
    if (blocks) {
        mark_last(*blocks, message.cache_control);
    }
    return blocks;
}

bool is_instruction(const ChatMessage& message) {
    return message.role == ChatMessage::Role::system ||
           message.role == ChatMessage::Role::developer;
}

// Claude goes on with what the assistant has begun to say, if it does not end in white space.
ChatMessage as_prefill(ChatMessage message) {
    if (!message.content.empty() && message.tool_calls.empty()) {
        std::string& text = message.content.back().text;
        text.erase(text.find_last_not_of(" \t\r\n") + 1);
    }
    return message;
}

void add_turn(AnthropicConversation& out, bool assistant, std::vector<AnthropicBlock> blocks) {
    if (blocks.empty()) {
        return;
    }
    if (out.turns.empty() || out.turns.back().assistant != assistant) {
        out.turns.emplace_back().assistant = assistant;
    }
    std::vector<AnthropicBlock>& all = out.turns.back().blocks;
    std::move(blocks.begin(), blocks.end(), std::back_inserter(all));
}

}  // namespace

bool is_anthropic_thought(const ReasoningDetail& detail) {
    if (detail.format != "anthropic-claude-v1") {
        return false;
    }
    return detail.kind == ReasoningDetail::Kind::encrypted
               ? !detail.data.empty()
               : detail.kind == ReasoningDetail::Kind::text && !detail.signature.empty();
}

Result<AnthropicConversation> anthropic_conversation(const ChatRequest& request) {
    AnthropicConversation out;
    for (std::size_t i = 0; i < request.messages.size(); i++) {
        const ChatMessage& message = request.messages[i];
        const bool assistant = message.role == ChatMessage::Role::assistant;
        const bool last = i + 1 == request.messages.size();
        auto blocks = assistant && last ? blocks_of(as_prefill(message), i) : blocks_of(message, i);
        if (!blocks) {
            return tl::unexpected(std::move(blocks.error()));
        }
        if (is_instruction(message)) {
            std::move(blocks->begin(), blocks->end(), std::back_inserter(out.system));
            continue;
        }
        add_turn(out, assistant, std::move(*blocks));
    }
    if (out.turns.empty() || out.turns.front().assistant) {
        AnthropicTurn opening;
        opening.blocks.push_back({text_block(kOpening), {}});
        out.turns.insert(out.turns.begin(), std::move(opening));
    }
    return out;
}

}  // namespace llmgw
