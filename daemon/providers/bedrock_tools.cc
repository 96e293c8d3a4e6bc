// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/bedrock_tools.h"

#include <algorithm>

#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::string_view kOpenSchema = R"({"type":"object","properties":{}})";

}  // namespace

bool forces_tool(const ChatRequest& request, const BedrockJsonOutput& json) {
    return json.kind == BedrockJsonOutput::Kind::forced_tool ||
           (!request.tools.empty() && (request.tool_choice.kind == ToolChoice::Kind::required ||
                                       request.tool_choice.kind == ToolChoice::Kind::named));
}

void BedrockTools::write(const std::vector<std::string>& called, JsonWriter& out) {
    const bool wanted =
        !request_.tools.empty() && request_.tool_choice.kind != ToolChoice::Kind::none;
    if (!wanted && !answers() && called.empty()) {
        return;
    }
    out.key("toolConfig").begin_object().key("tools").begin_array();
    const bool all = wanted || !called.empty();
    for (const ChatTool& tool : request_.tools) {
        if (all) {
            write_tool(tool, out);
        }
    }
    for (const std::string& name : called) {
        const bool known = std::any_of(request_.tools.begin(), request_.tools.end(),
                                       [&](const ChatTool& tool) { return tool.name == name; });
        if (!known) {
            ChatTool past;
            past.name = name;
            write_tool(past, out);
        }
    }
    if (answers()) {
        ChatTool answer;
        answer.name = json_.tool;
        answer.description = request_.response_format.description.empty()
                                 ? "Gives the answer. Call it exactly once, with the whole answer."
                                 : request_.response_format.description;
        answer.parameters = request_.response_format.schema;
        write_tool(answer, out);
    }
    out.end_array();
    write_choice(out);
    out.end_object();
}

void BedrockTools::write_tool(const ChatTool& tool, JsonWriter& out) {
    out.begin_object().key("toolSpec").begin_object().key("name").string(tool.name);
    if (!trim(tool.description).empty()) {  // AWS refuses blank ones
        out.key("description").string(tool.description);
    }
    out.key("inputSchema").begin_object().key("json");
    out.raw(tool.parameters.empty() ? kOpenSchema : tool.parameters).end_object();
    if (tool.strict == true && model_.native_schema()) {
        out.key("strict").boolean(true);
    } else if (tool.strict == true) {
        left_out_strict_ = true;
    }
    out.end_object().end_object();
    cache_.write(out, BedrockCachePoints::tools, tool.cache_control);
}

void BedrockTools::write_choice(JsonWriter& out) const {
    using Kind = ToolChoice::Kind;
    Kind kind = request_.tools.empty() ? Kind::unset : request_.tool_choice.kind;
    std::string_view name = request_.tool_choice.name;
    if (answers() && kind != Kind::named) {
        // With tools of the client's the model decides: to call one, or to answer.
        const bool only_answers = request_.tools.empty() || kind == Kind::none;
        kind = only_answers ? Kind::named : Kind::required;
        name = json_.tool;
    }
    if (kind == Kind::unset || kind == Kind::none) {
        return;
    }
    out.key("toolChoice").begin_object();
    if (kind == Kind::named) {
        out.key("tool").begin_object().key("name").string(name).end_object();
    } else {
        out.key(kind == Kind::required ? "any" : "auto").begin_object().end_object();
    }
    out.end_object();
}

}  // namespace llmgw
