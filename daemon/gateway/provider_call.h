// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/request_images.h"
#include "daemon/gateway/resolve.h"
#include "daemon/providers/adapted_request.h"
#include "daemon/providers/translated_answer.h"

namespace llmgw {

/// A client's request as one provider gets it.
struct ProviderCall {
    AdaptedRequest request;
    std::unique_ptr<Translation> translation;  ///< nullptr: the formats are the same
    std::string token;                         ///< that the secret was exchanged for, if it was
};

/// The code of the error for an image's address where the provider needs its bytes.
constexpr std::string_view kImageAddressUnsupported = "unsupported_image_url";

[[nodiscard]] bool is_image_by_address(const ContentPart& part);
/// "messages[0].content[1].image_url".
[[nodiscard]] std::string image_param(std::size_t message, std::size_t part);

/// Makes it; pure. Errors are Errc::invalid_request. A code that begins with "unsupported" means
/// that this provider cannot be asked that; others, that the request is wrong in itself. `images`
/// stand in for their addresses where the provider needs the bytes.
[[nodiscard]] Result<ProviderCall> adapt_call(const InferenceCall& call, const Candidate& candidate,
                                              const RequestImages& images);

/// Whether that failed because images are to be fetched first.
[[nodiscard]] bool lacks_images(const Result<ProviderCall>& made);

/// A translated provider's good answer in OpenAI's format: a stream when the client wants one. The
/// answer gets its id from the request's where the provider tells none.
[[nodiscard]] std::unique_ptr<UpstreamAnswer> translate_answer(
    std::unique_ptr<UpstreamAnswer> answer, std::unique_ptr<Translation> translation,
    std::string_view request_id, std::int64_t unix_seconds);

/// A refusal as OpenAI words it.
struct TranslatedRefusal {
    int status = 0;
    std::string body;  ///< an error document; as it was when the provider's is not legible
};
[[nodiscard]] TranslatedRefusal translate_refusal(const Translation& translation,
                                                  const ResponseHead& head, std::string body);

}  // namespace llmgw
