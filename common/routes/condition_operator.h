// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <utility>

namespace llmgw {

/// How a condition compares a field.
enum class ConditionOperator { eq, ne, gt, gte, lt, lte, in, nin, regex };

[[nodiscard]] inline std::optional<ConditionOperator> find_operator(std::string_view name) {
    constexpr std::pair<std::string_view, ConditionOperator> kOperators[] = {
        {"$eq", ConditionOperator::eq},      {"$ne", ConditionOperator::ne},
        {"$gt", ConditionOperator::gt},      {"$gte", ConditionOperator::gte},
        {"$lt", ConditionOperator::lt},      {"$lte", ConditionOperator::lte},
        {"$in", ConditionOperator::in},      {"$nin", ConditionOperator::nin},
        {"$regex", ConditionOperator::regex}};
    for (const auto& [text, op] : kOperators) {
        if (text == name) {
            return op;
        }
    }
    return std::nullopt;
}

}  // namespace llmgw
