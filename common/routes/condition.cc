// SPDX-License-Identifier: Apache-2.0
#include "common/routes/condition.h"

#include "common/base/json_io.h"

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
    if (name == "$in" || name == "$nin") {
        if (!value.is_array()) {
            return tl::unexpected(wrong(name + " takes an array", pointer));
        }
        return {};
    }
    if (name == "$regex") {
        if (!value.is_string()) {
            return tl::unexpected(wrong("$regex takes a pattern as a string", pointer));
        }
        return {};
    }
    if (name == "$eq" || name == "$ne" || name == "$gt" || name == "$gte" || name == "$lt" ||
        name == "$lte") {
        if (value.is_structured()) {
            return tl::unexpected(
                wrong(name + " takes a string, a number, true, false or null", pointer));
        }
        return {};
    }
    return tl::unexpected(wrong("\"" + name +
                                    "\" is no operator: they are $eq, $ne, $gt, $gte, "
                                    "$lt, $lte, $in, $nin and $regex",
                                pointer));
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
            return tl::unexpected(
                wrong("\"" + key + "\" cannot stand here: $and and $or can, and fields", at));
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
