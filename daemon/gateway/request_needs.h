// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "daemon/gateway/inference_call.h"

namespace llmgw {

/// What a provider must be able to do for a request.
struct RequestNeeds {
    Endpoint endpoint = Endpoint::chat_completions;
    bool streaming = false;
    bool vision = false;
    bool audio = false;
    bool documents = false;
    bool tools = false;
    bool json_schema = false;
    bool reasoning = false;
    std::uint64_t prompt_tokens = 0;  ///< an estimate: a token for every four bytes, files left out
    std::uint64_t output_tokens = 0;  ///< that the client asks for at most; 0: it does not say
};

/// Finds them in one pass over the strings of the request's bytes, without parsing the messages.
[[nodiscard]] RequestNeeds needs_of(const InferenceCall& call);

}  // namespace llmgw
