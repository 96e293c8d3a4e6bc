// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "common/base/json_scan.h"
#include "daemon/providers/bedrock_answer.h"
#include "daemon/providers/json_members.h"

namespace llmgw {

namespace {

// OpenAI's word for one of Converse's stop reasons. The malformed ones are what the model did, so
// the answer is handed on as far as it got.
std::string_view finish_reason(std::string_view reason, bool calls_tools) {
    if (reason == "tool_use") {
        return calls_tools ? "tool_calls" : "stop";
    }
    if (reason == "max_tokens" || reason == "model_context_window_exceeded") {
        return "length";
    }
    if (reason == "content_filtered" || reason == "guardrail_intervened") {
        return "content_filter";
    }
    return "stop";
}

std::uint64_t number_in(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? 0 : json_uint(field->value).value_or(0);
}

// The tokens that were written to a cache that lives for an hour.
std::uint64_t hour_tokens(const std::vector<JsonField>& usage) {
    const JsonField* const details = find_field(usage, "cacheDetails");
    if (details == nullptr || json_kind(details->value) != JsonKind::array) {
        return 0;
    }
    const auto elements = scan_array(details->value);
    std::uint64_t tokens = 0;
    for (std::size_t i = 0; elements && i < elements->size(); i++) {
        const auto fields = scan_object((*elements)[i]);
        const JsonField* const ttl = fields ? find_field(*fields, "ttl") : nullptr;
        if (ttl != nullptr && json_text(ttl->value) == "1h") {
            tokens += number_in(*fields, "inputTokens");
        }
    }
    return tokens;
}

}  // namespace

BedrockContent::BedrockContent(const ChatRequest& request, const WireTarget& target)
    : is_claude_(BedrockModel(target).is_claude()) {
    json_ = bedrock_json_output(request, BedrockModel(target));
}

void BedrockContent::add(ChatEvent::Kind kind, std::string_view text, std::vector<ChatEvent>& out) {
    ChatEvent& event = out.emplace_back();
    event.kind = kind;
    event.text = text;
}

void BedrockContent::begin(std::vector<ChatEvent>& out) {
    if (!std::exchange(began_, true)) {
        add(ChatEvent::Kind::begin, {}, out);
    }
}

BedrockContent::TextBlock& BedrockContent::text_block(unsigned block) {
    const auto [at, added] = texts_.try_emplace(block);
    if (added) {
        at->second.begin = characters_;
    }
    return at->second;
}

void BedrockContent::text(unsigned block, std::string_view text, std::vector<ChatEvent>& out) {
    if (json_.kind == BedrockJsonOutput::Kind::forced_tool) {
        held_text_ += text;
    } else if (!text.empty()) {
        text_block(block);
        characters_ += characters_in(text);
        add(ChatEvent::Kind::text, text, out);
    }
}

// Only pages of the web have a place in OpenAI's answers.
void BedrockContent::citation(unsigned block, std::string_view json) {
    const JsonMembers members(json);
    UrlCitation citation;
    citation.url = members.object("location").object("web").text("url");
    if (citation.url.empty()) {
        citation.url = members.text("source");
    }
    citation.title = members.text("title");
    const bool is_page =
        citation.url.starts_with("https://") || citation.url.starts_with("http://");
    if (is_page && json_.kind != BedrockJsonOutput::Kind::forced_tool) {
        text_block(block).citations.push_back(std::move(citation));
    }
}

void BedrockContent::cite(unsigned block, std::vector<ChatEvent>& out) {
    const auto at = texts_.find(block);
    if (at == texts_.end()) {
        return;
    }
    JsonWriter json;
    for (UrlCitation& citation : at->second.citations) {
        citation.begin = at->second.begin;
        citation.end = characters_;
        write_url_citation(json, citation);
    }
    if (!json.text().empty()) {
        add(ChatEvent::Kind::annotations, json.text(), out);
    }
    texts_.erase(at);
}

void BedrockContent::start_tool(unsigned block, std::string id, std::string name,
                                std::vector<ChatEvent>& out) {
    Block& tool = blocks_[block];
    if (json_.kind == BedrockJsonOutput::Kind::forced_tool && name == json_.tool) {
        tool.kind = Block::Kind::answer;
        answered_ = true;
        return;
    }
    tool.kind = Block::Kind::tool;
    tool.tool = tools_++;
    add(ChatEvent::Kind::tool_call, {}, out);
    out.back().tool = tool.tool;
    out.back().id = std::move(id);
    out.back().name = std::move(name);
}

void BedrockContent::tool_input(unsigned block, std::string_view json,
                                std::vector<ChatEvent>& out) {
    const auto at = blocks_.find(block);
    if (at == blocks_.end() || at->second.kind == Block::Kind::reasoning || json.empty()) {
        return;
    }
    at->second.has_input = true;
    const bool answer = at->second.kind == Block::Kind::answer;
    add(answer ? ChatEvent::Kind::text : ChatEvent::Kind::tool_arguments, json, out);
    out.back().tool = answer ? 0 : at->second.tool;
}

BedrockContent::Block& BedrockContent::reasoning_block(unsigned block) {
    Block& reasoning = blocks_[block];
    reasoning.kind = Block::Kind::reasoning;
    return reasoning;
}

void BedrockContent::reasoning(unsigned block, std::string_view text, std::vector<ChatEvent>& out) {
    reasoning_block(block).detail.text += text;
    if (!text.empty()) {
        add(ChatEvent::Kind::reasoning, text, out);
    }
}

void BedrockContent::reasoning_signature(unsigned block, std::string_view signature) {
    reasoning_block(block).detail.signature += signature;
}

void BedrockContent::redacted_reasoning(unsigned block, std::string_view base64) {
    ReasoningDetail& detail = reasoning_block(block).detail;
    detail.kind = ReasoningDetail::Kind::encrypted;
    detail.data += base64;
}

void BedrockContent::end_block(unsigned block, std::vector<ChatEvent>& out) {
    cite(block, out);
    const auto at = blocks_.find(block);
    if (at == blocks_.end()) {
        return;
    }
    if (at->second.kind != Block::Kind::reasoning) {
        if (!at->second.has_input) {
            tool_input(block, "{}", out);  // a call without arguments
        }
    } else if (is_claude_ || !at->second.detail.text.empty()) {
        add(ChatEvent::Kind::reasoning_detail, {}, out);
        out.back().detail = std::move(at->second.detail);
        out.back().detail.format = is_claude_ ? "anthropic-claude-v1" : "";
    }
    blocks_.erase(at);
}

void BedrockContent::stop(std::string reason, std::vector<ChatEvent>& out) {
    while (!blocks_.empty()) {
        end_block(blocks_.begin()->first, out);
    }
    while (!texts_.empty()) {
        cite(texts_.begin()->first, out);
    }
    if (!answered_ && !held_text_.empty()) {
        add(ChatEvent::Kind::text, std::exchange(held_text_, {}), out);
    }
    stop_reason_ = std::move(reason);
    stopped_ = true;
}

void BedrockContent::usage(std::string_view object) {
    const auto fields = scan_object(object);
    if (!fields) {
        return;
    }
    // The buckets of AWS are disjoint already; writes for an hour are among the writes.
    usage_.input = number_in(*fields, "inputTokens");
    usage_.output = number_in(*fields, "outputTokens");
    usage_.cached_input = number_in(*fields, "cacheReadInputTokens");
    usage_.cache_write = number_in(*fields, "cacheWriteInputTokens");
    usage_.cache_write_1h = std::min(hour_tokens(*fields), usage_.cache_write);
    usage_.cache_write -= usage_.cache_write_1h;
    has_usage_ = true;
}

void BedrockContent::complete(std::vector<ChatEvent>& out) {
    if (!std::exchange(finished_, true)) {
        add(ChatEvent::Kind::finish, finish_reason(stop_reason_, tools_ > 0), out);
        out.back().name = stop_reason_;
    }
    if (std::exchange(has_usage_, false)) {
        add(ChatEvent::Kind::usage, {}, out);
        out.back().usage = usage_;
    }
}

}  // namespace llmgw
