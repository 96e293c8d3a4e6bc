// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/chat_message.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "daemon/providers/chat_content.h"

namespace llmgw {

namespace {

ChatMessage::Role read_role(RequestObject& in) {
    const std::string role = in.required_text("role");
    if (role == "system") {
        return ChatMessage::Role::system;
    }
    if (role == "developer") {
        return ChatMessage::Role::developer;
    }
    if (role == "assistant") {
        return ChatMessage::Role::assistant;
    }
    if (role == "tool") {
        return ChatMessage::Role::tool;
    }
    if (role == "function") {
        in.refuse("role", "is of the functions that tools have replaced: use \"tool\"",
                  kUnsupported);
    } else if (role != "user") {
        in.refuse("role", "must be system, developer, user, assistant or tool");
    }
    return ChatMessage::Role::user;
}

ToolCall read_call(RequestObject& in) {
    ToolCall call;
    call.id = in.required_text("id");
    if (const std::string type = in.text("type"); !type.empty() && type != "function") {
        in.refuse("type", "must be function", kUnsupported);
    }
    RequestObject function = in.object("function");
    call.name = function.required_text("name");
    call.arguments = function.text("arguments");
    if (trim(call.arguments).empty()) {
        call.arguments = "{}";
    } else if (!is_json_object(call.arguments)) {
        function.refuse("arguments", "must be a JSON object, as text");
    }
    // Where Google's own OpenAI-compatible endpoint puts it.
    call.signature = in.object("extra_content").object("google").text("thought_signature");
    return call;
}

// OpenRouter's form, which llmgw answers with.
void read_details(RequestObject& in, std::vector<ReasoningDetail>& out) {
    for (RequestObject& item : in.objects("reasoning_details")) {
        ReasoningDetail detail;
        const std::string type = item.text("type");
        if (type == "reasoning.text") {
            detail.text = item.text("text");
            detail.signature = item.text("signature");
        } else if (type == "reasoning.summary") {
            detail.kind = ReasoningDetail::Kind::summary;
            detail.text = item.text("summary");
        } else if (type == "reasoning.encrypted") {
            detail.kind = ReasoningDetail::Kind::encrypted;
            detail.data = item.text("data");
        } else {
            continue;  // of a kind to come: of no use to any provider that we can write to
        }
        detail.id = item.text("id");
        detail.format = item.text("format");
        out.push_back(std::move(detail));
    }
}

// LiteLLM's form: Anthropic's own blocks.
void read_thinking_blocks(RequestObject& in, std::vector<ReasoningDetail>& out) {
    for (RequestObject& block : in.objects("thinking_blocks")) {
        ReasoningDetail detail;
        detail.format = "anthropic-claude-v1";
        if (block.text("type") == "redacted_thinking") {
            detail.kind = ReasoningDetail::Kind::encrypted;
            detail.data = block.text("data");
        } else {
            detail.text = block.text("thinking");
            detail.signature = block.text("signature");
        }
        out.push_back(std::move(detail));
    }
}

void read_assistant(RequestObject& in, ChatMessage& message) {
    for (RequestObject& call : in.objects("tool_calls")) {
        message.tool_calls.push_back(read_call(call));
    }
    if (in.find("function_call") != nullptr) {
        in.refuse("function_call", "is what tools have replaced: use \"tool_calls\"", kUnsupported);
    }
    if (std::string refusal = in.text("refusal"); !refusal.empty()) {
        ContentPart& part = message.content.emplace_back();
        part.kind = ContentPart::Kind::refusal;
        part.text = std::move(refusal);
    }
    read_details(in, message.reasoning);
    if (message.reasoning.empty()) {
        read_thinking_blocks(in, message.reasoning);
    }
}

ChatMessage read_message(RequestObject& in) {
    ChatMessage message;
    message.role = read_role(in);
    message.name = in.text("name");
    message.content = read_content(in);
    message.cache_control = in.object_text("cache_control");
    switch (message.role) {
        case ChatMessage::Role::assistant:
            read_assistant(in, message);
            break;
        case ChatMessage::Role::tool:
            message.tool_call_id = in.required_text("tool_call_id");
            break;
        case ChatMessage::Role::system:
        case ChatMessage::Role::developer:
        case ChatMessage::Role::user:
            if (in.find("content") == nullptr) {
                in.refuse("content", "is required", "missing_required_parameter");
            }
            break;
    }
    return message;
}

// The calls of an assistant that wait for their results.
class OpenCalls {
  public:
    // Takes the next message in; notes what does not fit.
    void follow(RequestObject& in, const ChatMessage& message) {
        if (message.role == ChatMessage::Role::tool) {
            answer(in, message.tool_call_id);
            return;
        }
        close();
        owner_ = &in;
        for (const ToolCall& call : message.tool_calls) {
            if (std::find(ids_.begin(), ids_.end(), call.id) != ids_.end()) {
                in.refuse("tool_calls", "has the id " + call.id + " twice");
            }
            ids_.push_back(call.id);
        }
    }
    void close() {
        if (!ids_.empty()) {
            owner_->refuse("tool_calls", "must be followed by a tool message for each call; \"" +
                                             ids_.front() + "\" has none");
            ids_.clear();
        }
    }

  private:
    void answer(RequestObject& in, const std::string& id) {
        const auto call = std::find(ids_.begin(), ids_.end(), id);
        if (call != ids_.end()) {
            ids_.erase(call);
        } else {
            in.refuse("tool_call_id",
                      "answers no open call of the assistant message before it: \"" + id + "\"");
        }
    }

    RequestObject* owner_ = nullptr;
    std::vector<std::string> ids_;
};

}  // namespace

bool is_json_object(const std::string& text) {
    return scan_object(text).has_value();
}

std::vector<ChatMessage> read_chat_messages(RequestObject& body) {
    std::vector<RequestObject> list = body.objects("messages");
    std::vector<ChatMessage> messages;
    messages.reserve(list.size());
    OpenCalls calls;
    for (RequestObject& in : list) {
        messages.push_back(read_message(in));
        calls.follow(in, messages.back());
    }
    calls.close();
    return messages;
}

}  // namespace llmgw
