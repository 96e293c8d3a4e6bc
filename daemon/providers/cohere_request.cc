// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/json_scan.h"
#include "common/base/json_writer.h"
#include "daemon/providers/cohere.h"
#include "daemon/providers/request_parts.h"

namespace llmgw {

namespace {

using Role = ChatMessage::Role;
using PartKind = ContentPart::Kind;

// The ranges of the API reference ("Chat", version 2).
constexpr double kLeastTopP = 0.01;
constexpr double kMostTopP = 0.99;
constexpr double kMostPenalty = 1;
constexpr std::uint64_t kMostTopK = 500;
constexpr std::size_t kMostStops = 5;

// Writes one request and notes what it had to change.
class CohereEncoder {
  public:
    CohereEncoder(const ChatRequest& request, const WireTarget& target)
        : request_(request), target_(target) {}
    Result<AdaptedRequest> encode();

  private:
    Result<void> write_message(const ChatMessage& message, std::size_t index);
    Result<void> write_content(const ChatMessage& message, std::size_t index);
    Result<void> write_part(const ContentPart& part, const std::string& path);
    void write_assistant(const ChatMessage& message);
    void write_calls(const std::vector<ToolCall>& calls);
    void write_result(const ChatMessage& message);
    Result<void> write_tools();
    void write_tool(const ChatTool& tool);
    [[nodiscard]] bool rejects(std::string_view field) const;
    void write_response_format();
    void write_thinking();
    void write_sampling();
    void write_clamped(const char* name, const char* from, std::optional<double> value,
                       double least, double most);
    void note_dropped();
    void drop(const char* name, bool is_set) {
        if (is_set) {
            out_.dropped.emplace_back(name);
        }
    }

    const ChatRequest& request_;
    const WireTarget& target_;
    AdaptedRequest out_;
    JsonWriter json_;
};

Result<void> CohereEncoder::write_part(const ContentPart& part, const std::string& path) {
    if (part.kind == PartKind::text || part.kind == PartKind::refusal) {
        json_.begin_object().key("type").string("text").key("text").string(part.text).end_object();
        return {};
    }
    if (part.kind != PartKind::image || !part.file_id.empty()) {
        return cannot_express("Cohere takes texts and images only", path);
    }
    json_.begin_object().key("type").string("image_url").key("image_url").begin_object();
    json_.key("url").string(part_url(part));
    if (!part.detail.empty()) {
        json_.key("detail").string(part.detail);
    }
    json_.end_object().end_object();
    return {};
}

Result<void> CohereEncoder::write_content(const ChatMessage& message, std::size_t index) {
    json_.key("content");
    if (message.content.size() <= 1 && (message.content.empty() || is_text(message.content[0]))) {
        json_.string(joined_text(message));
        return {};
    }
    json_.begin_array();
    for (std::size_t i = 0; i < message.content.size(); i++) {
        if (auto done = write_part(message.content[i], part_path(index, i)); !done) {
            return done;
        }
    }
    json_.end_array();
    return {};
}

void CohereEncoder::write_calls(const std::vector<ToolCall>& calls) {
    json_.key("tool_calls").begin_array();
    for (const ToolCall& call : calls) {
        json_.begin_object().key("id").string(call.id).key("type").string("function");
        json_.key("function").begin_object().key("name").string(call.name);
        json_.key("arguments").string(call.arguments).end_object().end_object();
    }
    json_.end_array();
}

void CohereEncoder::write_assistant(const ChatMessage& message) {
    const std::string text = joined_text(message);
    if (message.tool_calls.empty()) {
        json_.key("content").string(text);
        return;
    }
    // What is said before calling tools is the plan to do so.
    if (!text.empty()) {
        json_.key("tool_plan").string(text);
    }
    write_calls(message.tool_calls);
}

// Results are documents, so that the model can cite them: objects as they are, others as a text.
void CohereEncoder::write_result(const ChatMessage& message) {
    const std::string text = joined_text(message);
    json_.key("tool_call_id").string(message.tool_call_id).key("content").begin_array();
    json_.begin_object().key("type").string("document").key("document").begin_object().key("data");
    if (scan_object(text)) {
        json_.raw(text);
    } else {
        json_.begin_object().key("text").string(text).end_object();
    }
    json_.end_object().end_object().end_array();
}

Result<void> CohereEncoder::write_message(const ChatMessage& message, std::size_t index) {
    if (message.role == Role::assistant && message.tool_calls.empty() &&
        joined_text(message).empty()) {
        return {};  // a turn without content is refused, and says nothing
    }
    if (message.role != Role::user) {
        const auto other =
            std::find_if_not(message.content.begin(), message.content.end(), is_text);
        if (other != message.content.end()) {
            const auto at = static_cast<std::size_t>(other - message.content.begin());
            return cannot_express("Cohere takes images from the user only", part_path(index, at));
        }
    }
    json_.begin_object().key("role");
    Result<void> done;
    switch (message.role) {
        case Role::user:
            json_.string("user");
            done = write_content(message, index);
            break;
        case Role::assistant:
            json_.string("assistant");
            write_assistant(message);
            break;
        case Role::tool:
            json_.string("tool");
            write_result(message);
            break;
        case Role::system:
        case Role::developer:
            json_.string("system");
            done = write_content(message, index);
            break;
    }
    json_.end_object();
    return done;
}

void CohereEncoder::write_tool(const ChatTool& tool) {
    json_.begin_object().key("type").string("function").key("function").begin_object();
    json_.key("name").string(tool.name);
    if (!tool.description.empty()) {
        json_.key("description").string(tool.description);
    }
    json_.key("parameters");
    json_.raw(tool.parameters.empty() ? R"({"type":"object","properties":{}})"
                                      : std::string_view(tool.parameters));
    json_.end_object().end_object();
}

bool CohereEncoder::rejects(std::string_view field) const {
    const Mapping* const mapping = target_.mapping;
    return mapping != nullptr &&
           std::count(mapping->rejects.begin(), mapping->rejects.end(), field) > 0;
}

Result<void> CohereEncoder::write_tools() {
    const ToolChoice& choice = request_.tool_choice;
    const bool none = choice.kind == ToolChoice::Kind::none;
    const bool no_choice = rejects("tool_choice");
    if (request_.tools.empty() || (none && no_choice)) {
        return {};
    }
    const bool named = choice.kind == ToolChoice::Kind::named;
    const auto is_wanted = [&](const ChatTool& tool) { return !named || tool.name == choice.name; };
    if (std::none_of(request_.tools.begin(), request_.tools.end(), is_wanted)) {
        return cannot_express("\"tool_choice\" names a tool that is not among \"tools\"",
                              "tool_choice");
    }
    // One certain tool cannot be asked for; being forced to use one when there is only that can.
    bool strict = true;
    bool some_strict = false;
    json_.key("tools").begin_array();
    for (const ChatTool& tool : request_.tools) {
        if (is_wanted(tool)) {
            write_tool(tool);
            strict = strict && tool.strict.value_or(false);
            some_strict = some_strict || tool.strict.value_or(false);
        }
    }
    json_.end_array();
    // It holds for all tools or for none.
    if (strict) {
        json_.key("strict_tools").boolean(true);
    }
    drop("tools.strict", some_strict && !strict);
    const bool required = named || choice.kind == ToolChoice::Kind::required;
    if ((required || none) && !no_choice) {
        json_.key("tool_choice").string(none ? "NONE" : "REQUIRED");
    }
    drop("tool_choice", required && no_choice);
    return {};
}

void CohereEncoder::write_response_format() {
    const ResponseFormat& format = request_.response_format;
    if (format.kind == ResponseFormat::Kind::text) {
        return;
    }
    json_.key("response_format").begin_object().key("type").string("json_object");
    if (format.kind == ResponseFormat::Kind::json_schema) {
        json_.key("json_schema")
            .raw(format.schema.empty() ? "{}" : std::string_view(format.schema));
    }
    json_.end_object();
}

void CohereEncoder::write_thinking() {
    const bool asked = !request_.reasoning_effort.empty() || request_.reasoning_budget;
    if (!asked) {
        return;
    }
    if (target_.mapping != nullptr && target_.mapping->reasoning == Can::no) {
        drop("reasoning_effort", request_.reasoning_effort != "none");
        return;
    }
    const bool off = request_.reasoning_effort == "none";
    json_.key("thinking").begin_object().key("type").string(off ? "disabled" : "enabled");
    if (!off && request_.reasoning_budget) {
        json_.key("token_budget").number(*request_.reasoning_budget);
    }
    json_.end_object();
}

void CohereEncoder::write_clamped(const char* name, const char* from, std::optional<double> value,
                                  double least, double most) {
    if (!value) {
        return;
    }
    const double taken = std::clamp(*value, least, most);
    json_.key(name).number(taken);
    if (taken != *value) {
        out_.clamped.emplace_back(from);
    }
}

void CohereEncoder::write_sampling() {
    if (request_.max_tokens) {
        json_.key("max_tokens").number(*request_.max_tokens);
    }
    if (request_.temperature) {
        json_.key("temperature").number(*request_.temperature);
    }
    write_clamped("p", "top_p", request_.top_p, kLeastTopP, kMostTopP);
    if (request_.top_k) {
        json_.key("k").number(std::min(*request_.top_k, kMostTopK));
        if (*request_.top_k > kMostTopK) {
            out_.clamped.emplace_back("top_k");
        }
    }
    write_clamped("frequency_penalty", "frequency_penalty", request_.frequency_penalty, 0,
                  kMostPenalty);
    write_clamped("presence_penalty", "presence_penalty", request_.presence_penalty, 0,
                  kMostPenalty);
    if (request_.seed && *request_.seed >= 0) {
        json_.key("seed").number(*request_.seed);
    }
    drop("seed", request_.seed && *request_.seed < 0);
    if (request_.logprobs) {
        json_.key("logprobs").boolean(true);
    }
    if (request_.stop.empty()) {
        return;
    }
    json_.key("stop_sequences").begin_array();
    for (std::size_t i = 0; i < request_.stop.size() && i < kMostStops; i++) {
        json_.string(request_.stop[i]);
    }
    json_.end_array();
    if (request_.stop.size() > kMostStops) {
        out_.clamped.emplace_back("stop");
    }
}

void CohereEncoder::note_dropped() {
    // It tells nothing of the tokens that it did not choose.
    drop("top_logprobs", request_.top_logprobs.value_or(0) != 0);
    drop("logit_bias", !request_.logit_bias.empty());
    drop("user", !request_.user.empty());
    drop("service_tier", !request_.service_tier.empty());
    drop("web_search_options", request_.web_search);
    drop("parallel_tool_calls", !request_.parallel_tool_calls.value_or(true));
}

Result<AdaptedRequest> CohereEncoder::encode() {
    if (request_.n > 1) {
        return cannot_express("Cohere gives one answer a request: \"n\" must be 1", "n");
    }
    out_.path = "/chat";
    out_.dropped = request_.others;
    json_.begin_object().key("model").string(target_.model);
    json_.key("stream").boolean(request_.stream).key("messages").begin_array();
    for (std::size_t i = 0; i < request_.messages.size(); i++) {
        if (auto done = write_message(request_.messages[i], i); !done) {
            return tl::unexpected(std::move(done.error()));
        }
    }
    json_.end_array();
    if (auto done = write_tools(); !done) {
        return tl::unexpected(std::move(done.error()));
    }
    write_response_format();
    write_thinking();
    write_sampling();
    note_dropped();
    json_.end_object();
    out_.body.push_back(out_.owned.emplace_back(json_.take()));
    return std::move(out_);
}

}  // namespace

Result<AdaptedRequest> encode_cohere(const ChatRequest& request, const WireTarget& target) {
    return CohereEncoder(request, target).encode();
}

}  // namespace llmgw
