// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "common/base/json_writer.h"
#include "daemon/providers/azure.h"
#include "daemon/providers/request_parts.h"
#include "daemon/providers/responses.h"

namespace llmgw {

namespace {

using Role = ChatMessage::Role;
using PartKind = ContentPart::Kind;

// Smaller limits are answered with 400, `integer_below_min_value`.
constexpr std::uint64_t kLeastOutputTokens = 16;

std::string_view role_name(Role role) {
    switch (role) {
        case Role::system:
            return "system";
        case Role::developer:
            return "developer";
        case Role::assistant:
            return "assistant";
        default:
            return "user";
    }
}

void write_image(JsonWriter& json, const ContentPart& part) {
    json.begin_object().key("type").string("input_image");
    if (part.file_id.empty()) {
        json.key("image_url").string(part_url(part));
    } else {
        json.key("file_id").string(part.file_id);
    }
    json.key("detail").string(part.detail.empty() ? "auto" : part.detail).end_object();
}

void write_file(JsonWriter& json, const ContentPart& part) {
    json.begin_object().key("type").string("input_file");
    if (!part.file_id.empty()) {
        json.key("file_id").string(part.file_id);
    } else if (!part.data.empty()) {
        const bool pdf = part.media_type == "application/pdf";
        const std::string name = !part.filename.empty() ? part.filename : pdf ? "file.pdf" : "file";
        json.key("filename").string(name).key("file_data").string(part_url(part));
    } else {
        json.key("file_url").string(part.url);
    }
    json.end_object();
}

// What a user, a system message or a tool says.
Result<void> write_input_part(JsonWriter& json, const ContentPart& part, const std::string& path) {
    switch (part.kind) {
        case PartKind::image:
            write_image(json, part);
            return {};
        case PartKind::file:
            write_file(json, part);
            return {};
        case PartKind::audio:
            return cannot_express("the Responses API takes no audio", path);
        default:
            json.begin_object().key("type").string("input_text");
            json.key("text").string(part.text).end_object();
            return {};
    }
}

Result<void> write_input_parts(JsonWriter& json, const ChatMessage& message, std::size_t index) {
    json.begin_array();
    for (std::size_t i = 0; i < message.content.size(); i++) {
        if (auto done = write_input_part(json, message.content[i], part_path(index, i)); !done) {
            return done;
        }
    }
    json.end_array();
    return {};
}

// What was said by the model: other types of content are refused for its role.
Result<void> write_output_parts(JsonWriter& json, const ChatMessage& message, std::size_t index) {
    json.begin_array();
    for (std::size_t i = 0; i < message.content.size(); i++) {
        const ContentPart& part = message.content[i];
        if (part.kind == PartKind::refusal) {
            json.begin_object().key("type").string("refusal").key("refusal").string(part.text);
        } else if (part.kind == PartKind::text) {
            json.begin_object().key("type").string("output_text").key("text").string(part.text);
        } else {
            return cannot_express("the Responses API takes only text from the assistant",
                                  part_path(index, i));
        }
        json.end_object();
    }
    json.end_array();
    return {};
}

bool is_own(const ReasoningDetail& detail) {
    return detail.format == kResponsesReasoning;
}

// The items of thought: one for each encrypted detail, with its summary if that came along. Nothing
// of it is kept at the provider, so an item without its encrypted content would not be found.
void write_reasoning(JsonWriter& json, const std::vector<ReasoningDetail>& details) {
    for (const ReasoningDetail& item : details) {
        if (!is_own(item) || item.kind != ReasoningDetail::Kind::encrypted) {
            continue;
        }
        json.begin_object().key("type").string("reasoning");
        if (!item.id.empty()) {
            json.key("id").string(item.id);
        }
        json.key("encrypted_content").string(item.data).key("summary").begin_array();
        for (const ReasoningDetail& other : details) {
            if (is_own(other) && other.kind == ReasoningDetail::Kind::summary &&
                other.id == item.id) {
                json.begin_object().key("type").string("summary_text");
                json.key("text").string(other.text).end_object();
            }
        }
        json.end_array().end_object();
    }
}

bool says_something(const ChatMessage& message) {
    return std::any_of(message.content.begin(), message.content.end(), [](const ContentPart& part) {
        return part.kind != PartKind::text || !part.text.empty();
    });
}

Result<void> write_assistant(JsonWriter& json, const ChatMessage& message, std::size_t index) {
    // A thought must be followed by what came of it (400: "without its required following item").
    if (says_something(message) || !message.tool_calls.empty()) {
        write_reasoning(json, message.reasoning);
    }
    if (says_something(message)) {
        json.begin_object().key("type").string("message").key("role").string("assistant");
        json.key("content");
        if (auto done = write_output_parts(json, message, index); !done) {
            return done;
        }
        json.end_object();
    }
    for (const ToolCall& call : message.tool_calls) {
        json.begin_object().key("type").string("function_call").key("call_id").string(call.id);
        json.key("name").string(call.name).key("arguments").string(call.arguments).end_object();
    }
    return {};
}

Result<void> write_message(JsonWriter& json, const ChatMessage& message, std::size_t index) {
    if (message.role == Role::assistant) {
        return write_assistant(json, message, index);
    }
    json.begin_object();
    if (message.role == Role::tool) {
        json.key("type").string("function_call_output");
        json.key("call_id").string(message.tool_call_id).key("output");
    } else {
        json.key("type").string("message").key("role").string(role_name(message.role));
        json.key("content");
    }
    const bool plain = std::all_of(message.content.begin(), message.content.end(),
                                   [](const ContentPart& p) { return p.kind == PartKind::text; });
    if (plain && message.content.size() <= 1) {
        json.string(joined_text(message));
    } else if (auto done = write_input_parts(json, message, index); !done) {
        return done;
    }
    json.end_object();
    return {};
}

void write_tools(JsonWriter& json, const ChatRequest& request) {
    if (request.tools.empty() && !request.web_search) {
        return;
    }
    json.key("tools").begin_array();
    for (const ChatTool& tool : request.tools) {
        json.begin_object().key("type").string("function").key("name").string(tool.name);
        if (!tool.description.empty()) {
            json.key("description").string(tool.description);
        }
        json.key("parameters");
        json.raw(tool.parameters.empty() ? R"({"type":"object","properties":{}})"
                                         : std::string_view(tool.parameters));
        // Left out it would mean true here, and false in a chat completion.
        json.key("strict").boolean(tool.strict.value_or(false)).end_object();
    }
    if (request.web_search) {
        json.begin_object().key("type").string("web_search").end_object();
    }
    json.end_array();
    const ToolChoice& choice = request.tool_choice;
    switch (choice.kind) {
        case ToolChoice::Kind::unset:
            break;
        case ToolChoice::Kind::automatic:
            json.key("tool_choice").string("auto");
            break;
        case ToolChoice::Kind::none:
            json.key("tool_choice").string("none");
            break;
        case ToolChoice::Kind::required:
            json.key("tool_choice").string("required");
            break;
        case ToolChoice::Kind::named:
            json.key("tool_choice").begin_object().key("type").string("function");
            json.key("name").string(choice.name).end_object();
            break;
    }
    if (request.parallel_tool_calls) {
        json.key("parallel_tool_calls").boolean(*request.parallel_tool_calls);
    }
}

void write_text_format(JsonWriter& json, const ResponseFormat& format) {
    if (format.kind == ResponseFormat::Kind::text) {
        return;
    }
    json.key("text").begin_object().key("format").begin_object().key("type");
    if (format.kind == ResponseFormat::Kind::json_object) {
        json.string("json_object");
    } else {
        json.string("json_schema").key("name").string(format.name);
        if (!format.description.empty()) {
            json.key("description").string(format.description);
        }
        json.key("schema").raw(format.schema.empty() ? "{}" : std::string_view(format.schema));
        if (format.strict) {
            json.key("strict").boolean(*format.strict);
        }
    }
    json.end_object().end_object();
}

// Levels of effort for a budget in tokens, which this API does not know.
std::string_view effort_for(std::uint64_t budget) {
    constexpr std::uint64_t kLow = 4'096;
    constexpr std::uint64_t kMedium = 16'384;
    return budget <= kLow ? "low" : budget <= kMedium ? "medium" : "high";
}

// Which of the fields that a model may reject it does reject.
class FieldFilter {
  public:
    FieldFilter(const WireTarget& target, AdaptedRequest& out) : target_(target), out_(out) {}

    /// Whether a field that `is_set` may be sent; otherwise it is named to the client.
    bool takes(std::string_view name, bool is_set) {
        const auto* const mapping = target_.mapping;
        if (!is_set) {
            return false;
        }
        if (mapping != nullptr && std::find(mapping->rejects.begin(), mapping->rejects.end(),
                                            name) != mapping->rejects.end()) {
            out_.dropped.emplace_back(name);
            return false;
        }
        return true;
    }
    /// Names a field that is set but has no place in this API.
    void drop(std::string_view name, bool is_set) {
        if (is_set) {
            out_.dropped.emplace_back(name);
        }
    }

  private:
    const WireTarget& target_;
    AdaptedRequest& out_;
};

void write_reasoning_options(JsonWriter& json, const ChatRequest& request,
                             const WireTarget& target) {
    std::string_view effort = request.reasoning_effort;
    if (effort.empty() && request.reasoning_budget) {
        effort = effort_for(*request.reasoning_budget);
    }
    if (effort.empty()) {
        return;
    }
    json.key("reasoning").begin_object().key("effort").string(effort);
    // Organisations that are not verified are refused a summary, so it can be switched off.
    if (effort != "none" && target.option("reasoning_summary") != "none") {
        json.key("summary").string("auto");
    }
    json.end_object();
}

// Further parts of the answer that are asked for.
void write_include(JsonWriter& json, const ChatRequest& request, const WireTarget& target) {
    // Models that do not reason answer with 400 when asked for encrypted thoughts.
    const bool reasons = target.mapping != nullptr && target.mapping->reasoning == Can::yes;
    if (!reasons && !request.logprobs) {
        return;
    }
    json.key("include").begin_array();
    if (reasons) {
        json.string("reasoning.encrypted_content");
    }
    if (request.logprobs) {
        json.string("message.output_text.logprobs");
    }
    json.end_array();
}

void write_sampling(JsonWriter& json, const ChatRequest& request, const WireTarget& target,
                    AdaptedRequest& out) {
    FieldFilter fields(target, out);
    if (request.max_tokens) {
        json.key("max_output_tokens").number(std::max(*request.max_tokens, kLeastOutputTokens));
        if (*request.max_tokens < kLeastOutputTokens) {
            out.clamped.emplace_back("max_tokens");
        }
    }
    if (fields.takes("temperature", request.temperature.has_value())) {
        json.key("temperature").number(*request.temperature);
    }
    if (fields.takes("top_p", request.top_p.has_value())) {
        json.key("top_p").number(*request.top_p);
    }
    if (fields.takes("top_logprobs", request.top_logprobs.has_value())) {
        json.key("top_logprobs").number(*request.top_logprobs);
    }
    fields.drop("top_k", request.top_k.has_value());
    fields.drop("presence_penalty", request.presence_penalty.has_value());
    fields.drop("frequency_penalty", request.frequency_penalty.has_value());
    fields.drop("seed", request.seed.has_value());
    fields.drop("stop", !request.stop.empty());
    fields.drop("logit_bias", !request.logit_bias.empty());
    const auto& messages = request.messages;
    fields.drop("messages.name", std::any_of(messages.begin(), messages.end(),
                                             [](const auto& m) { return !m.name.empty(); }));
}

}  // namespace

Result<AdaptedRequest> encode_responses(const ChatRequest& request, const WireTarget& target) {
    if (request.n > 1) {
        return cannot_express("the Responses API gives one answer a request: \"n\" must be 1", "n");
    }
    AdaptedRequest out;
    out.path = "/responses";
    out.dropped = request.others;
    JsonWriter json;
    json.begin_object().key("model").string(azure_deployment(target));
    json.key("input").begin_array();
    for (std::size_t i = 0; i < request.messages.size(); i++) {
        if (auto done = write_message(json, request.messages[i], i); !done) {
            return tl::unexpected(std::move(done.error()));
        }
    }
    json.end_array();
    write_tools(json, request);
    write_text_format(json, request.response_format);
    write_reasoning_options(json, request, target);
    write_include(json, request, target);
    write_sampling(json, request, target, out);
    if (!request.user.empty()) {
        json.key("user").string(request.user);
    }
    if (!request.service_tier.empty()) {
        json.key("service_tier").string(request.service_tier);
    }
    json.key("store").boolean(false);
    if (request.stream) {
        json.key("stream").boolean(true);
    }
    json.end_object();
    out.body.push_back(out.owned.emplace_back(json.take()));
    return out;
}

}  // namespace llmgw
