// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "daemon/gateway/inference_call.h"
#include "daemon/http/head.h"

namespace llmgw {

/// What tells that requests belong to one session, so that one provider's cache serves them all:
/// the first that there is of the headers `x-session-id`, `x-session-affinity`, `session_id` and
/// `session-id`, and the body's `prompt_cache_key` and `user`. Empty without any; one that is too
/// long counts as none. Points into the request.
[[nodiscard]] std::string_view session_key(const RequestHead& head, const InferenceCall& call);
inline constexpr std::size_t kMaxSessionKey = 256;

}  // namespace llmgw
