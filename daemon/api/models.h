// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

struct Snapshot;

/// The answer to GET /v1/models: every model that the configured keys can serve, aliases, and
/// mock/echo, in OpenAI's shape.
[[nodiscard]] std::string models_document(const Snapshot& snapshot);

/// The answer to GET /v1/models/{id}, or nullopt when nothing can serve that name.
[[nodiscard]] std::optional<std::string> model_document(const Snapshot& snapshot,
                                                        std::string_view id);

}  // namespace llmgw
