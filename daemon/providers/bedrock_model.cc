// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/bedrock_model.h"

#include <algorithm>

#include "common/base/text.h"

namespace llmgw {

namespace {

// A version's part; -1 for other words, and for dates ("20250929").
int version_part(std::string_view word) {
    const bool digits =
        !word.empty() && word.size() <= 2 &&
        std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
    int value = 0;
    for (const char c : word) {
        value = value * 10 + (c - '0');
    }
    return digits ? value : -1;
}

// 405 of "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 307 of "…claude-3-7-sonnet-…", 1 of a
// Claude without a version that is known.
int claude_version(std::string_view id) {
    const std::size_t at = id.find("claude-");
    if (at == std::string_view::npos) {
        return 0;
    }
    const auto words = split(id.substr(at + 7), '-');
    for (std::size_t i = 0; i < words.size(); i++) {
        const int major = version_part(words[i]);
        if (major > 0) {
            const int minor = i + 1 < words.size() ? version_part(words[i + 1]) : 0;
            return major * 100 + std::max(minor, 0);
        }
    }
    return 1;
}

}  // namespace

BedrockModel::BedrockModel(const WireTarget& target)
    : mapping(target.mapping),
      id(target.mapping != nullptr ? target.mapping->upstream_id : target.model),
      claude(claude_version(id)),
      nova(id.find("amazon.nova") != std::string_view::npos) {}

bool BedrockModel::takes_sampling(std::string_view parameter) const {
    if (claude >= 407) {
        return false;
    }
    if (mapping == nullptr || mapping->supported_parameters.empty()) {
        return true;
    }
    const auto& known = mapping->supported_parameters;
    return std::find(known.begin(), known.end(), parameter) != known.end();
}

bool BedrockModel::native_schema() const {
    return mapping != nullptr && mapping->json_schema == Can::yes;
}

bool BedrockModel::calls_tools() const {
    return mapping == nullptr || mapping->tools != Can::no;
}

BedrockJsonOutput bedrock_json_output(const ChatRequest& request, const BedrockModel& model) {
    using Kind = BedrockJsonOutput::Kind;
    switch (request.response_format.kind) {
        case ResponseFormat::Kind::text:
            return {};
        case ResponseFormat::Kind::json_object:
            // A tool without a schema gets empty objects.
            return {Kind::instruction, {}};
        case ResponseFormat::Kind::json_schema:
            break;
    }
    if (model.native_schema()) {
        return {Kind::native, {}};
    }
    if (!model.calls_tools()) {
        return {Kind::instruction, {}};
    }
    std::string name = request.response_format.name.substr(0, 48);
    std::replace_if(
        name.begin(), name.end(),
        [](char c) {
            return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '-');
        },
        '_');
    // Apart from the client's tools, whatever those are called.
    name = "answer_" + (name.empty() ? "json" : name);
    while (std::any_of(request.tools.begin(), request.tools.end(),
                       [&](const ChatTool& tool) { return tool.name == name; })) {
        name += '_';
    }
    return {Kind::forced_tool, std::move(name)};
}

}  // namespace llmgw
