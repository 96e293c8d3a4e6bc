// SPDX-License-Identifier: Apache-2.0
#include "common/routes/query_check.h"

#include <algorithm>
#include <iterator>

#include "common/routes/script_regex.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxParts = 1000;  // of an $and or $or

constexpr std::string_view kOperators[] = {"$eq",  "$ne", "$gt",  "$gte",  "$lt",
                                           "$lte", "$in", "$nin", "$regex"};

void check_pattern(const DocumentValue& value) {
    const std::string pattern = value.text();
    if (value.kind() == JsonKind::string && !ScriptRegex::compile(pattern)) {
        value.refuse("is no regular expression of JavaScript, or one that cannot be matched here",
                     "flags such as (?i) and look-behind of any length are not for routes");
    }
}

// {"$gt": 1, "$lt": 9}
void check_operators(const DocumentValue& value) {
    const DocumentObject operators(value);
    operators.check_names(kOperators,
                          "the operators are $eq $ne $gt $gte $lt $lte $in $nin $regex, and $and "
                          "and $or around queries");
    for (const auto& [name, operand] : operators.members()) {
        const JsonKind kind = operand.kind();
        if ((name == "$in" || name == "$nin") && kind != JsonKind::array) {
            operand.refuse("must be an array");
        } else if (name == "$regex") {
            check_pattern(operand);
        }
    }
}

}  // namespace

void check_query(const DocumentValue& query) {
    const DocumentObject object(query);
    for (const auto& [name, value] : object.members()) {
        if (name == "$and" || name == "$or") {
            for (const DocumentValue& part : value.elements(kMaxParts)) {
                check_query(part);
            }
        } else if (name.starts_with('$')) {
            object.refuse_name(name, "is an operator where the path of a field belongs",
                               "write {\"metadata.NAME\": {\"" + name + "\": …}}");
        } else if (value.kind() == JsonKind::object) {
            check_operators(value);
        } else if (value.kind() == JsonKind::array) {
            value.refuse("must be a value, or an object of operators",
                         "for one of several values: {\"$in\": […]}");
        }
    }
}

}  // namespace llmgw
