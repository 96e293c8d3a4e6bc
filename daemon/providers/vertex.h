// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// The base URL of Vertex AI in a region, such as
/// "https://europe-west1-aiplatform.googleapis.com/v1". Whatever the region says, the host is
/// Google's: anything but letters, digits and dashes is an error.
[[nodiscard]] Result<std::string> vertex_base_url(std::string_view region);

/// The region of a request: its own, the provider key's option `region`, the provider's default, or
/// "global".
[[nodiscard]] std::string_view vertex_region(const WireTarget& target);

/// The path of a publisher's model in the project that the option `project` names.
[[nodiscard]] Result<std::string> vertex_model_path(std::string_view publisher,
                                                    const WireTarget& target);

/// A request for Gemini on Vertex AI: encode_gemini()'s body under the project's path. Without a
/// project it is one for Vertex AI in express mode, which takes an API key. Its answers are those
/// of gemini_decoder().
[[nodiscard]] Result<AdaptedRequest> encode_vertex(const ChatRequest& request,
                                                   const WireTarget& target);

/// A request for Claude on Vertex AI: `rawPredict` with a body of Anthropic's. Its answers are
/// Anthropic's.
[[nodiscard]] Result<AdaptedRequest> encode_vertex_anthropic(const ChatRequest& request,
                                                             const WireTarget& target);

/// Reads errors of Claude's, in Anthropic's form, and of the platform in front of it, in Google's.
[[nodiscard]] ProviderError read_vertex_anthropic_error(int status, const ResponseHead& head,
                                                        std::string_view body);

/// Both take an access token (`Authorization: Bearer`); the first, in express mode, an API key
/// (`x-goog-api-key`).
extern const WireAdapter kVertexAdapter;
extern const WireAdapter kVertexAnthropicAdapter;

}  // namespace llmgw
