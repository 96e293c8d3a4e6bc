// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/usage.h"

namespace llmgw {

/// Counts the characters of what a model said: texts, refusals, visible thoughts, and names and
/// arguments of tool calls, in a plain answer or in chunks of a stream. It looks for members by
/// name, without parsing: every chunk of every stream passes here, since only its end shows
/// whether the provider tells its usage.
[[nodiscard]] std::uint64_t completion_characters(std::string_view json);

/// The usage of a request whose provider tells none: a token for every four characters (code
/// points) of the request's texts, tool calls and tools, and of the completion; a list of tokens
/// counts as it is. The completion is at most what the mapping can answer. Pure.
[[nodiscard]] Usage estimate_usage(const InferenceCall& call, std::uint64_t completion_characters,
                                   const Mapping* mapping);

/// The estimate for a whole answer with these members; nullopt when it answers nothing, so that
/// nothing is charged.
[[nodiscard]] std::optional<Usage> estimate_answer(const InferenceCall& call,
                                                   const std::vector<JsonField>& answer,
                                                   const Mapping* mapping);

/// The members of the endpoint's `usage` object, without braces, marked as an estimate.
[[nodiscard]] std::string estimated_usage_members(Endpoint endpoint, const Usage& usage);

}  // namespace llmgw
