// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_conversation.h"

#include <utility>

#include "common/base/json_io.h"

namespace llmgw {

namespace {

constexpr int kVersion = 1;

bool has_text(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string();
}

std::optional<Conversation> read_conversation(const Json& document) {
    if (!document.is_object() || document.value("version", Json()) != kVersion ||
        !has_text(document, "model") || !has_text(document, "system") ||
        !document.value("messages", Json()).is_array()) {
        return std::nullopt;
    }
    Conversation conversation;
    conversation.model = document["model"].get<std::string>();
    conversation.system = document["system"].get<std::string>();
    for (const Json& message : document["messages"]) {
        if (!message.is_object() || !has_text(message, "role") || !message.contains("content")) {
            return std::nullopt;
        }
        conversation.messages.push_back(
            {message["role"].get<std::string>(), print_json(message["content"])});
    }
    return conversation;
}

std::string readable(const std::string& content) {
    const auto document = parse_json(content);
    if (!document) {
        return {};
    }
    if (document->is_string()) {
        return document->get<std::string>();
    }
    std::string text;
    for (const Json& part : *document) {
        if (!text.empty()) {
            text += "\n\n";
        }
        if (part.is_object() && has_text(part, "text")) {
            text += part["text"].get<std::string>();
        } else {
            text += "*(an attachment)*";
        }
    }
    return text;
}

}  // namespace

std::string conversation_file(const Home& home) {
    return home.state_dir + "/conversation.json";
}

Result<std::optional<Conversation>> load_conversation(const Home& home) {
    const auto text = read_file(conversation_file(home));
    if (!text) {
        if (text.error().kind == Errc::not_found) {
            return std::nullopt;
        }
        return tl::unexpected<Error>(text.error());
    }
    if (const auto document = parse_json(*text)) {
        if (auto conversation = read_conversation(*document)) {
            return conversation;
        }
    }
    return fail(Errc::invalid_file, conversation_file(home) + " is not a conversation of llmgw",
                "remove it, or start a new conversation without -c");
}

Result<void> save_conversation(const Home& home, const Conversation& conversation) {
    Json messages = Json::array();
    for (const StoredMessage& message : conversation.messages) {
        auto content = parse_json(message.content);
        if (!content) {
            return tl::unexpected<Error>(content.error());
        }
        messages.push_back({{"role", message.role}, {"content", std::move(*content)}});
    }
    const Json document = {{"version", kVersion},
                           {"model", conversation.model},
                           {"system", conversation.system},
                           {"messages", std::move(messages)}};
    if (auto made = make_home(home); !made) {
        return made;
    }
    return write_private_file(conversation_file(home), print_json(document) + '\n');
}

std::string transcript(const Conversation& conversation) {
    std::string text = "# Conversation with " + conversation.model + "\n";
    if (!conversation.system.empty()) {
        text += "\n## System\n\n" + conversation.system + '\n';
    }
    for (const StoredMessage& message : conversation.messages) {
        text += message.role == "user" ? "\n## You\n\n" : "\n## Answer\n\n";
        text += readable(message.content) + '\n';
    }
    return text;
}

}  // namespace llmgw
