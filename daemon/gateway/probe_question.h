// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/provider_call.h"
#include "daemon/gateway/resolve.h"

namespace llmgw {

/// What a provider is asked to learn whether it takes a key: its list of models, or, where its API
/// has none, a chat completion that it refuses for another reason than the key, which costs
/// nothing.
struct ProbeQuestion {
    Candidate candidate;
    std::unique_ptr<InferenceCall> call;  ///< nullptr: it is asked for its models
    ProviderCall made;

    /// Whether this status says that the key was taken.
    [[nodiscard]] bool is_accepted(int status) const;
};

/// Errors are those of adapt_call(): an address that cannot be asked for anything.
[[nodiscard]] Result<ProbeQuestion> make_probe_question(const ProviderAccess& access);

/// The question's head. `secret` is the key's own, or the access token it was exchanged for.
[[nodiscard]] std::string probe_head(const ProbeQuestion& question, std::string_view secret);

}  // namespace llmgw
