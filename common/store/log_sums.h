// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>

#include "common/store/log_store.h"
#include "common/store/statement.h"

namespace llmgw {

/// What a row of the table `usage` stands for.
struct UsageGroup {
    std::int64_t hour = 0;
    std::string_view model, provider, key, route;

    // clang-tidy 14 takes the 0 that comparisons are rewritten with for a pointer.
    auto operator<=>(const UsageGroup&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// The rest of such a row.
struct UsageSums {
    std::int64_t first_id = 0, last_id = 0;
    UsageRow sums;

    void count(const CallView& call);
};

/// Reads the columns first_id to first_bytes, which stand behind each other from `column` on.
[[nodiscard]] UsageSums read_usage_sums(const Statement& row, int column);

/// Adds sums to what is stored for a group.
[[nodiscard]] Result<void> add_usage(Database& database, const UsageGroup& group,
                                     const UsageSums& added);

}  // namespace llmgw
