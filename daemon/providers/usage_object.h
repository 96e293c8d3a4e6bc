// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/gateway/usage.h"

namespace llmgw {

/// `usage` as OpenAI writes it, with cached and written tokens within the prompt's and thoughts
/// within the completion's; read_usage() gets the same buckets out of it again. What OpenAI has no
/// word for is named as OpenRouter and LLM Gateway name it.
[[nodiscard]] std::string usage_object(const Usage& usage);

}  // namespace llmgw
