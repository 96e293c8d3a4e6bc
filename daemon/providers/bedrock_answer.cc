// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/bedrock_answer.h"

#include <initializer_list>
#include <utility>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/providers/bedrock.h"
#include "daemon/providers/bedrock_error.h"

namespace llmgw {

namespace {

// The value at the end of a path of member names; empty when there is none. Other members of the
// unions on the way, which are new to us, are passed over with that.
std::string_view value_at(std::string_view object, std::initializer_list<std::string_view> path) {
    for (const std::string_view name : path) {
        if (object.empty() || json_kind(object) != JsonKind::object) {
            return {};
        }
        const auto fields = scan_object(object);
        const JsonField* const field = fields ? find_field(*fields, name) : nullptr;
        object = field == nullptr ? std::string_view() : field->value;
    }
    return object;
}

// nullopt unless there is a string.
std::optional<std::string> text_at(std::string_view object,
                                   std::initializer_list<std::string_view> path) {
    const std::string_view value = value_at(object, path);
    return value.empty() ? std::nullopt : json_text(value);
}

std::vector<std::string_view> elements_of(std::string_view array) {
    if (array.empty() || json_kind(array) != JsonKind::array) {
        return {};
    }
    auto elements = scan_array(array);
    return elements ? std::move(*elements) : std::vector<std::string_view>();
}

// Far more blocks than an answer has; a wrong number must not become a huge one.
unsigned block_index(std::string_view event) {
    const std::string_view value = value_at(event, {"contentBlockIndex"});
    return static_cast<unsigned>(value.empty() ? 0 : json_uint(value).value_or(0) % 1'000'000);
}

}  // namespace

Result<void> BedrockStreamDecoder::feed(std::string_view bytes, std::vector<ChatEvent>& out) {
    if (!began_ && !bytes.empty()) {
        began_ = true;
        is_document_ = bytes.front() == '{';  // a message this long would be over the limit
    }
    if (is_document_) {
        return document_.feed(bytes, out);
    }
    messages_.feed(bytes);
    for (;;) {
        const auto message = messages_.next();
        if (!message) {
            return tl::unexpected(message.error());
        }
        if (!*message) {
            return {};
        }
        if (failed_) {
            continue;
        }
        if ((*message)->header(":message-type") != "event") {
            read_failure(**message, out);
        } else if (auto read = read_event(**message, out); !read) {
            return read;
        }
    }
}

Result<void> BedrockStreamDecoder::finish(std::vector<ChatEvent>& out) {
    if (failed_) {
        return {};
    }
    if (is_document_) {
        return document_.finish(out);
    }
    if (messages_.in_message() || !content_.stopped()) {
        return fail(Errc::upstream, "the answer broke off");
    }
    content_.complete(out);
    return {};
}

Result<void> BedrockStreamDecoder::read_event(const EventStreamMessage& message,
                                              std::vector<ChatEvent>& out) {
    const std::string_view type = message.header(":event-type");
    const std::string_view event = message.payload;
    if (!scan_object(event)) {
        return fail(Errc::upstream, "an event of the stream is not JSON");
    }
    content_.begin(out);
    const unsigned block = block_index(event);
    if (type == "contentBlockDelta") {
        read_delta(block, value_at(event, {"delta"}), out);
    } else if (type == "contentBlockStart") {
        const std::string_view tool = value_at(event, {"start", "toolUse"});
        if (!tool.empty()) {
            content_.start_tool(block, text_at(tool, {"toolUseId"}).value_or(""),
                                text_at(tool, {"name"}).value_or(""), out);
        }
    } else if (type == "contentBlockStop") {
        content_.end_block(block, out);
    } else if (type == "messageStop") {
        content_.stop(text_at(event, {"stopReason"}).value_or(""), out);
    } else if (type == "metadata") {
        // Comes behind messageStop, which is why the end is held back until here.
        content_.usage(value_at(event, {"usage"}));
        if (content_.stopped()) {
            content_.complete(out);
        }
    }
    return {};
}

void BedrockStreamDecoder::read_delta(unsigned block, std::string_view delta,
                                      std::vector<ChatEvent>& out) {
    if (const auto text = text_at(delta, {"text"})) {
        content_.text(block, *text, out);
    } else if (const auto input = text_at(delta, {"toolUse", "input"})) {
        content_.tool_input(block, *input, out);
    }
    content_.citation(block, value_at(delta, {"citation"}));
    const std::string_view reasoning = value_at(delta, {"reasoningContent"});
    if (const auto text = text_at(reasoning, {"text"})) {
        content_.reasoning(block, *text, out);
    }
    if (const auto signature = text_at(reasoning, {"signature"})) {
        content_.reasoning_signature(block, *signature);
    }
    if (const auto redacted = text_at(reasoning, {"redactedContent"})) {
        content_.redacted_reasoning(block, *redacted);
    }
}

// Exceptions are part of the API's description; errors ("unmodeled" in Smithy's words) are not.
void BedrockStreamDecoder::read_failure(const EventStreamMessage& message,
                                        std::vector<ChatEvent>& out) {
    const std::string_view kind = message.header(":message-type");
    if (kind != "exception" && kind != "error") {
        return;
    }
    const bool exception = kind == "exception";
    const std::string name(message.header(exception ? ":exception-type" : ":error-code"));
    const BedrockFault fault = bedrock_fault(name);
    ChatEvent& event = out.emplace_back();
    event.kind = ChatEvent::Kind::error;
    event.name = printable(name.substr(0, 100));
    event.text = exception ? bedrock_message(message.payload)
                           : printable(message.header(":error-message").substr(0, 1000));
    event.text = event.text.empty() ? event.name : event.text;
    event.status = fault.status != 0 ? fault.status : 500;
    failed_ = true;
}

Result<void> BedrockPlainDecoder::feed(std::string_view bytes, std::vector<ChatEvent>& /*out*/) {
    body_ += bytes;
    return {};
}

Result<void> BedrockPlainDecoder::finish(std::vector<ChatEvent>& out) {
    if (!scan_object(body_)) {
        return fail(Errc::upstream, "the answer is not a JSON object, or broke off");
    }
    const std::string_view message = value_at(body_, {"output", "message"});
    if (message.empty() || json_kind(message) != JsonKind::object) {
        // Comes with status 200, such as for an operation that the endpoint does not know.
        const std::string type = text_at(body_, {"Output", "__type"}).value_or("");
        const std::string_view name = bedrock_exception_name(type);
        return fail(Errc::upstream,
                    "the answer has no output" +
                        (name.empty() ? "" : ": " + printable(name.substr(0, 100))));
    }
    content_.begin(out);
    unsigned index = 0;
    for (const std::string_view block : elements_of(value_at(message, {"content"}))) {
        read_block(index, block, out);
        content_.end_block(index++, out);
    }
    content_.stop(text_at(body_, {"stopReason"}).value_or(""), out);
    content_.usage(value_at(body_, {"usage"}));
    content_.complete(out);
    return {};
}

void BedrockPlainDecoder::read_block(unsigned index, std::string_view block,
                                     std::vector<ChatEvent>& out) {
    if (const auto text = text_at(block, {"text"})) {
        content_.text(index, *text, out);
    }
    // Text with its sources.
    for (const std::string_view part :
         elements_of(value_at(block, {"citationsContent", "content"}))) {
        content_.text(index, text_at(part, {"text"}).value_or(""), out);
    }
    for (const std::string_view citation :
         elements_of(value_at(block, {"citationsContent", "citations"}))) {
        content_.citation(index, citation);
    }
    const std::string_view tool = value_at(block, {"toolUse"});
    if (!tool.empty()) {
        content_.start_tool(index, text_at(tool, {"toolUseId"}).value_or(""),
                            text_at(tool, {"name"}).value_or(""), out);
        content_.tool_input(index, value_at(tool, {"input"}), out);
    }
    const std::string_view reasoning = value_at(block, {"reasoningContent"});
    if (const auto text = text_at(reasoning, {"reasoningText", "text"})) {
        content_.reasoning(index, *text, out);
    }
    if (const auto signature = text_at(reasoning, {"reasoningText", "signature"})) {
        content_.reasoning_signature(index, *signature);
    }
    if (const auto redacted = text_at(reasoning, {"redactedContent"})) {
        content_.redacted_reasoning(index, *redacted);
    }
}

std::unique_ptr<AnswerDecoder> bedrock_decoder(const ChatRequest& request,
                                               const WireTarget& target) {
    if (request.stream) {
        return std::make_unique<BedrockStreamDecoder>(request, target);
    }
    return std::make_unique<BedrockPlainDecoder>(request, target);
}

// Converse knows images as bytes and as objects in S3 (ImageSource in AWS's API reference).
const WireAdapter kBedrockAdapter{encode_bedrock, bedrock_decoder, read_bedrock_error, true};

}  // namespace llmgw
