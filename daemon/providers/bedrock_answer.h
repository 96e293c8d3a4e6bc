// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/providers/bedrock_model.h"
#include "daemon/providers/chat_event.h"
#include "daemon/providers/chat_json.h"
#include "daemon/providers/event_stream.h"
#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// Turns the content blocks of Converse into events. Its two decoders, of plain answers and of
/// streams, say what they find; what that amounts to is decided here.
class BedrockContent {
  public:
    BedrockContent(const ChatRequest& request, const WireTarget& target);

    void begin(std::vector<ChatEvent>& out);
    void text(unsigned block, std::string_view text, std::vector<ChatEvent>& out);
    /// What a block of text rests on: a Citation or a CitationsDelta.
    void citation(unsigned block, std::string_view json);
    void start_tool(unsigned block, std::string id, std::string name, std::vector<ChatEvent>& out);
    void tool_input(unsigned block, std::string_view json, std::vector<ChatEvent>& out);
    void reasoning(unsigned block, std::string_view text, std::vector<ChatEvent>& out);
    void reasoning_signature(unsigned block, std::string_view signature);
    void redacted_reasoning(unsigned block, std::string_view base64);
    void end_block(unsigned block, std::vector<ChatEvent>& out);

    void stop(std::string reason, std::vector<ChatEvent>& out);
    void usage(std::string_view object);
    /// Says how it ended and what it used: once, but new numbers again.
    void complete(std::vector<ChatEvent>& out);
    [[nodiscard]] bool stopped() const { return stopped_; }

  private:
    // A block that is not text.
    struct Block {
        enum class Kind { tool, answer, reasoning };
        Kind kind = Kind::tool;
        unsigned tool = 0;
        bool has_input = false;
        ReasoningDetail detail;
    };
    // A block of text. It is cited as a whole, so its bounds are known at its end.
    struct TextBlock {
        std::uint64_t begin = 0;  // in characters of the answer
        std::vector<UrlCitation> citations;
    };

    Block& reasoning_block(unsigned block);
    TextBlock& text_block(unsigned block);
    void cite(unsigned block, std::vector<ChatEvent>& out);
    void add(ChatEvent::Kind kind, std::string_view text, std::vector<ChatEvent>& out);

    BedrockJsonOutput json_;
    bool is_claude_;
    std::map<unsigned, Block> blocks_;
    std::map<unsigned, TextBlock> texts_;
    std::uint64_t characters_ = 0;  // of text so far
    std::string held_text_;         // around a forced tool call, whose input is the answer
    unsigned tools_ = 0;
    bool began_ = false;
    bool answered_ = false;  // by the forced tool call
    bool stopped_ = false;
    bool finished_ = false;
    std::string stop_reason_;
    Usage usage_;
    bool has_usage_ = false;
};

/// Of Converse.
class BedrockPlainDecoder final : public AnswerDecoder {
  public:
    BedrockPlainDecoder(const ChatRequest& request, const WireTarget& target)
        : content_(request, target) {}
    [[nodiscard]] Result<void> feed(std::string_view bytes, std::vector<ChatEvent>& out) override;
    [[nodiscard]] Result<void> finish(std::vector<ChatEvent>& out) override;

  private:
    void read_block(unsigned index, std::string_view block, std::vector<ChatEvent>& out);

    std::string body_;
    BedrockContent content_;
};

/// Of ConverseStream. Some refusals come as a document with status 200, in place of the stream.
class BedrockStreamDecoder final : public AnswerDecoder {
  public:
    BedrockStreamDecoder(const ChatRequest& request, const WireTarget& target)
        : document_(request, target), content_(request, target) {}
    [[nodiscard]] Result<void> feed(std::string_view bytes, std::vector<ChatEvent>& out) override;
    [[nodiscard]] Result<void> finish(std::vector<ChatEvent>& out) override;

  private:
    [[nodiscard]] Result<void> read_event(const EventStreamMessage& message,
                                          std::vector<ChatEvent>& out);
    void read_failure(const EventStreamMessage& message, std::vector<ChatEvent>& out);
    void read_delta(unsigned block, std::string_view delta, std::vector<ChatEvent>& out);

    bool began_ = false;
    bool is_document_ = false;
    BedrockPlainDecoder document_;
    EventStreamDecoder messages_;
    BedrockContent content_;
    bool failed_ = false;  // AWS has said so: nothing of use comes after it
};

}  // namespace llmgw
