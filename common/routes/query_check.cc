// SPDX-License-Identifier: Apache-2.0
#include "common/routes/query_check.h"

#include "common/routes/condition.h"

namespace llmgw {

namespace {

// Notes names that are there twice, at any depth: which of them counts, a reader could not tell.
void check_names(const DocumentValue& value) {
    if (value.kind() == JsonKind::object) {
        const DocumentObject object(value);
        for (const auto& [name, member] : object.members()) {
            check_names(member);
        }
    } else if (value.kind() == JsonKind::array) {
        constexpr std::size_t kMaxElements = 1000;
        for (const DocumentValue& element : value.elements(kMaxElements)) {
            check_names(element);
        }
    }
}

}  // namespace

void check_query(const DocumentValue& query) {
    check_names(query);
    if (const auto checked = check_condition(query.json()); !checked) {
        query.below(checked.error().param).report(checked.error().message);
    }
}

}  // namespace llmgw
