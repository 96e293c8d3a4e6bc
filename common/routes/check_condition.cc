// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/routes/condition.h"
#include "common/routes/condition_operator.h"
#include "common/routes/script_regex.h"

namespace llmgw {

namespace {

Error wrong(std::string what, const std::string& pointer) {
    Error error;
    error.kind = Errc::invalid_file;
    error.message = std::move(what);
    error.param = pointer;
    return error;
}

std::string escape_pointer(const std::string& key) {
    std::string out;
    for (const char c : key) {
        out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return out;
}

Result<void> check_operator(const std::string& name, const Json& value,
                            const std::string& pointer) {
    const auto op = find_operator(name);
    if (!op) {
        return tl::unexpected(wrong("\"" + printable(name) +
                                        "\" is no operator: they are $eq, $ne, $gt, $gte, $lt, "
                                        "$lte, $in, $nin and $regex",
                                    pointer));
    }
    if (*op == ConditionOperator::in || *op == ConditionOperator::nin) {
        return value.is_array() ? Result<void>()
                                : tl::unexpected(wrong(name + " takes an array", pointer));
    }
    if (*op == ConditionOperator::regex) {
        if (!value.is_string()) {
            return tl::unexpected(wrong("$regex takes a pattern as a string", pointer));
        }
        const auto regex = ScriptRegex::compile(value.get_ref<const std::string&>());
        return regex ? Result<void>() : tl::unexpected(wrong(regex.error().message, pointer));
    }
    if (value.is_structured()) {
        return tl::unexpected(
            wrong(name + " takes a string, a number, true, false or null", pointer));
    }
    return {};
}

Result<void> check_query(const Json& query, const std::string& pointer) {
    if (!query.is_object()) {
        return tl::unexpected(wrong("a query is an object", pointer));
    }
    for (const auto& [key, value] : query.items()) {
        const std::string at = pointer + "/" + escape_pointer(key);
        if (key == "$or" || key == "$and") {
            if (!value.is_array()) {
                return tl::unexpected(wrong(key + " takes an array of queries", at));
            }
            for (std::size_t i = 0; i < value.size(); i++) {
                if (auto checked = check_query(value[i], at + "/" + std::to_string(i)); !checked) {
                    return checked;
                }
            }
            continue;
        }
        if (key.starts_with('$')) {
            return tl::unexpected(wrong(
                "\"" + printable(key) + "\" cannot stand here: $and, $or and fields can", at));
        }
        if (value.is_array()) {
            return tl::unexpected(wrong("a field is compared with {\"$in\": […]}", at));
        }
        if (!value.is_object()) {
            continue;
        }
        for (const auto& [name, operand] : value.items()) {
            const auto checked = check_operator(name, operand, at + "/" + escape_pointer(name));
            if (!checked) {
                return checked;
            }
        }
    }
    return {};
}

}  // namespace

Result<void> check_condition(std::string_view query) {
    const auto document = parse_json(query);
    if (!document) {
        return tl::unexpected(document.error());
    }
    return check_query(*document, "");
}

}  // namespace llmgw
