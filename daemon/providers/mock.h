// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/gateway/inference_call.h"
#include "daemon/upstream/answer.h"

namespace llmgw {

/// The built-in provider: answers without any network, for a first try and for tests. `echo` says
/// the last user message again, word by word in a stream, with one token a word; its embeddings
/// follow from the text alone.
[[nodiscard]] std::unique_ptr<UpstreamAnswer> mock_answer(const InferenceCall& call,
                                                          std::string_view request_id,
                                                          std::int64_t unix_seconds);

}  // namespace llmgw
