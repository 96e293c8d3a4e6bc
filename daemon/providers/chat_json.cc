// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/chat_json.h"

#include <algorithm>

namespace llmgw {

std::string error_json(const ChatEvent& event) {
    JsonWriter json;
    json.begin_object().key("error").begin_object();
    json.key("message").string(event.text);
    json.key("type").string(event.name.empty() ? "upstream_error" : event.name);
    json.key("param").null();
    json.key("code").string("upstream_error");
    json.end_object().end_object();
    return json.take();
}

void write_tool_call(JsonWriter& json, const ToolCall& call) {
    json.key("id").string(call.id).key("type").string("function");
    json.key("function").begin_object();
    json.key("name").string(call.name).key("arguments").string(call.arguments).end_object();
    if (!call.signature.empty()) {
        json.key("extra_content").begin_object().key("google").begin_object();
        json.key("thought_signature").string(call.signature).end_object().end_object();
    }
}

void write_reasoning_detail(JsonWriter& json, const ReasoningDetail& detail, std::size_t index) {
    json.begin_object();
    switch (detail.kind) {
        case ReasoningDetail::Kind::text:
            json.key("type").string("reasoning.text").key("text").string(detail.text);
            if (!detail.signature.empty()) {
                json.key("signature").string(detail.signature);
            }
            break;
        case ReasoningDetail::Kind::summary:
            json.key("type").string("reasoning.summary").key("summary").string(detail.text);
            break;
        case ReasoningDetail::Kind::encrypted:
            json.key("type").string("reasoning.encrypted").key("data").string(detail.data);
            break;
    }
    if (!detail.id.empty()) {
        json.key("id").string(detail.id);
    }
    json.key("format").string(detail.format.empty() ? "unknown" : detail.format);
    json.key("index").number(static_cast<std::uint64_t>(index)).end_object();
}

void write_url_citation(JsonWriter& json, const UrlCitation& citation) {
    json.begin_object().key("type").string("url_citation").key("url_citation").begin_object();
    json.key("start_index").number(citation.begin).key("end_index").number(citation.end);
    json.key("url").string(citation.url).key("title").string(citation.title);
    json.end_object().end_object();
}

std::uint64_t characters_in(std::string_view text) {
    return static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

std::string image_element(const std::string& data_url) {
    JsonWriter json;
    json.begin_object().key("type").string("image_url");
    json.key("image_url").begin_object().key("url").string(data_url).end_object().end_object();
    return json.take();
}

std::string_view told_finish_reason(std::string_view reason, bool has_calls) {
    const std::string_view told = reason.empty() ? "stop" : reason;
    return has_calls && told == "stop" ? "tool_calls" : told;
}

}  // namespace llmgw
