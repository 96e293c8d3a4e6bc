// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_writer.h"
#include "daemon/providers/bedrock_cache.h"
#include "daemon/providers/bedrock_model.h"
#include "daemon/providers/chat_request.h"

namespace llmgw {

/// Writes Converse's `messages`, front to back. Its turns alternate and the user's is the first, so
/// neighbours of one role become one turn, and tool results are part of the user's. Nothing is
/// written for what is empty: AWS refuses blank texts and turns without content.
class BedrockMessages {
  public:
    BedrockMessages(const BedrockModel& model, BedrockCachePoints& cache)
        : model_(model), cache_(cache) {
        out_.begin_array();
    }

    /// Messages of all roles but system and developer. `last`: it ends the conversation.
    [[nodiscard]] Result<void> add(const ChatMessage& message, std::size_t index, bool last);
    /// The JSON array; the error is for a conversation without anything in it.
    [[nodiscard]] Result<std::string> take();

    /// The tools that were called, in order, each once.
    [[nodiscard]] const std::vector<std::string>& called_tools() const { return called_tools_; }

  private:
    enum class Turn { none, user, assistant };

    [[nodiscard]] Result<void> add_part(const ContentPart& part, const std::string& where);
    [[nodiscard]] Result<void> add_tool_result(const ChatMessage& message,
                                               const std::string& where);
    void add_assistant(const ChatMessage& message, bool last);
    void add_reasoning(const ReasoningDetail& detail);
    void add_text(std::string_view text);
    void add_cache_point(const std::string& cache_control);
    [[nodiscard]] Result<void> write_media(const ContentPart& part, const std::string& where);
    [[nodiscard]] std::string document_name(std::string_view filename);
    void enter(Turn turn);
    void leave();

    const BedrockModel& model_;
    BedrockCachePoints& cache_;
    JsonWriter out_;
    Turn turn_ = Turn::none;
    bool has_text_ = false;      // the open turn
    bool has_document_ = false;  // the open turn
    bool began_ = false;
    std::set<std::string> document_names_;
    std::vector<std::string> called_tools_;
};

[[nodiscard]] bool is_blank(std::string_view text);

/// Whether that are thoughts which Claude has signed or sealed, so that it takes them back.
[[nodiscard]] bool is_claude_reasoning(const ReasoningDetail& detail);

}  // namespace llmgw
