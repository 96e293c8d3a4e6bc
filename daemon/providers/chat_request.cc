// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/chat_request.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "daemon/providers/chat_message.h"
#include "daemon/providers/request_object.h"

namespace llmgw {

namespace {

// Fields that are read into the canonical form, and those that speak to llmgw or only to OpenAI's
// own storage. All others are reported as dropped.
constexpr std::string_view kKnown[] = {
    "model",
    "messages",
    "stream",
    "stream_options",
    "routing",
    "store",
    "metadata",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "n",
    "stop",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "user",
    "safety_identifier",
    "service_tier",
    "web_search_options",
};

constexpr std::string_view kEfforts[] = {"none", "minimal", "low", "medium",
                                         "high", "xhigh",   "max"};

void read_tools(RequestObject& body, ChatRequest& out) {
    for (RequestObject& in : body.objects("tools")) {
        const std::string type = in.required_text("type");
        if (type == "web_search") {
            out.web_search = true;
            continue;
        }
        if (type != "function") {
            in.refuse("type", "must be function", kUnsupported);
            continue;
        }
        RequestObject function = in.object("function");
        ChatTool tool;
        tool.name = function.required_text("name");
        tool.description = function.text("description");
        tool.parameters = function.object_text("parameters");
        tool.strict = function.boolean("strict");
        tool.cache_control = in.object_text("cache_control");
        if (tool.cache_control.empty()) {
            tool.cache_control = function.object_text("cache_control");
        }
        out.tools.push_back(std::move(tool));
    }
}

void read_tool_choice(RequestObject& body, ToolChoice& out) {
    const JsonField* const choice = body.find("tool_choice");
    if (choice == nullptr) {
        return;
    }
    if (json_kind(choice->value) == JsonKind::object) {
        RequestObject named = body.object("tool_choice");
        if (named.text("type") != "function") {
            named.refuse("type", "must be function", kUnsupported);
        }
        out.kind = ToolChoice::Kind::named;
        out.name = named.object("function").required_text("name");
        return;
    }
    const std::string word = body.text("tool_choice");
    if (word == "auto") {
        out.kind = ToolChoice::Kind::automatic;
    } else if (word == "none") {
        out.kind = ToolChoice::Kind::none;
    } else if (word == "required") {
        out.kind = ToolChoice::Kind::required;
    } else {
        body.refuse("tool_choice", "must be auto, none, required or a function");
    }
}

void read_response_format(RequestObject& body, ResponseFormat& out) {
    if (body.find("response_format") == nullptr) {
        return;
    }
    RequestObject format = body.object("response_format");
    const std::string type = format.required_text("type");
    if (type == "json_object") {
        out.kind = ResponseFormat::Kind::json_object;
    } else if (type == "json_schema") {
        out.kind = ResponseFormat::Kind::json_schema;
        RequestObject schema = format.object("json_schema");
        out.name = schema.text("name");
        out.description = schema.text("description");
        out.schema = schema.object_text("schema");
        out.strict = schema.boolean("strict");
        if (out.schema.empty()) {
            schema.refuse("schema", "is required", "missing_required_parameter");
        }
    } else if (type != "text") {
        format.refuse("type", "must be text, json_object or json_schema");
    }
}

void read_stop(RequestObject& body, std::vector<std::string>& out) {
    const JsonField* const stop = body.find("stop");
    if (stop == nullptr) {
        return;
    }
    if (auto text = json_text(stop->value)) {
        out.push_back(std::move(*text));
        return;
    }
    const auto elements = scan_array(stop->value);
    if (!elements) {
        body.refuse("stop", "must be a string or an array of strings", "invalid_type");
        return;
    }
    for (std::size_t i = 0; i < elements->size(); i++) {
        auto text = json_text((*elements)[i]);
        if (!text) {
            body.refuse("stop[" + std::to_string(i) + "]", "must be a string", "invalid_type");
            return;
        }
        out.push_back(std::move(*text));
    }
}

// An effort in one of three dialects: OpenAI's, OpenRouter's and Anthropic's.
void read_reasoning(RequestObject& body, ChatRequest& out) {
    RequestObject reasoning = body.object("reasoning");
    RequestObject thinking = body.object("thinking");
    const std::string type = thinking.text("type");
    const auto enabled = reasoning.boolean("enabled");
    out.reasoning_budget = reasoning.count("max_tokens");
    if (!out.reasoning_budget) {
        out.reasoning_budget = thinking.count("budget_tokens");
    }
    out.reasoning_effort = body.text("reasoning_effort");
    const char* const name = out.reasoning_effort.empty() ? "reasoning.effort" : "reasoning_effort";
    if (out.reasoning_effort.empty()) {
        out.reasoning_effort = reasoning.text("effort");
    }
    if (!out.reasoning_effort.empty()) {
        if (std::find(std::begin(kEfforts), std::end(kEfforts), out.reasoning_effort) ==
            std::end(kEfforts)) {
            body.refuse(name, "must be none, minimal, low, medium, high, xhigh or max");
        }
    } else if (enabled == false || type == "disabled") {
        out.reasoning_effort = "none";
    } else if (type == "adaptive") {
        out.reasoning_effort = "high";  // Anthropic's own default there
    } else if (enabled == true && !out.reasoning_budget) {
        out.reasoning_effort = "medium";
    }
}

void read_sampling(RequestObject& body, ChatRequest& out) {
    out.max_tokens = body.count("max_completion_tokens");
    const auto older_name = body.count("max_tokens");
    if (!out.max_tokens) {
        out.max_tokens = older_name;
    }
    out.temperature = body.number("temperature");
    out.top_p = body.number("top_p");
    out.top_k = body.count("top_k");
    out.presence_penalty = body.number("presence_penalty");
    out.frequency_penalty = body.number("frequency_penalty");
    out.seed = body.integer("seed");
    out.n = body.count("n").value_or(1);
    if (out.n == 0) {
        body.refuse("n", "must be at least 1");
    }
    read_stop(body, out.stop);
    out.logprobs = body.boolean("logprobs").value_or(false);
    out.top_logprobs = body.count("top_logprobs");
    out.logit_bias = body.object_text("logit_bias");
    if (scan_object(out.logit_bias).value_or(std::vector<JsonField>()).empty()) {
        out.logit_bias.clear();
    }
}

// A member that asks for nothing that would not happen without it.
bool is_idle(const JsonField& field) {
    return json_kind(field.value) == JsonKind::null ||
           (key_is(field, "modalities") && field.value == R"(["text"])");
}

// They go into a header, so there are bounds to them.
void list_others(const RequestObject& body, std::vector<std::string>& out) {
    constexpr std::size_t kMaxOthers = 32;
    constexpr std::size_t kMaxName = 64;
    for (const JsonField& field : body.fields()) {
        if (out.size() == kMaxOthers) {
            return;
        }
        const bool known = std::any_of(std::begin(kKnown), std::end(kKnown),
                                       [&](std::string_view name) { return key_is(field, name); });
        if (!known && !is_idle(field)) {
            out.push_back(printable(
                json_text("\"" + std::string(field.key) + "\"").value_or("").substr(0, kMaxName)));
        }
    }
}

}  // namespace

Result<ChatRequest> read_chat_request(const InferenceCall& call) {
    std::optional<Error> error;
    RequestObject body(call.fields, error);
    ChatRequest out;
    out.stream = call.stream;
    out.messages = read_chat_messages(body);
    read_tools(body, out);
    read_tool_choice(body, out.tool_choice);
    out.parallel_tool_calls = body.boolean("parallel_tool_calls");
    read_response_format(body, out.response_format);
    read_sampling(body, out);
    read_reasoning(body, out);
    out.user = body.text("user");
    if (out.user.empty()) {
        out.user = body.text("safety_identifier");
    }
    out.service_tier = body.text("service_tier");
    out.web_search = out.web_search || body.find("web_search_options") != nullptr;
    list_others(body, out.others);
    if (error) {
        return tl::unexpected(std::move(*error));
    }
    return out;
}

}  // namespace llmgw
