// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/home.h"

namespace llmgw {

/// The model for a prompt that names none: what the alias `default` stands for. Fails with
/// Errc::usage and how to choose one.
[[nodiscard]] Result<std::string> default_model(const Home& home);

/// Whether OpenAI takes `max_completion_tokens` instead of `max_tokens` for a model: its reasoning
/// models, from o1 and gpt-5 on, reject the older field.
[[nodiscard]] bool wants_max_completion_tokens(std::string_view model);

}  // namespace llmgw
