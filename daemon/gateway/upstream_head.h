// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/resolve.h"
#include "daemon/http/head.h"
#include "daemon/providers/adapted_request.h"

namespace llmgw {

/// Bodies up to this size are sent in one piece with their head: the kernel takes one piece with
/// less work than several, and copying so little is nothing.
inline constexpr std::size_t kSmallBody = 8 * 1024;

/// The upstream request as it is sent, up to its empty line; `authorization` are the header lines
/// that hold its secret.
[[nodiscard]] std::string upstream_head(const Candidate& candidate, const AdaptedRequest& request,
                                        const InferenceCall& call, const RequestHead& client_head,
                                        std::string_view authorization);

/// Headers of an upstream's answer that the client gets too, as header lines.
[[nodiscard]] std::string passed_on_fields(const ResponseHead& head);

}  // namespace llmgw
