// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/store/log_store.h"

namespace llmgw {

/// `logs list --json`: an array.
[[nodiscard]] std::string calls_json(std::span<const LoggedCall> calls);

/// `logs show --json`: the outcome of a request, its attempts and its decision.
[[nodiscard]] std::string request_json(std::span<const LoggedCall> rows, std::string_view decision);

/// One line of `logs list --follow --json`, and with the decision of `logs export`.
[[nodiscard]] std::string call_json_line(const LoggedCall& call,
                                         std::optional<std::string_view> decision = std::nullopt);

}  // namespace llmgw
