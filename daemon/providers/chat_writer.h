// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/json_writer.h"
#include "daemon/providers/chat_event.h"

namespace llmgw {

/// What an answer says of itself. A provider's own id and model, when it tells them, replace these.
struct ChatAnswerIdentity {
    std::string id;  ///< "chatcmpl-…"
    std::int64_t created = 0;
    std::string model;
};

/// Turns the steps of an answer into OpenAI's format. Pure: events in, bytes out.
class ChatWriter {
  public:
    virtual ~ChatWriter() = default;
    /// Appends to `out` what can be said at once.
    virtual void write(const ChatEvent& event, std::string& out) = 0;
    /// The answer is complete: appends the rest.
    virtual void finish(std::string& out) = 0;
};

/// Writes a stream of `chat.completion.chunk`s. Nothing is written before an answer really begins,
/// so that an error at the start of a provider's stream is the first thing in this one too.
class ChunkWriter final : public ChatWriter {
  public:
    explicit ChunkWriter(ChatAnswerIdentity identity) : identity_(std::move(identity)) {}
    void write(const ChatEvent& event, std::string& out) override;
    void finish(std::string& out) override;

  private:
    struct Choice {
        bool begun = false;
        bool finished = false;
        unsigned details = 0;                    // reasoning details so far
        std::vector<bool> calls_with_arguments;  // each tool call: whether arguments have come
    };
    void begin(const ChatEvent& event);
    // A chunk of one choice: the members of its delta, and what follows the delta.
    void chunk(unsigned choice, std::string_view delta, std::string_view rest, std::string& out);
    void write_text(const ChatEvent& event, std::string_view member, std::string& out);
    void write_detail(const ChatEvent& event, std::string& out);
    void write_call(const ChatEvent& event, std::string& out);
    void write_arguments(unsigned choice, unsigned tool, std::string_view text, std::string& out);
    void write_finish(const ChatEvent& event, std::string& out);

    ChatAnswerIdentity identity_;
    std::string head_;  // what every chunk begins with; fixed by the first
    std::map<unsigned, Choice> choices_;
    std::optional<Usage> usage_;
    bool failed_ = false;
};

/// Writes one `chat.completion` document, when all of the answer has come.
class CompletionWriter final : public ChatWriter {
  public:
    explicit CompletionWriter(ChatAnswerIdentity identity) : identity_(std::move(identity)) {}
    void write(const ChatEvent& event, std::string& out) override;
    void finish(std::string& out) override;

  private:
    struct Choice {
        std::string content;
        std::string refusal;
        std::string reasoning;
        std::vector<ReasoningDetail> details;
        std::vector<ToolCall> calls;
        std::string annotations;  // JSON elements
        std::string images;       // likewise
        std::string logprobs;
        std::string finish_reason;
        std::string native_finish_reason;
    };
    ToolCall& call_of(const ChatEvent& event);
    static void write_choice(JsonWriter& json, unsigned index, const Choice& choice);
    static void write_message(JsonWriter& json, const Choice& choice);
    static void write_calls(JsonWriter& json, const Choice& choice);

    ChatAnswerIdentity identity_;
    std::map<unsigned, Choice> choices_;
    std::optional<Usage> usage_;
    std::string error_;  // the whole document, when the provider failed
};

}  // namespace llmgw
