// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// Cohere's own chat API, version 2: POST /chat with a bearer token.

[[nodiscard]] Result<AdaptedRequest> encode_cohere(const ChatRequest& request,
                                                   const WireTarget& target);
[[nodiscard]] std::unique_ptr<AnswerDecoder> cohere_decoder(const ChatRequest& request,
                                                            const WireTarget& target);
[[nodiscard]] ProviderError read_cohere_error(int status, const ResponseHead& head,
                                              std::string_view body);

inline constexpr WireAdapter kCohereAdapter{encode_cohere, cohere_decoder, read_cohere_error};

}  // namespace llmgw
