// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_request.h"

#include <array>
#include <utility>

#include "cli/chat_model.h"
#include "common/base/json_io.h"

namespace llmgw {

namespace {

struct OwnedField {
    std::string_view field;
    std::string_view flag;
};
constexpr std::array<OwnedField, 3> kOwnedFields = {{
    {"model", "-m"},
    {"messages", "the prompt, -s and -c"},
    {"stream", "--no-stream"},
}};

Result<void> add_options(const ChatOptions& options, Json& body) {
    for (const auto& [key, value] : options.options) {
        for (const OwnedField& owned : kOwnedFields) {
            if (key == owned.field) {
                return fail(Errc::usage, "-o cannot set " + key, "use " + std::string(owned.flag));
            }
        }
        // `-o user=alice` means the string; so does what only looks like JSON.
        auto document = parse_json(value);
        body[key] = document ? std::move(*document) : Json(value);
    }
    return {};
}

}  // namespace

Result<std::string> request_body(const ChatOptions& options, const Conversation& conversation,
                                 const std::string& schema) {
    Json messages = Json::array();
    if (!conversation.system.empty()) {
        messages.push_back({{"role", "system"}, {"content", conversation.system}});
    }
    for (const StoredMessage& message : conversation.messages) {
        auto content = parse_json(message.content);
        if (!content) {
            return tl::unexpected<Error>(content.error());
        }
        messages.push_back({{"role", message.role}, {"content", std::move(*content)}});
    }
    Json body = {{"model", conversation.model}, {"messages", std::move(messages)}};
    if (!options.no_stream) {
        body["stream"] = true;
        body["stream_options"] = {{"include_usage", true}};
    }
    if (options.temperature) {
        body["temperature"] = *options.temperature;
    }
    if (options.max_tokens) {
        body[wants_max_completion_tokens(conversation.model) ? "max_completion_tokens"
                                                             : "max_tokens"] = *options.max_tokens;
    }
    if (!schema.empty()) {
        auto document = parse_json(schema);
        if (!document) {
            return tl::unexpected<Error>(document.error());
        }
        body["response_format"] = {
            {"type", "json_schema"},
            {"json_schema",
             {{"name", "answer"}, {"strict", true}, {"schema", std::move(*document)}}}};
    }
    if (auto added = add_options(options, body); !added) {
        return tl::unexpected<Error>(added.error());
    }
    return print_json(body);
}

}  // namespace llmgw
