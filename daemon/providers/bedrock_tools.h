// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_writer.h"
#include "daemon/providers/bedrock_cache.h"
#include "daemon/providers/bedrock_model.h"
#include "daemon/providers/chat_request.h"

namespace llmgw {

/// Writes Converse's `toolConfig`.
class BedrockTools {
  public:
    BedrockTools(const ChatRequest& request, const BedrockModel& model,
                 const BedrockJsonOutput& json, BedrockCachePoints& cache)
        : request_(request), model_(model), json_(json), cache_(cache) {}

    /// `called` are the tools that the conversation holds calls of: AWS wants them described, even
    /// where no call is wanted; those that the client did not send again take anything.
    void write(const std::vector<std::string>& called, JsonWriter& out);
    /// Whether the client's `strict` had to be left out.
    [[nodiscard]] bool left_out_strict() const { return left_out_strict_; }

  private:
    void write_tool(const ChatTool& tool, JsonWriter& out);
    void write_choice(JsonWriter& out) const;
    [[nodiscard]] bool answers() const {
        return json_.kind == BedrockJsonOutput::Kind::forced_tool;
    }

    const ChatRequest& request_;
    const BedrockModel& model_;
    const BedrockJsonOutput& json_;
    BedrockCachePoints& cache_;
    bool left_out_strict_ = false;
};

/// Whether the model has to call a tool.
[[nodiscard]] bool forces_tool(const ChatRequest& request, const BedrockJsonOutput& json);

}  // namespace llmgw
