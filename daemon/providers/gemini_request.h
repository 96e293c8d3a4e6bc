// SPDX-License-Identifier: Apache-2.0
#pragma once

// The pieces that gemini_request.cc puts together.
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/json_writer.h"
#include "daemon/providers/chat_request.h"
#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// What a model's name tells of its abilities.
struct GeminiModel {
    /// In tenths: 25 for gemini-2.5-…; 0: not a numbered Gemini, such as a Gemma.
    int generation = 0;
    bool pro = false;
    bool lite = false;

    /// Takes JSON Schema; older ones only a subset of OpenAPI's (gemini_schema.h).
    [[nodiscard]] bool takes_json_schema() const { return generation == 0 || generation >= 25; }
    /// Refuses JSON output in a request that has tools.
    [[nodiscard]] bool json_excludes_tools() const { return generation != 0 && generation < 30; }
};
[[nodiscard]] GeminiModel gemini_model(std::string_view name);

/// One request on its way into Gemini's form.
struct GeminiEncoding {
    const ChatRequest& request;
    const WireTarget& target;
    GeminiModel model;
    JsonWriter out;
    std::vector<std::string> dropped;
    std::vector<std::string> clamped;

    void drop(std::string_view field);
    void clamp(std::string_view field);
    /// Whether provider and model take a field of OpenAI's; one that they do not is dropped.
    [[nodiscard]] bool takes(std::string_view field);
};

/// `systemInstruction` and `contents`.
[[nodiscard]] Result<void> write_gemini_contents(GeminiEncoding& to);
/// `generationConfig`, unless it would be empty.
[[nodiscard]] Result<void> write_gemini_config(GeminiEncoding& to);
/// `thinkingConfig` within `generationConfig`.
void write_gemini_thinking(GeminiEncoding& to, JsonWriter& config);

}  // namespace llmgw
