// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/provider_access.h"
#include "daemon/http/head.h"
#include "daemon/providers/adapted_request.h"

namespace llmgw {

/// The request that shows whether a provider key works, and costs nothing: the list of models,
/// where a format has one; elsewhere a chat with a model that does not exist, which a provider
/// refuses only after it has looked at the key. Pure, as are all functions here.
struct ProbeRequest {
    std::string target;  ///< from the host's root, with its query
    /// The chat; nullptr when the models are listed.
    std::unique_ptr<InferenceCall> call;
    AdaptedRequest chat;  ///< `call` in the provider's format

    [[nodiscard]] bool lists_models() const { return call == nullptr; }
};

/// The error is a setting of the provider key that no request can be made with, such as a project
/// that is missing.
[[nodiscard]] Result<ProbeRequest> make_probe_request(const ProviderAccess& access);

/// Its head, up to the empty line. `secret` is the key's own, or the token it was exchanged for.
[[nodiscard]] std::string probe_head(const ProviderAccess& access, const ProbeRequest& request,
                                     std::string_view secret);

/// What became of it, for a person.
struct ProbeVerdict {
    Errc kind = Errc::upstream;  ///< of what is not ok
    std::string verdict;         ///< "ok", "key refused"…
    std::string detail;          ///< one sentence, in the provider's own words if it has any
    std::string hint;            ///< the next command

    [[nodiscard]] bool ok() const { return verdict == "ok"; }
};

/// Judges an answer. What it repeats of the secret or of `token` is taken out.
[[nodiscard]] ProbeVerdict judge_probe(const ProviderAccess& access, const ProbeRequest& request,
                                       const ResponseHead& head, std::string_view body,
                                       std::string_view token);

/// Judges why there is no token to ask with.
[[nodiscard]] ProbeVerdict judge_token_failure(const ProviderAccess& access, const Error& error);

}  // namespace llmgw
