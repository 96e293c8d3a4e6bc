// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// What a model behind Converse takes, as far as it differs. From its id, since AWS documents by
/// model family, and from the catalog where that knows more.
struct BedrockModel {
    explicit BedrockModel(const WireTarget& target);

    const Mapping* mapping = nullptr;
    std::string_view id;  ///< without an ARN around it, where the catalog tells
    /// Claude's version as major * 100 + minor, 405 for "claude-sonnet-4-5-…"; 0: not Claude.
    int claude = 0;
    bool nova = false;

    [[nodiscard]] bool is_claude() const { return claude > 0; }
    /// `thinking.type: adaptive` with an effort, from Claude 4.6 on.
    [[nodiscard]] bool thinks_adaptively() const { return claude >= 406; }
    /// `thinking.type: enabled` with a budget, from Claude 3.7 on.
    [[nodiscard]] bool thinks_by_budget() const { return claude >= 307 && claude < 406; }
    /// Claude 4.7 and later answer temperature, top_p and top_k with an error.
    [[nodiscard]] bool takes_sampling(std::string_view parameter) const;
    /// Cache points in messages and `system`; in `tools`, and for an hour, only Claude.
    [[nodiscard]] bool caches() const { return is_claude() || nova; }
    /// `outputConfig.textFormat`.
    [[nodiscard]] bool native_schema() const;
    [[nodiscard]] bool calls_tools() const;
};

/// How an answer is made to be JSON: `response_format` in the terms of Converse.
struct BedrockJsonOutput {
    enum class Kind { none, native, forced_tool, instruction };
    Kind kind = Kind::none;
    std::string tool;  ///< of forced_tool: the tool whose input is the answer
};

[[nodiscard]] BedrockJsonOutput bedrock_json_output(const ChatRequest& request,
                                                    const BedrockModel& model);

}  // namespace llmgw
