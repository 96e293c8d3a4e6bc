// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "daemon/gateway/resolve.h"
#include "daemon/providers/adapted_request.h"

namespace llmgw {

/// The header lines by which a request proves itself to its provider. `secret` is the provider
/// key's own, or the access token that it was exchanged for. To be made anew for each attempt: a
/// signature holds for one body and a few minutes.
[[nodiscard]] std::string authorization_fields(const Candidate& candidate,
                                               const AdaptedRequest& request,
                                               std::string_view secret);

/// The same for a person to read, with nothing secret in it.
[[nodiscard]] std::string masked_authorization(const Candidate& candidate);

}  // namespace llmgw
