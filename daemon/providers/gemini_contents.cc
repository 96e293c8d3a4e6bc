// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/providers/gemini_request.h"

namespace llmgw {

namespace {

constexpr std::string_view kFormat = "google-gemini-v1";
// Google's documented way to continue a conversation whose signatures are lost: Gemini 3 answers a
// function call without one with an error (ai.google.dev/gemini-api/docs/thought-signatures).
constexpr std::string_view kNoSignature = "skip_thought_signature_validator";

struct MediaType {
    std::string_view extension;
    std::string_view type;
};
constexpr MediaType kMediaTypes[] = {
    {".png", "image/png"},       {".jpg", "image/jpeg"},     {".jpeg", "image/jpeg"},
    {".webp", "image/webp"},     {".gif", "image/gif"},      {".heic", "image/heic"},
    {".heif", "image/heif"},     {".mp3", "audio/mpeg"},     {".wav", "audio/wav"},
    {".pdf", "application/pdf"}, {".txt", "text/plain"},     {".md", "text/markdown"},
    {".mp4", "video/mp4"},       {".mov", "video/quicktime"}};

// Gemini does not look at the content: every piece of media needs its type.
std::string media_type(const ContentPart& part) {
    if (!part.media_type.empty()) {
        return part.media_type;
    }
    const std::string_view url = part.url.empty() ? part.filename : part.url;
    const std::string name = to_lower(url.substr(0, url.find_first_of("?#")));
    for (const MediaType& known : kMediaTypes) {
        if (name.ends_with(known.extension)) {
            return std::string(known.type);
        }
    }
    switch (part.kind) {
        case ContentPart::Kind::audio:
            return "audio/wav";
        case ContentPart::Kind::file:
            return "application/pdf";
        default:
            return "image/jpeg";
    }
}

bool is_text(const ContentPart& part) {
    return part.kind == ContentPart::Kind::text || part.kind == ContentPart::Kind::refusal;
}

// A call as answers to it see it.
struct KnownCall {
    std::string name;
    std::size_t order = 0;
};

// Writes messages as turns of "user" and "model": neighbours of one role become one turn, and a
// turn without parts, which Gemini refuses, never begins.
class TurnWriter {
  public:
    explicit TurnWriter(GeminiEncoding& to) : to_(to), out_(to.out) {}

    Result<void> write();

  private:
    JsonWriter& part(std::string_view role);
    void text(std::string_view role, const ContentPart& part, std::string_view signature);
    void media(const ContentPart& part);
    void user(const ChatMessage& message);
    void assistant(const ChatMessage& message);
    void id(const std::string& call_id);
    void function_call(const ToolCall& call, std::string_view signature);
    Result<std::size_t> tool_results(std::size_t begin);
    void function_response(const ChatMessage& message, const std::string& name);
    void note_hints(const ChatMessage& message);

    GeminiEncoding& to_;
    JsonWriter& out_;
    std::string_view role_;  // of the open turn; empty: none
    std::unordered_map<std::string, KnownCall> calls_;
    std::size_t calls_made_ = 0;
};

JsonWriter& TurnWriter::part(std::string_view role) {
    if (role_ != role) {
        if (!role_.empty()) {
            out_.end_array().end_object();
        }
        out_.begin_object().key("role").string(role).key("parts").begin_array();
        role_ = role;
    }
    return out_.begin_object();
}

void TurnWriter::text(std::string_view role, const ContentPart& content,
                      std::string_view signature) {
    part(role).key("text").string(content.text);
    if (!signature.empty()) {
        out_.key("thoughtSignature").string(signature);
    }
    out_.end_object();
}

void TurnWriter::media(const ContentPart& content) {
    part("user");
    if (!content.data.empty()) {
        out_.key("inlineData").begin_object();
        out_.key("mimeType").string(media_type(content)).key("data").string(content.data);
    } else {
        out_.key("fileData").begin_object();
        out_.key("mimeType").string(media_type(content));
        out_.key("fileUri").string(content.url.empty() ? content.file_id : content.url);
    }
    out_.end_object().end_object();
}

// Hints that do not change the answer and have no place in Gemini's form.
void TurnWriter::note_hints(const ChatMessage& message) {
    bool hint = !message.cache_control.empty();
    for (const ContentPart& content : message.content) {
        hint = hint || !content.cache_control.empty();
    }
    if (hint) {
        to_.drop("cache_control");
    }
    if (!message.name.empty() && message.role != ChatMessage::Role::tool) {
        to_.drop("messages.name");
    }
}

void TurnWriter::user(const ChatMessage& message) {
    for (const ContentPart& content : message.content) {
        if (!is_text(content)) {
            media(content);
        } else if (!content.text.empty()) {
            text("user", content, {});
        }
    }
}

// The signature that a client sent back for one call, or for the text of a turn without calls,
// whichever way it kept it.
std::string_view find_signature(const ChatMessage& message, std::string_view call_id, bool first) {
    std::string_view any;
    for (const ReasoningDetail& detail : message.reasoning) {
        if (detail.format != kFormat) {
            continue;
        }
        const std::string_view signature =
            detail.kind == ReasoningDetail::Kind::encrypted ? detail.data : detail.signature;
        if (signature.empty()) {
            continue;
        }
        if (!call_id.empty() && detail.id == call_id) {
            return signature;
        }
        const bool of_another =
            std::any_of(message.tool_calls.begin(), message.tool_calls.end(),
                        [&](const ToolCall& call) { return call.id == detail.id; });
        if (!of_another) {
            any = signature;
        }
    }
    return first ? any : std::string_view();
}

// Gemini 3 matches results with calls by their ids; Vertex AI's v1 does not know the field.
void TurnWriter::id(const std::string& call_id) {
    const Provider* const provider = to_.target.provider;
    if (to_.model.generation >= 30 && (provider == nullptr || provider->wire != Wire::vertex)) {
        out_.key("id").string(call_id);
    }
}

void TurnWriter::function_call(const ToolCall& call, std::string_view signature) {
    part("model").key("functionCall").begin_object();
    id(call.id);
    out_.key("name").string(call.name).key("args");
    out_.raw(trim(call.arguments).empty() ? std::string_view("{}") : call.arguments);
    out_.end_object();
    if (!signature.empty()) {
        out_.key("thoughtSignature").string(signature);
    }
    out_.end_object();
}

void TurnWriter::assistant(const ChatMessage& message) {
    const ContentPart* last_text = nullptr;
    for (const ContentPart& content : message.content) {
        if (is_text(content) && !content.text.empty()) {
            last_text = &content;
        }
    }
    for (const ContentPart& content : message.content) {
        if (!is_text(content) || content.text.empty()) {
            continue;
        }
        const bool signs = message.tool_calls.empty() && &content == last_text;
        text("model", content, signs ? find_signature(message, {}, true) : std::string_view());
    }
    // Of calls made in parallel, only the first carries a signature.
    bool first = true;
    for (const ToolCall& call : message.tool_calls) {
        std::string_view signature = call.signature;
        if (signature.empty()) {
            signature = find_signature(message, call.id, first);
        }
        if (signature.empty() && first && to_.model.generation >= 30) {
            signature = kNoSignature;
        }
        function_call(call, signature);
        calls_[call.id] = {call.name, ++calls_made_};
        first = false;
    }
}

void TurnWriter::function_response(const ChatMessage& message, const std::string& name) {
    std::string result;
    for (const ContentPart& content : message.content) {
        if (is_text(content)) {
            result += (result.empty() ? "" : "\n") + content.text;
        }
    }
    part("user").key("functionResponse").begin_object();
    id(message.tool_call_id);
    out_.key("name").string(name).key("response");
    if (scan_object(result)) {
        out_.raw(result);
    } else {
        out_.begin_object().key("output");
        if (scan_array(result)) {
            out_.raw(result);
        } else {
            out_.string(result);
        }
        out_.end_object();
    }
    out_.end_object().end_object();
}

// All results of one turn's calls go into one content, in the order of the calls: that is how
// Gemini matches those of one name. Returns the index behind them.
Result<std::size_t> TurnWriter::tool_results(std::size_t begin) {
    const auto& messages = to_.request.messages;
    std::vector<std::pair<const KnownCall*, const ChatMessage*>> results;
    std::size_t at = begin;
    for (; at < messages.size() && messages[at].role == ChatMessage::Role::tool; at++) {
        const auto known = calls_.find(messages[at].tool_call_id);
        if (known == calls_.end()) {
            auto error = fail(Errc::invalid_request, "the tool result answers no call before it");
            error.value().param = "messages[" + std::to_string(at) + "].tool_call_id";
            return error;
        }
        results.emplace_back(&known->second, &messages[at]);
    }
    std::stable_sort(results.begin(), results.end(),
                     [](const auto& a, const auto& b) { return a.first->order < b.first->order; });
    for (const auto& [call, message] : results) {
        function_response(*message, call->name);
    }
    for (const auto& [call, message] : results) {
        for (const ContentPart& content : message->content) {
            if (!is_text(content)) {
                media(content);
            }
        }
    }
    return at;
}

Result<void> TurnWriter::write() {
    const auto& messages = to_.request.messages;
    for (std::size_t at = 0; at < messages.size();) {
        const ChatMessage& message = messages[at];
        note_hints(message);
        switch (message.role) {
            case ChatMessage::Role::tool: {
                const auto next = tool_results(at);
                if (!next) {
                    return tl::unexpected(next.error());
                }
                at = *next;
                continue;
            }
            case ChatMessage::Role::user:
                user(message);
                break;
            case ChatMessage::Role::assistant:
                assistant(message);
                break;
            case ChatMessage::Role::system:
            case ChatMessage::Role::developer:
                break;
        }
        at++;
    }
    if (role_.empty()) {
        auto error = fail(Errc::invalid_request, "the messages hold nothing to answer");
        error.value().param = "messages";
        return error;
    }
    out_.end_array().end_object();
    return {};
}

bool is_system(const ChatMessage& message) {
    return message.role == ChatMessage::Role::system ||
           message.role == ChatMessage::Role::developer;
}

void write_system_parts(GeminiEncoding& to) {
    to.out.key("parts").begin_array();
    for (const ChatMessage& message : to.request.messages) {
        for (const ContentPart& content : message.content) {
            if (is_system(message) && is_text(content) && !content.text.empty()) {
                to.out.begin_object().key("text").string(content.text).end_object();
            }
        }
    }
    to.out.end_array();
}

}  // namespace

Result<void> write_gemini_contents(GeminiEncoding& to) {
    bool system = false;
    bool turns = false;
    for (const ChatMessage& message : to.request.messages) {
        const bool text = std::any_of(
            message.content.begin(), message.content.end(),
            [](const ContentPart& content) { return is_text(content) && !content.text.empty(); });
        system = system || (is_system(message) && text);
        turns = turns || !is_system(message);
    }
    if (system && !turns) {
        // Instructions alone are refused; said by the user they are a prompt.
        to.out.key("contents").begin_array().begin_object().key("role").string("user");
        write_system_parts(to);
        to.out.end_object().end_array();
        return {};
    }
    if (system) {
        to.out.key("systemInstruction").begin_object();
        write_system_parts(to);
        to.out.end_object();
    }
    to.out.key("contents").begin_array();
    auto written = TurnWriter(to).write();
    to.out.end_array();
    return written;
}

}  // namespace llmgw
