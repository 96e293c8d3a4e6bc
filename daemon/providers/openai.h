// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/resolve.h"
#include "daemon/providers/adapted_request.h"
#include "daemon/providers/quirks.h"

namespace llmgw {

/// The request for a provider that speaks OpenAI's format: the client's own bytes, except for the
/// model's name, fields that the provider or the model rejects, a temperature over its limit, what
/// `quirks` (quirks_of(), or azure_quirks(); nullptr: none) ask for, and
/// `stream_options.include_usage`, which is always asked for in streams, so that every request can
/// be accounted for. Pure.
[[nodiscard]] AdaptedRequest adapt_openai(const InferenceCall& call, const Candidate& candidate,
                                          const Quirks* quirks = nullptr);

}  // namespace llmgw
