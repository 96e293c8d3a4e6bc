// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "daemon/gateway/inference_call.h"

namespace llmgw {

/// A piece of a message. Texts are decoded UTF-8; bytes stay base64.
struct ContentPart {
    enum class Kind { text, refusal, image, audio, file };
    Kind kind = Kind::text;
    std::string text;        ///< of text and refusal
    std::string url;         ///< an https image that has not been fetched
    std::string media_type;  ///< of `data`: "image/png", "application/pdf", "audio/wav"
    std::string data;        ///< base64
    std::string filename;
    std::string file_id;        ///< a file kept at the provider
    std::string detail;         ///< of images: "low", "high", "auto" or ""
    std::string cache_control;  ///< JSON object as sent; empty: none
};

/// A call of a tool by the model.
struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;  ///< a JSON object, as text; checked when the request is parsed
    std::string signature;  ///< Gemini's thought signature; empty: none
};

/// Something the model thought, to be given back to it in the next turn
/// (OpenRouter's `reasoning_details`, LiteLLM's `thinking_blocks`).
struct ReasoningDetail {
    enum class Kind { text, summary, encrypted };
    Kind kind = Kind::text;
    std::string text;       ///< of text and summary
    std::string signature;  ///< of text: the provider's proof that it is unchanged
    std::string data;       ///< of encrypted
    std::string id;         ///< the provider's id of the item; may be empty
    /// Whose signature that is: "anthropic-claude-v1", "google-gemini-v1", "openai-responses-v1".
    /// Others cannot read it, so it is not sent to them.
    std::string format;
};

struct ChatMessage {
    enum class Role { system, developer, user, assistant, tool };
    Role role = Role::user;
    std::string name;
    std::vector<ContentPart> content;        ///< a plain string is one text part
    std::vector<ToolCall> tool_calls;        ///< of assistant
    std::string tool_call_id;                ///< of tool
    std::vector<ReasoningDetail> reasoning;  ///< of assistant
    std::string cache_control;               ///< of the message as a whole
};

struct ChatTool {
    std::string name;
    std::string description;
    std::string parameters;  ///< JSON Schema as sent; empty: none
    std::optional<bool> strict;
    std::string cache_control;
};

struct ToolChoice {
    enum class Kind { unset, automatic, none, required, named };
    Kind kind = Kind::unset;
    std::string name;  ///< of named
};

struct ResponseFormat {
    enum class Kind { text, json_object, json_schema };
    Kind kind = Kind::text;
    std::string name;
    std::string description;
    std::string schema;  ///< as sent
    std::optional<bool> strict;
};

/// A chat completion in the one form from which every provider's own is made. Read from OpenAI's
/// format once for each request that needs translation.
struct ChatRequest {
    std::vector<ChatMessage> messages;
    std::vector<ChatTool> tools;
    ToolChoice tool_choice;
    std::optional<bool> parallel_tool_calls;
    ResponseFormat response_format;
    std::optional<std::uint64_t> max_tokens;  ///< `max_completion_tokens`, else `max_tokens`
    std::optional<double> temperature;
    std::optional<double> top_p;
    std::optional<std::uint64_t> top_k;
    std::optional<double> presence_penalty;
    std::optional<double> frequency_penalty;
    std::optional<std::int64_t> seed;
    std::uint64_t n = 1;
    std::vector<std::string> stop;
    bool logprobs = false;
    std::optional<std::uint64_t> top_logprobs;
    std::string logit_bias;  ///< JSON object as sent; empty: none
    /// `reasoning_effort`, or `effort` of `reasoning`: "none", "minimal", "low"…; "" when unset.
    std::string reasoning_effort;
    /// `reasoning.max_tokens` or `thinking.budget_tokens`.
    std::optional<std::uint64_t> reasoning_budget;
    std::string user;
    std::string service_tier;
    bool web_search = false;  ///< `web_search_options` is there
    bool stream = false;
    /// Top-level fields that the canonical form has no place for: dropped, and named to the client.
    std::vector<std::string> others;
};

/// Reads the body of a chat completion. Errors are Errc::invalid_request with `param`, such as
/// "messages[3].tool_calls[0].function.arguments" for arguments that are not a JSON object, or for
/// a tool result that answers no call.
[[nodiscard]] Result<ChatRequest> read_chat_request(const InferenceCall& call);

}  // namespace llmgw
