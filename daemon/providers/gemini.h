// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// The request for Gemini's `models/{model}:generateContent`, or `:streamGenerateContent` as
/// server-sent events (ai.google.dev/api/generate-content). Pure, as are all functions here.
[[nodiscard]] Result<AdaptedRequest> encode_gemini(const ChatRequest& request,
                                                   const WireTarget& target);

/// The same body under any path: `model_path` is what the method's name is appended to, such as
/// "/models/gemini-3-pro".
[[nodiscard]] Result<AdaptedRequest> encode_gemini_at(std::string model_path,
                                                      const ChatRequest& request,
                                                      const WireTarget& target);

/// Reads answers of Gemini, and of Gemini on Vertex AI.
[[nodiscard]] std::unique_ptr<AnswerDecoder> gemini_decoder(const ChatRequest& request,
                                                            const WireTarget& target);

/// Reads `google.rpc.Status`, also in an array, as streams send it. With a status of 0, the one
/// that the body names is reported.
[[nodiscard]] ProviderError read_gemini_error(int status, const ResponseHead& head,
                                              std::string_view body);

/// The Gemini API of Google AI Studio. Its secret goes into `x-goog-api-key`.
extern const WireAdapter kGeminiAdapter;

/// A model's name as one segment of a path: nothing in it can lead to another method or query.
[[nodiscard]] std::string google_path_segment(std::string_view name);

}  // namespace llmgw
