// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "common/base/json_writer.h"
#include "common/base/text.h"
#include "daemon/providers/json_answer.h"
#include "daemon/providers/json_members.h"
#include "daemon/providers/responses.h"

namespace llmgw {

namespace {

using Events = std::vector<ChatEvent>;
using EventKind = ChatEvent::Kind;

// The elements of a JSON array without its brackets.
std::string_view inside(std::string_view array) {
    return array.size() < 2 ? std::string_view() : trim(array.substr(1, array.size() - 2));
}

Usage usage_from(const JsonMembers& usage) {
    const std::uint64_t input = usage.count("input_tokens").value_or(0);
    const std::uint64_t output = usage.count("output_tokens").value_or(0);
    const JsonMembers in = usage.object("input_tokens_details");
    const JsonMembers out = usage.object("output_tokens_details");
    Usage result;
    result.cached_input = std::min(input, in.count("cached_tokens").value_or(0));
    result.cache_write =
        std::min(input - result.cached_input, in.count("cache_write_tokens").value_or(0));
    result.input = input - result.cached_input - result.cache_write;
    result.reasoning = std::min(output, out.count("reasoning_tokens").value_or(0));
    result.output = output - result.reasoning;
    return result;
}

// Citations of the web are flat here and nested in chat completions; those of files have no place.
void add_annotation(Events& out, std::string_view annotation) {
    const JsonMembers members(annotation);
    if (members.text("type") != "url_citation") {
        return;
    }
    JsonWriter json;
    json.begin_object().key("type").string("url_citation").key("url_citation").begin_object();
    for (const char* name : {"start_index", "end_index", "title", "url"}) {
        if (members.has(name)) {
            json.key(name).raw(members.raw(name));
        }
    }
    json.end_object().end_object();
    add_event(out, EventKind::annotations, json.take());
}

// The HTTP status that an error within an answer stands for. Most of its codes (`invalid_prompt`,
// `image_too_large`…) are about the request.
int status_of(std::string_view code) {
    if (code == "rate_limit_exceeded") {
        return 429;
    }
    if (code == "vector_store_timeout") {
        return 504;
    }
    const bool about_request = code.starts_with("invalid_") || code.starts_with("image_") ||
                               code.ends_with("_image_file") || code.ends_with("_policy") ||
                               code == "unsupported_image_media_type" ||
                               code == "failed_to_download_image" ||
                               code == "context_length_exceeded" || code == "content_filter";
    return about_request ? 400 : 500;
}

void add_error(Events& out, const JsonMembers& error) {
    std::string code = error.text("code");
    const std::string message = error.text("message");
    ChatEvent& event =
        add_event(out, EventKind::error, message.empty() ? "the response failed" : message);
    event.status = status_of(code);
    event.name = code.empty() ? "server_error" : std::move(code);
}

class ResponsesDecoder final : public JsonAnswerDecoder {
  private:
    Result<void> event(std::string_view data, Events& out) override;
    Result<void> document(std::string_view body, Events& out) override;
    [[nodiscard]] bool ended() const override { return ended_; }

    void begin(const JsonMembers& response, Events& out);
    void begin_item(const JsonMembers& event, Events& out);
    void end_item(const JsonMembers& event, Events& out);
    void begin_call(std::uint64_t index, const JsonMembers& item, Events& out);
    void add_arguments(std::uint64_t index, std::string text, Events& out);
    void add_encrypted(const JsonMembers& item, Events& out);
    void begin_summary_part(Events& out);
    void whole_item(std::uint64_t index, const JsonMembers& item, Events& out);
    void whole_message(const JsonMembers& item, Events& out);
    void end(const JsonMembers& response, Events& out);

    struct OpenCall {
        unsigned number = 0;  // within the answer, as chat completions count
        bool has_arguments = false;
    };
    std::map<std::uint64_t, OpenCall> calls_;  // by the item's place in the output
    bool begun_ = false;
    bool thought_ = false;  // some part of a summary has been given
    bool ended_ = false;
};

void ResponsesDecoder::begin(const JsonMembers& response, Events& out) {
    if (!std::exchange(begun_, true)) {
        add_event(out, EventKind::begin, response.text("id")).name = response.text("model");
    }
}

void ResponsesDecoder::begin_call(std::uint64_t index, const JsonMembers& item, Events& out) {
    const auto number = static_cast<unsigned>(calls_.size());
    const auto [call, is_new] = calls_.try_emplace(index, OpenCall{number, false});
    if (!is_new) {
        return;
    }
    ChatEvent& event = add_event(out, EventKind::tool_call);
    event.tool = call->second.number;
    event.id = item.text("call_id");  // results refer to it, not to the item's own `id`
    event.name = item.text("name");
}

void ResponsesDecoder::add_arguments(std::uint64_t index, std::string text, Events& out) {
    const auto call = calls_.find(index);
    if (call == calls_.end() || text.empty()) {
        return;
    }
    call->second.has_arguments = true;
    add_event(out, EventKind::tool_arguments, std::move(text)).tool = call->second.number;
}

void ResponsesDecoder::add_encrypted(const JsonMembers& item, Events& out) {
    std::string data = item.text("encrypted_content");
    if (data.empty()) {
        return;
    }
    ReasoningDetail& detail = add_event(out, EventKind::reasoning_detail).detail;
    detail.kind = ReasoningDetail::Kind::encrypted;
    detail.data = std::move(data);
    detail.id = item.text("id");
    detail.format = kResponsesReasoning;
}

// Parts of summaries are paragraphs, and a chat completion has one text for all of them.
void ResponsesDecoder::begin_summary_part(Events& out) {
    if (std::exchange(thought_, true)) {
        add_event(out, EventKind::reasoning, "\n\n");
    }
}

void ResponsesDecoder::begin_item(const JsonMembers& event, Events& out) {
    const JsonMembers item = event.object("item");
    if (item.text("type") == "function_call") {
        begin_call(event.count("output_index").value_or(0), item, out);
    }
}

// The finished item repeats what its deltas have said. Only what no delta carries is taken from it.
void ResponsesDecoder::end_item(const JsonMembers& event, Events& out) {
    const JsonMembers item = event.object("item");
    const std::string type = item.text("type");
    if (type == "reasoning") {
        add_encrypted(item, out);
    } else if (type == "function_call") {
        const std::uint64_t index = event.count("output_index").value_or(0);
        begin_call(index, item, out);
        if (!calls_[index].has_arguments) {
            add_arguments(index, item.text("arguments"), out);
        }
    }
}

void ResponsesDecoder::end(const JsonMembers& response, Events& out) {
    ended_ = true;
    begin(response, out);
    const std::string status = response.text("status");
    if (status == "failed" || status == "cancelled") {
        add_error(out, response.object("error"));
        return;
    }
    std::string reason = status;
    std::string finish = calls_.empty() ? "stop" : "tool_calls";
    if (status == "incomplete") {
        reason = response.object("incomplete_details").text("reason");
        finish = reason == "content_filter" ? "content_filter" : "length";
    }
    add_event(out, EventKind::finish, std::move(finish)).name = std::move(reason);
    if (response.has("usage")) {
        add_event(out, EventKind::usage).usage = usage_from(response.object("usage"));
    }
}

Result<void> ResponsesDecoder::event(std::string_view data, Events& out) {
    if (data == "[DONE]") {  // not OpenAI's own, but some gateways send it
        return {};
    }
    const JsonMembers members(data);
    if (!members.valid()) {
        return malformed_answer("its stream holds an event that is not a JSON object");
    }
    const std::string type = members.text("type");
    if (type == "response.output_text.delta") {
        add_text_event(out, EventKind::text, members.text("delta"));
        add_text_event(out, EventKind::logprobs, std::string(inside(members.raw("logprobs"))));
    } else if (type == "response.function_call_arguments.delta") {
        add_arguments(members.count("output_index").value_or(0), members.text("delta"), out);
    } else if (type == "response.reasoning_summary_text.delta" ||
               type == "response.reasoning_text.delta") {
        thought_ = true;
        add_text_event(out, EventKind::reasoning, members.text("delta"));
    } else if (type == "response.refusal.delta") {
        add_text_event(out, EventKind::refusal, members.text("delta"));
    } else if (type == "response.reasoning_summary_part.added") {
        begin_summary_part(out);
    } else if (type == "response.output_text.annotation.added") {
        add_annotation(out, members.raw("annotation"));
    } else if (type == "response.output_item.added") {
        begin_item(members, out);
    } else if (type == "response.output_item.done") {
        end_item(members, out);
    } else if (type == "response.created" || type == "response.in_progress") {
        begin(members.object("response"), out);
    } else if (type == "response.completed" || type == "response.incomplete" ||
               type == "response.failed" || type == "response.cancelled") {
        end(members.object("response"), out);
    } else if (type == "error" || (type.empty() && members.has("error"))) {
        ended_ = true;
        add_error(out, members.has("error") ? members.object("error") : members);
    }
    return {};
}

void ResponsesDecoder::whole_message(const JsonMembers& item, Events& out) {
    for (const std::string_view element : item.elements("content")) {
        const JsonMembers part(element);
        if (part.text("type") == "refusal") {
            add_text_event(out, EventKind::refusal, part.text("refusal"));
            continue;
        }
        add_text_event(out, EventKind::text, part.text("text"));
        add_text_event(out, EventKind::logprobs, std::string(inside(part.raw("logprobs"))));
        for (const std::string_view annotation : part.elements("annotations")) {
            add_annotation(out, annotation);
        }
    }
}

void ResponsesDecoder::whole_item(std::uint64_t index, const JsonMembers& item, Events& out) {
    const std::string type = item.text("type");
    if (type == "message") {
        whole_message(item, out);
    } else if (type == "function_call") {
        begin_call(index, item, out);
        add_arguments(index, item.text("arguments"), out);
    } else if (type == "reasoning") {
        for (const char* texts : {"summary", "content"}) {
            for (const std::string_view element : item.elements(texts)) {
                begin_summary_part(out);
                add_text_event(out, EventKind::reasoning, JsonMembers(element).text("text"));
            }
        }
        add_encrypted(item, out);
    }
}

Result<void> ResponsesDecoder::document(std::string_view body, Events& out) {
    const JsonMembers response(body);
    if (!response.valid()) {
        return malformed_answer("it sent an answer that is not JSON");
    }
    if (!response.has("output") && response.has("error")) {
        ended_ = true;
        add_error(out, response.object("error"));
        return {};
    }
    if (json_kind(response.raw("output")) != JsonKind::array) {
        return malformed_answer("it sent an answer without \"output\"");
    }
    begin(response, out);
    std::uint64_t index = 0;
    for (const std::string_view element : response.elements("output")) {
        whole_item(index++, JsonMembers(element), out);
    }
    end(response, out);
    return {};
}

}  // namespace

std::unique_ptr<AnswerDecoder> responses_decoder(const ChatRequest& /*request*/,
                                                 const WireTarget& /*target*/) {
    return std::make_unique<ResponsesDecoder>();
}

ProviderError read_responses_error(int /*status*/, const ResponseHead& /*head*/,
                                   std::string_view body) {
    const JsonMembers error = JsonMembers(body).object("error");
    ProviderError result;
    result.message = error.text("message");
    result.type = error.text("type");
    result.code = error.text("code");
    return result;
}

}  // namespace llmgw
