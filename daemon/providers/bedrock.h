// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// AWS Bedrock's Converse and ConverseStream
/// (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html).
extern const WireAdapter kBedrockAdapter;

[[nodiscard]] Result<AdaptedRequest> encode_bedrock(const ChatRequest& request,
                                                    const WireTarget& target);
[[nodiscard]] std::unique_ptr<AnswerDecoder> bedrock_decoder(const ChatRequest& request,
                                                             const WireTarget& target);
[[nodiscard]] ProviderError read_bedrock_error(int status, const ResponseHead& head,
                                               std::string_view body);

// Where requests go. A region is one of AWS's ("eu-west-1") or a group of them by which models are
// offered ("us", "eu", "apac", "jp", "au", "global": cross-region inference profiles).

/// The region for a model: the one asked for, else "global" if it is served there, else the first
/// that serves it; "us-east-1" when nothing is known.
[[nodiscard]] std::string_view bedrock_region(std::string_view asked, const Mapping* mapping);
/// "https://bedrock-runtime.eu-central-1.amazonaws.com". A region comes with a request's model
/// (MODEL:REGION) and becomes part of a host name: one of other characters is refused.
[[nodiscard]] Result<std::string> bedrock_base_url(std::string_view region);
/// The region that a signature names: the host's own where it tells, as it has to be the same, else
/// that of `region`.
[[nodiscard]] std::string bedrock_signing_region(std::string_view host, std::string_view region);
/// The model id for the path, not yet percent-encoded: with the prefix of the inference profile
/// that the region selects, for models that are offered in one.
[[nodiscard]] std::string bedrock_model_id(const WireTarget& target);

}  // namespace llmgw
