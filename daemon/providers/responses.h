// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// OpenAI's Responses API as an upstream, for the models that OpenAI and Azure offer by no other
/// (Mapping::responses_only). Nothing is kept at the provider (`store: false`): a conversation
/// comes in whole with every request, and what the model thought travels with it, encrypted.

/// POST /responses. Every message of the system stays where it stands: `instructions` could hold
/// only one, in front of all others.
[[nodiscard]] Result<AdaptedRequest> encode_responses(const ChatRequest& request,
                                                      const WireTarget& target);
[[nodiscard]] std::unique_ptr<AnswerDecoder> responses_decoder(const ChatRequest& request,
                                                               const WireTarget& target);
[[nodiscard]] ProviderError read_responses_error(int status, const ResponseHead& head,
                                                 std::string_view body);

inline constexpr WireAdapter kResponsesAdapter{encode_responses, responses_decoder,
                                               read_responses_error};

/// The format of the reasoning details that this API gives and takes.
inline constexpr std::string_view kResponsesReasoning = "openai-responses-v1";

}  // namespace llmgw
