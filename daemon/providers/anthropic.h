// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// Whose API Claude is asked through. The bodies are alike: Vertex AI (rawPredict) and Bedrock
/// (InvokeModel) have the model in the path and the API's version in the body.
enum class AnthropicHost { anthropic, vertex, bedrock };

/// The body of a Messages request (docs.anthropic.com, "Create a Message"); what had to be changed
/// goes to the lists of `changes`. The error names what Claude cannot be asked.
[[nodiscard]] Result<std::string> anthropic_body(const ChatRequest& request,
                                                 const WireTarget& target, AnthropicHost host,
                                                 AdaptedRequest& changes);

/// Reads a Messages answer, a stream or a document: by its first byte it knows which.
[[nodiscard]] std::unique_ptr<AnswerDecoder> anthropic_decoder(const ChatRequest& request,
                                                               const WireTarget& target);

[[nodiscard]] ProviderError read_anthropic_error(int status, const ResponseHead& head,
                                                 std::string_view body);

/// Anthropic's own API. Its two header lines are the secret's and `anthropic-version`.
extern const WireAdapter kAnthropicAdapter;
inline constexpr std::string_view kAnthropicVersion = "anthropic-version: 2023-06-01\r\n";

/// The tool whose call is the answer, where the model has no structured output of its own.
inline constexpr std::string_view kAnthropicAnswerTool = "structured_answer";
/// Whether a request is answered so.
[[nodiscard]] bool answers_by_anthropic_tool(const ChatRequest& request, const WireTarget& target);

}  // namespace llmgw
