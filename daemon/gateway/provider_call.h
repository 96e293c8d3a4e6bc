// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/resolve.h"
#include "daemon/providers/adapted_request.h"
#include "daemon/providers/translated_answer.h"

namespace llmgw {

/// A client's request as one provider gets it.
struct ProviderCall {
    AdaptedRequest request;
    std::unique_ptr<Translation> translation;  ///< nullptr: the formats are the same
};

/// Makes it; pure. Errors are Errc::invalid_request. A code that begins with "unsupported" means
/// that this provider cannot be asked that; others, that the request is wrong in itself.
[[nodiscard]] Result<ProviderCall> adapt_call(const InferenceCall& call,
                                              const Candidate& candidate);

/// The format that a candidate's provider speaks.
[[nodiscard]] Wire wire_of(const Candidate& candidate);

/// A translated provider's good answer in OpenAI's format: a stream when the client wants one. The
/// answer gets its id from the request's where the provider tells none.
[[nodiscard]] std::unique_ptr<UpstreamAnswer> translate_answer(
    std::unique_ptr<UpstreamAnswer> answer, std::unique_ptr<Translation> translation,
    std::string_view request_id, std::int64_t unix_seconds);

/// A refusal as OpenAI words it.
struct TranslatedRefusal {
    int status = 0;
    std::string body;          ///< an error document; as it was when the provider's is not legible
    std::string retry_fields;  ///< header lines
};
[[nodiscard]] TranslatedRefusal translate_refusal(const Translation& translation,
                                                  const ResponseHead& head, std::string body);

}  // namespace llmgw
