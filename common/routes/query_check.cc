// SPDX-License-Identifier: Apache-2.0
#include "common/routes/query_check.h"

#include "common/routes/condition.h"

namespace llmgw {

namespace {

// Notes what no evaluation would, at any depth: names that are there twice, of which a reader could
// not tell which counts, and numbers that no double holds.
void check_values(const DocumentValue& value) {
    if (value.kind() == JsonKind::number && !json_double(value.json())) {
        value.refuse("is out of range");
    } else if (value.kind() == JsonKind::object) {
        const DocumentObject object(value);
        for (const auto& [name, member] : object.members()) {
            check_values(member);
        }
    } else if (value.kind() == JsonKind::array) {
        constexpr std::size_t kMaxElements = 1000;
        for (const DocumentValue& element : value.elements(kMaxElements)) {
            check_values(element);
        }
    }
}

}  // namespace

void check_query(const DocumentValue& query) {
    check_values(query);
    if (const auto checked = check_condition(query.json()); !checked) {
        query.below(checked.error().param).report(checked.error().message);
    }
}

}  // namespace llmgw
