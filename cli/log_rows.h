// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "common/store/log_store.h"

namespace llmgw {

/// A row of the log as cells of a table, and what stands above them.
[[nodiscard]] std::vector<std::string> call_header();
[[nodiscard]] std::vector<Cell> call_cells(const LoggedCall& call, bool terminal);

/// A sum of US dollars: "0.0041"; "?" when it is not known.
[[nodiscard]] std::string show_cost(const std::optional<Money>& cost);

/// "310 ms", "1.9 s" on a terminal; the milliseconds otherwise.
[[nodiscard]] std::string show_micros(std::int64_t microseconds, bool terminal);

}  // namespace llmgw
