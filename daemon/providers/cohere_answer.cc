// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "daemon/providers/chat_json.h"
#include "daemon/providers/cohere.h"
#include "daemon/providers/json_answer.h"
#include "daemon/providers/json_members.h"

namespace llmgw {

namespace {

using EventKind = ChatEvent::Kind;

// Billed units are what is paid for; the tokens beside them count the template around the prompt.
Usage cohere_usage(const JsonMembers& usage) {
    JsonMembers counts = usage.object("billed_units");
    if (!counts.has("input_tokens") && !counts.has("output_tokens")) {
        counts = usage.object("tokens");
    }
    Usage result;
    const std::uint64_t input = counts.count("input_tokens").value_or(0);
    result.cached_input = std::min(input, usage.count("cached_tokens").value_or(0));
    result.input = input - result.cached_input;
    result.output = counts.count("output_tokens").value_or(0);
    return result;
}

std::string_view openai_reason(std::string_view finish_reason) {
    if (finish_reason == "MAX_TOKENS") {
        return "length";
    }
    return finish_reason == "TOOL_CALL" ? "tool_calls" : "stop";
}

// A citation as OpenAI writes one, for each of its sources that is a page of the web.
void add_citation(std::vector<ChatEvent>& out, std::string_view citation) {
    const JsonMembers members(citation);
    for (const std::string_view element : members.elements("sources")) {
        const JsonMembers source(element);
        const bool is_tool = source.text("type") == "tool";
        const JsonMembers page = source.object(is_tool ? "tool_output" : "document");
        const std::string url = page.text("url");
        if (!url.starts_with("http://") && !url.starts_with("https://")) {
            continue;
        }
        JsonWriter json;
        write_url_citation(json, {url, page.text("title"), members.count("start").value_or(0),
                                  members.count("end").value_or(0)});
        add_event(out, EventKind::annotations, json.take());
    }
}

// The log probability of a piece of text, which may be more than one token, as OpenAI writes it.
void add_logprob(std::vector<ChatEvent>& out, std::string_view item) {
    const JsonMembers members(item);
    const std::string text = members.text("text");
    double sum = 0;
    for (const std::string_view logprob : members.elements("logprobs")) {
        sum += json_double(logprob).value_or(0);
    }
    if (text.empty() || !std::isfinite(sum)) {
        return;
    }
    JsonWriter json;
    json.begin_object().key("token").string(text).key("logprob").number(sum);
    json.key("bytes").begin_array();
    for (const char c : text) {
        json.number(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
    }
    json.end_array().key("top_logprobs").begin_array().end_array().end_object();
    add_event(out, EventKind::logprobs, json.take());
}

class CohereDecoder final : public JsonAnswerDecoder {
  private:
    Result<void> event(std::string_view data, std::vector<ChatEvent>& out) override;
    Result<void> document(std::string_view body, std::vector<ChatEvent>& out) override;
    [[nodiscard]] bool ended() const override { return ended_; }

    static void add_content(const JsonMembers& content, std::vector<ChatEvent>& out);
    void begin_call(std::uint64_t index, const JsonMembers& call, std::vector<ChatEvent>& out);
    void add_arguments(std::uint64_t index, const JsonMembers& call, std::vector<ChatEvent>& out);
    void end(const JsonMembers& end, std::vector<ChatEvent>& out);
    void fail_with(std::string message, const std::string& reason, std::vector<ChatEvent>& out);

    std::map<std::uint64_t, unsigned> calls_;  // by Cohere's index: the number within the answer
    bool ended_ = false;
};

void CohereDecoder::add_content(const JsonMembers& content, std::vector<ChatEvent>& out) {
    add_text_event(out, EventKind::reasoning, content.text("thinking"));
    add_text_event(out, EventKind::text, content.text("text"));
}

void CohereDecoder::begin_call(std::uint64_t index, const JsonMembers& call,
                               std::vector<ChatEvent>& out) {
    const auto number = static_cast<unsigned>(calls_.size());
    ChatEvent& event = add_event(out, EventKind::tool_call);
    event.tool = calls_.try_emplace(index, number).first->second;
    event.id = call.text("id");
    event.name = call.object("function").text("name");
    add_arguments(index, call, out);
}

void CohereDecoder::add_arguments(std::uint64_t index, const JsonMembers& call,
                                  std::vector<ChatEvent>& out) {
    const auto number = calls_.find(index);
    std::string text = call.object("function").text("arguments");
    if (number != calls_.end() && !text.empty()) {
        add_event(out, EventKind::tool_arguments, std::move(text)).tool = number->second;
    }
}

void CohereDecoder::fail_with(std::string message, const std::string& reason,
                              std::vector<ChatEvent>& out) {
    ended_ = true;
    const bool late = reason == "TIMEOUT";
    if (message.empty()) {
        message = late ? "the answer took too long" : "the answer could not be completed";
    }
    ChatEvent& event = add_event(out, EventKind::error, std::move(message));
    event.name = late ? "timeout_error" : "server_error";
    event.status = late ? 504 : 500;
}

// `end` is the delta of `message-end`, or the whole document: both say how it ended.
void CohereDecoder::end(const JsonMembers& end, std::vector<ChatEvent>& out) {
    std::string reason = end.text("finish_reason");
    if (reason == "ERROR" || reason == "TIMEOUT") {
        fail_with(end.text("error"), reason, out);
        return;
    }
    ended_ = true;
    add_event(out, EventKind::finish, std::string(openai_reason(reason))).name = std::move(reason);
    if (end.has("usage")) {
        add_event(out, EventKind::usage).usage = cohere_usage(end.object("usage"));
    }
}

Result<void> CohereDecoder::event(std::string_view data, std::vector<ChatEvent>& out) {
    if (data == "[DONE]") {
        return {};
    }
    const JsonMembers members(data);
    if (!members.valid()) {
        return malformed_answer("its stream holds an event that is not a JSON object");
    }
    const std::string type = members.text("type");
    const std::uint64_t index = members.count("index").value_or(0);
    const JsonMembers delta = members.object("delta");
    const JsonMembers message = delta.object("message");
    if (type == "content-delta" || type == "content-start") {
        add_content(message.object("content"), out);
        add_logprob(out, members.raw("logprobs"));
    } else if (type == "tool-call-delta") {
        add_arguments(index, message.object("tool_calls"), out);
    } else if (type == "tool-call-start") {
        begin_call(index, message.object("tool_calls"), out);
    } else if (type == "tool-plan-delta") {
        add_text_event(out, EventKind::reasoning, message.text("tool_plan"));
    } else if (type == "citation-start") {
        add_citation(out, message.raw("citations"));
    } else if (type == "message-start") {
        add_event(out, EventKind::begin, members.text("id"));
    } else if (type == "message-end") {
        end(delta, out);
    } else if (type.empty() && members.has("message")) {  // an error document instead of events
        fail_with(members.text("message"), "ERROR", out);
    }
    return {};
}

Result<void> CohereDecoder::document(std::string_view body, std::vector<ChatEvent>& out) {
    const JsonMembers answer(body);
    if (!answer.valid()) {
        return malformed_answer("it sent an answer that is not JSON");
    }
    const JsonMembers message = answer.object("message");
    if (!message.valid()) {
        return malformed_answer("it sent an answer without \"message\"");
    }
    add_event(out, EventKind::begin, answer.text("id"));
    add_text_event(out, EventKind::reasoning, message.text("tool_plan"));
    for (const std::string_view part : message.elements("content")) {
        add_content(JsonMembers(part), out);
    }
    for (const std::string_view item : answer.elements("logprobs")) {
        add_logprob(out, item);
    }
    std::uint64_t index = 0;
    for (const std::string_view call : message.elements("tool_calls")) {
        begin_call(index++, JsonMembers(call), out);
    }
    for (const std::string_view citation : message.elements("citations")) {
        add_citation(out, citation);
    }
    end(answer, out);
    return {};
}

std::string_view cohere_error_type(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 429:
            return "rate_limit_error";
        case 503:
            return "overloaded_error";
        default:
            return status >= 500 ? "server_error" : "invalid_request_error";
    }
}

}  // namespace

std::unique_ptr<AnswerDecoder> cohere_decoder(const ChatRequest& /*request*/,
                                              const WireTarget& /*target*/) {
    return std::make_unique<CohereDecoder>();
}

ProviderError read_cohere_error(int status, const ResponseHead& /*head*/, std::string_view body) {
    // Its own status for input or output that it blocks ("Errors"), which no client knows.
    constexpr int kBlocked = 498;
    ProviderError error;
    error.message = JsonMembers(body).text("message");
    error.type = cohere_error_type(status);
    error.status = status == kBlocked ? 400 : 0;
    return error;
}

}  // namespace llmgw
