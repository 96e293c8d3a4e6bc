// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/bedrock_messages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::string_view kClaudeFormat = "anthropic-claude-v1";
// Chats that open with a greeting by the assistant: AWS wants the user to have spoken first.
constexpr std::string_view kOpening = "(The conversation begins.)";
constexpr std::string_view kDocumentNote = "See the attached document.";
constexpr std::string_view kNoOutput = "(no output)";
constexpr std::size_t kMaxDocumentName = 180;  // of 200, with room for a number
constexpr std::size_t kMaxToolUseId = 64;

struct MediaFormat {
    std::string_view media_type;
    std::string_view format;
};

constexpr std::array<MediaFormat, 5> kImageFormats = {{{"image/png", "png"},
                                                       {"image/jpeg", "jpeg"},
                                                       {"image/jpg", "jpeg"},
                                                       {"image/gif", "gif"},
                                                       {"image/webp", "webp"}}};
constexpr std::array<MediaFormat, 10> kDocumentFormats = {
    {{"application/pdf", "pdf"},
     {"text/csv", "csv"},
     {"text/html", "html"},
     {"text/markdown", "md"},
     {"text/plain", "txt"},
     {"application/json", "txt"},
     {"application/msword", "doc"},
     {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
     {"application/vnd.ms-excel", "xls"},
     {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"}}};
constexpr std::array<MediaFormat, 8> kAudioFormats = {{{"audio/wav", "wav"},
                                                       {"audio/mp3", "mp3"},
                                                       {"audio/mpeg", "mp3"},
                                                       {"audio/flac", "flac"},
                                                       {"audio/ogg", "ogg"},
                                                       {"audio/opus", "opus"},
                                                       {"audio/aac", "aac"},
                                                       {"audio/webm", "webm"}}};

template <std::size_t Size>
std::string_view format_of(const std::array<MediaFormat, Size>& formats, std::string_view type) {
    const auto at = std::find_if(formats.begin(), formats.end(), [&](const MediaFormat& known) {
        return equals_ignoring_case(known.media_type, type);
    });
    return at == formats.end() ? std::string_view() : at->format;
}

tl::unexpected<Error> refused(std::string message, const std::string& where) {
    auto failure = fail(Errc::invalid_request, "AWS Bedrock " + std::move(message));
    failure.value().param = where;
    failure.value().code = "unsupported_value";
    return failure;
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Ids of other providers may hold characters that AWS refuses; call and result change alike.
std::string tool_use_id(std::string_view id) {
    std::string out(id.substr(0, kMaxToolUseId));
    std::replace_if(
        out.begin(), out.end(),
        [](char c) { return !is_letter_or_digit(c) && c != '_' && c != '-'; }, '_');
    return out;
}

std::string_view without_trailing_space(std::string_view text) {
    const std::size_t end = text.find_last_not_of(" \t\r\n\v\f");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

bool is_text(const ContentPart& part) {
    return part.kind == ContentPart::Kind::text || part.kind == ContentPart::Kind::refusal;
}

void write_blob(JsonWriter& out, std::string_view kind, std::string_view format,
                std::string_view base64) {
    out.begin_object().key(kind).begin_object();
    out.key("format").string(format);
    out.key("source").begin_object().key("bytes").string(base64).end_object();
    out.end_object().end_object();
}

}  // namespace

bool is_blank(std::string_view text) {
    return without_trailing_space(text).empty();
}

bool is_claude_reasoning(const ReasoningDetail& detail) {
    // Newer models sign thoughts that they do not show: their text is empty.
    return detail.format == kClaudeFormat &&
           (detail.kind == ReasoningDetail::Kind::encrypted
                ? !detail.data.empty()
                : detail.kind == ReasoningDetail::Kind::text && !detail.signature.empty());
}

Result<void> BedrockMessages::add(const ChatMessage& message, std::size_t index, bool last) {
    const std::string where = "messages[" + std::to_string(index) + "]";
    if (message.role == ChatMessage::Role::assistant) {
        for (std::size_t i = 0; i < message.content.size(); i++) {
            if (!is_text(message.content[i])) {
                return refused("takes only text in messages of the assistant",
                               where + ".content[" + std::to_string(i) + "]");
            }
        }
        add_assistant(message, last);
        return {};
    }
    if (message.role == ChatMessage::Role::tool) {
        return add_tool_result(message, where);
    }
    for (std::size_t i = 0; i < message.content.size(); i++) {
        auto added = add_part(message.content[i], where + ".content[" + std::to_string(i) + "]");
        if (!added) {
            return added;
        }
    }
    if (turn_ == Turn::user) {
        add_cache_point(message.cache_control);
    }
    return {};
}

Result<std::string> BedrockMessages::take() {
    leave();
    if (!began_) {
        return refused("needs a message of the user that is not empty", "messages");
    }
    out_.end_array();
    return out_.take();
}

// Texts in front of the signed thoughts would be refused, so those come first.
void BedrockMessages::add_assistant(const ChatMessage& message, bool last) {
    const bool says_something =
        std::any_of(message.content.begin(), message.content.end(),
                    [](const ContentPart& part) { return !is_blank(part.text); });
    if (!says_something && message.tool_calls.empty()) {
        return;
    }
    enter(Turn::assistant);
    for (const ReasoningDetail& detail : message.reasoning) {
        add_reasoning(detail);
    }
    for (std::size_t i = 0; i < message.content.size(); i++) {
        const ContentPart& part = message.content[i];
        // What the answer is to go on from must not end with a space.
        const bool ends_request =
            last && i + 1 == message.content.size() && message.tool_calls.empty();
        add_text(ends_request ? without_trailing_space(part.text) : std::string_view(part.text));
        if (!is_blank(part.text)) {
            add_cache_point(part.cache_control);
        }
    }
    for (const ToolCall& call : message.tool_calls) {
        out_.begin_object().key("toolUse").begin_object();
        out_.key("toolUseId").string(tool_use_id(call.id));
        out_.key("name").string(call.name);
        out_.key("input").raw(is_blank(call.arguments) ? "{}" : call.arguments);
        out_.end_object().end_object();
        if (std::find(called_tools_.begin(), called_tools_.end(), call.name) ==
            called_tools_.end()) {
            called_tools_.push_back(call.name);
        }
    }
    add_cache_point(message.cache_control);
}

void BedrockMessages::add_reasoning(const ReasoningDetail& detail) {
    if (!model_.is_claude() || !is_claude_reasoning(detail)) {
        return;
    }
    out_.begin_object().key("reasoningContent").begin_object();
    if (detail.kind == ReasoningDetail::Kind::encrypted) {
        out_.key("redactedContent").string(detail.data);
    } else {
        out_.key("reasoningText").begin_object();
        out_.key("text").string(detail.text).key("signature").string(detail.signature);
        out_.end_object();
    }
    out_.end_object().end_object();
}

Result<void> BedrockMessages::add_tool_result(const ChatMessage& message,
                                              const std::string& where) {
    enter(Turn::user);
    out_.begin_object().key("toolResult").begin_object();
    out_.key("toolUseId").string(tool_use_id(message.tool_call_id));
    out_.key("content").begin_array();
    bool empty = true;
    std::string cache_control = message.cache_control;
    for (std::size_t i = 0; i < message.content.size(); i++) {
        const ContentPart& part = message.content[i];
        if (!part.cache_control.empty()) {
            cache_control = part.cache_control;  // has no place within the result
        }
        if (!is_text(part)) {
            auto written = write_media(part, where + ".content[" + std::to_string(i) + "]");
            if (!written) {
                return written;
            }
            empty = false;
        } else if (!is_blank(part.text)) {
            out_.begin_object().key("text").string(part.text).end_object();
            empty = false;
        }
    }
    if (empty) {
        out_.begin_object().key("text").string(kNoOutput).end_object();
    }
    out_.end_array().end_object().end_object();
    add_cache_point(cache_control);
    return {};
}

Result<void> BedrockMessages::add_part(const ContentPart& part, const std::string& where) {
    if (is_text(part)) {
        if (is_blank(part.text)) {
            return {};
        }
        enter(Turn::user);
        add_text(part.text);
    } else {
        enter(Turn::user);
        auto written = write_media(part, where);
        if (!written) {
            return written;
        }
        has_document_ = has_document_ || part.kind == ContentPart::Kind::file;
    }
    add_cache_point(part.cache_control);
    return {};
}

void BedrockMessages::add_text(std::string_view text) {
    if (!is_blank(text)) {
        out_.begin_object().key("text").string(text).end_object();
        has_text_ = true;
    }
}

void BedrockMessages::add_cache_point(const std::string& cache_control) {
    cache_.write(out_, BedrockCachePoints::messages, cache_control);
}

Result<void> BedrockMessages::write_media(const ContentPart& part, const std::string& where) {
    if (!part.file_id.empty()) {
        return refused("keeps no files: send its contents", where);
    }
    if (part.data.empty()) {
        return refused("fetches nothing: send the bytes", where);
    }
    switch (part.kind) {
        case ContentPart::Kind::image:
            if (const auto format = format_of(kImageFormats, part.media_type); !format.empty()) {
                write_blob(out_, "image", format, part.data);
                return {};
            }
            return refused("takes PNG, JPEG, GIF and WebP images", where);
        case ContentPart::Kind::audio:
            if (const auto format = format_of(kAudioFormats, part.media_type); !format.empty()) {
                write_blob(out_, "audio", format, part.data);
                return {};
            }
            return refused("does not take audio of this format", where);
        default:
            break;
    }
    const std::string_view format = format_of(kDocumentFormats, part.media_type);
    if (format.empty()) {
        return refused("does not take files of this type", where);
    }
    out_.begin_object().key("document").begin_object();
    out_.key("format").string(format).key("name").string(document_name(part.filename));
    out_.key("source").begin_object().key("bytes").string(part.data).end_object();
    out_.end_object().end_object();
    return {};
}

// Letters, digits, single spaces, hyphens, parentheses and brackets; each name once in a request.
std::string BedrockMessages::document_name(std::string_view filename) {
    const std::size_t dot = filename.rfind('.');
    std::string name;
    for (const char c : filename.substr(0, dot == 0 ? std::string_view::npos : dot)) {
        const bool allowed =
            is_letter_or_digit(c) || std::string_view("-()[]").find(c) != std::string_view::npos;
        if (allowed) {
            name += c;
        } else if (!name.empty() && name.back() != ' ') {
            name += ' ';
        }
        if (name.size() == kMaxDocumentName) {
            break;
        }
    }
    name = without_trailing_space(name);
    name = name.empty() ? "document" : name;
    std::string unique = name;
    for (int number = 2; !document_names_.insert(unique).second; number++) {
        unique = name + " (" + std::to_string(number) + ")";
    }
    return unique;
}

void BedrockMessages::enter(Turn turn) {
    if (turn_ == turn) {
        return;
    }
    if (!began_ && turn == Turn::assistant) {
        enter(Turn::user);
        add_text(kOpening);
    }
    leave();
    began_ = true;
    turn_ = turn;
    out_.begin_object().key("role").string(turn == Turn::user ? "user" : "assistant");
    out_.key("content").begin_array();
}

void BedrockMessages::leave() {
    if (turn_ == Turn::none) {
        return;
    }
    if (has_document_ && !has_text_) {
        add_text(kDocumentNote);  // AWS refuses documents that no text comes with
    }
    out_.end_array().end_object();
    turn_ = Turn::none;
    has_text_ = has_document_ = false;
}

}  // namespace llmgw
