// SPDX-License-Identifier: Apache-2.0
#include "common/base/text.h"
#include "daemon/providers/chat_json.h"
#include "daemon/providers/chat_writer.h"
#include "daemon/providers/usage_object.h"

namespace llmgw {

namespace {

void append_elements(std::string& list, const std::string& more) {
    list += (list.empty() || more.empty() ? "" : ",") + more;
}

}  // namespace

ToolCall& CompletionWriter::call_of(const ChatEvent& event) {
    std::vector<ToolCall>& calls = choices_[event.choice].calls;
    if (calls.size() <= event.tool) {
        calls.resize(event.tool + 1U);
    }
    return calls[event.tool];
}

void CompletionWriter::write(const ChatEvent& event, std::string& /*out*/) {
    switch (event.kind) {
        case ChatEvent::Kind::begin:
            identity_.id = event.text.empty() ? identity_.id : event.text;
            identity_.model = event.name.empty() ? identity_.model : event.name;
            break;
        case ChatEvent::Kind::text:
            choices_[event.choice].content += event.text;
            break;
        case ChatEvent::Kind::refusal:
            choices_[event.choice].refusal += event.text;
            break;
        case ChatEvent::Kind::reasoning:
            choices_[event.choice].reasoning += event.text;
            break;
        case ChatEvent::Kind::reasoning_detail:
            choices_[event.choice].details.push_back(event.detail);
            break;
        case ChatEvent::Kind::tool_call:
            call_of(event) = {event.id, event.name, "", event.signature};
            break;
        case ChatEvent::Kind::tool_arguments:
            call_of(event).arguments += event.text;
            break;
        case ChatEvent::Kind::annotations:
            append_elements(choices_[event.choice].annotations, event.text);
            break;
        case ChatEvent::Kind::image:
            append_elements(choices_[event.choice].images, image_element(event.text));
            break;
        case ChatEvent::Kind::logprobs:
            append_elements(choices_[event.choice].logprobs, event.text);
            break;
        case ChatEvent::Kind::finish:
            choices_[event.choice].finish_reason = event.text;
            choices_[event.choice].native_finish_reason = event.name;
            break;
        case ChatEvent::Kind::usage:
            usage_ = event.usage;
            break;
        case ChatEvent::Kind::error:
            error_ = error_json(event);
            break;
    }
}

void CompletionWriter::write_calls(JsonWriter& json, const Choice& choice) {
    json.key("tool_calls").begin_array();
    for (ToolCall call : choice.calls) {
        if (trim(call.arguments).empty()) {
            call.arguments = "{}";
        }
        json.begin_object();
        write_tool_call(json, call);
        json.end_object();
    }
    json.end_array();
}

void CompletionWriter::write_message(JsonWriter& json, const Choice& choice) {
    json.key("message").begin_object().key("role").string("assistant").key("content");
    if (choice.content.empty()) {
        json.null();
    } else {
        json.string(choice.content);
    }
    json.key("refusal");
    if (choice.refusal.empty()) {
        json.null();
    } else {
        json.string(choice.refusal);
    }
    if (!choice.reasoning.empty()) {
        json.key("reasoning_content").string(choice.reasoning);
    }
    if (!choice.details.empty()) {
        json.key("reasoning_details").begin_array();
        for (std::size_t i = 0; i < choice.details.size(); i++) {
            write_reasoning_detail(json, choice.details[i], i);
        }
        json.end_array();
    }
    if (!choice.calls.empty()) {
        write_calls(json, choice);
    }
    if (!choice.annotations.empty()) {
        json.key("annotations").begin_array().raw(choice.annotations).end_array();
    }
    if (!choice.images.empty()) {
        json.key("images").begin_array().raw(choice.images).end_array();
    }
    json.end_object();
}

void CompletionWriter::write_choice(JsonWriter& json, unsigned index, const Choice& choice) {
    json.begin_object().key("index").number(static_cast<std::uint64_t>(index));
    write_message(json, choice);
    json.key("logprobs");
    if (choice.logprobs.empty()) {
        json.null();
    } else {
        json.begin_object().key("content").begin_array().raw(choice.logprobs).end_array();
        json.key("refusal").null().end_object();
    }
    json.key("finish_reason")
        .string(told_finish_reason(choice.finish_reason, !choice.calls.empty()));
    if (!choice.native_finish_reason.empty()) {
        json.key("native_finish_reason").string(choice.native_finish_reason);
    }
    json.end_object();
}

void CompletionWriter::finish(std::string& out) {
    if (!error_.empty()) {
        out += error_;
        return;
    }
    JsonWriter json;
    json.begin_object();
    json.key("id").string(identity_.id);
    json.key("object").string("chat.completion");
    json.key("created").number(identity_.created);
    json.key("model").string(identity_.model);
    json.key("choices").begin_array();
    for (const auto& [index, choice] : choices_) {
        write_choice(json, index, choice);
    }
    json.end_array();
    if (usage_) {
        json.key("usage").raw(usage_object(*usage_));
    }
    json.end_object();
    out += json.text();
}

}  // namespace llmgw
