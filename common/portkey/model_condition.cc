// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/model_condition.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <regex>
#include <string>

#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// JavaScript's undefined is nullptr.
using Value = const Json*;

// std::regex recurses with the length of a pattern.
constexpr std::size_t kLongestPattern = 1000;

std::string number_text(double number) {
    if (std::isfinite(number) && number == std::floor(number) && std::abs(number) < 1e15) {
        return std::to_string(static_cast<long long>(number));
    }
    return Json(number).dump();
}

// String(value)
std::string text_of(Value value) {
    if (value == nullptr) {
        return "undefined";
    }
    if (value->is_string()) {
        return value->get<std::string>();
    }
    if (value->is_number()) {
        return number_text(value->get<double>());
    }
    if (value->is_array()) {
        std::string text;
        for (std::size_t i = 0; i < value->size(); i++) {
            const Json& one = (*value)[i];
            text += (i == 0 ? "" : ",") + (one.is_null() ? std::string() : text_of(&one));
        }
        return text;
    }
    return value->is_object() ? "[object Object]" : value->dump();
}

// parseFloat(value): what the text begins with, if that is a decimal number.
double float_of(Value value) {
    const std::string text(trim(text_of(value)));
    std::size_t end = text.find_first_not_of("0123456789+-.eE");
    end = std::min(end, text.size());
    const std::string beginning = text.substr(0, end);
    char* stop = nullptr;
    const double number = std::strtod(beginning.c_str(), &stop);
    return stop == beginning.c_str() ? std::numeric_limits<double>::quiet_NaN() : number;
}

// ===, by which two objects are never the same one.
bool is_same(Value left, const Json& right) {
    if (left == nullptr || left->is_structured() || right.is_structured()) {
        return false;
    }
    if (left->is_number() && right.is_number()) {
        return left->get<double>() == right.get<double>();
    }
    return left->type() == right.type() && *left == right;
}

bool is_among(Value value, const Json& list) {
    for (const Json& one : list) {
        if (is_same(value, one)) {
            return true;
        }
    }
    return false;
}

ModelMatch to_match(bool matches) {
    return matches ? ModelMatch::yes : ModelMatch::no;
}

// new RegExp(pattern).test(String(value))
ModelMatch test_pattern(Value value, const Json& pattern) {
    const std::string source = text_of(&pattern);
    if (source.size() > kLongestPattern) {
        return ModelMatch::unknown;
    }
    try {
        const std::regex regex(source, std::regex::ECMAScript);
        return to_match(std::regex_search(text_of(value), regex));
    } catch (const std::regex_error&) {
        return ModelMatch::unknown;  // JavaScript may take it
    }
}

// One operator, but for $regex.
ModelMatch apply(const std::string& op, Value value, const Json& operand) {
    if (op == "$eq") {
        return to_match(is_same(value, operand));
    }
    if (op == "$ne") {
        return to_match(!is_same(value, operand));
    }
    if (op == "$in") {
        return to_match(operand.is_array() && is_among(value, operand));
    }
    if (op == "$nin") {
        return to_match(operand.is_array() && !is_among(value, operand));
    }
    const double left = float_of(value);
    const double right = float_of(&operand);
    if (op == "$gt") {
        return to_match(left > right);
    }
    if (op == "$gte") {
        return to_match(left >= right);
    }
    if (op == "$lt") {
        return to_match(left < right);
    }
    return op == "$lte" ? to_match(left <= right) : ModelMatch::fails;
}

ModelMatch apply_all(const Json& operators, Value value) {
    for (const auto& [op, operand] : operators.items()) {
        if (op == "$regex") {
            return test_pattern(value, operand);  // whatever comes after it
        }
        const ModelMatch match = apply(op, value, operand);
        if (match != ModelMatch::yes) {
            return match;
        }
    }
    return ModelMatch::yes;
}

// "params.model": the first two names of a path are read, and no more.
Value find_field(const Json& context, const std::string& path) {
    const std::size_t dot = path.find('.');
    const auto root = context.find(path.substr(0, dot));
    if (root == context.end()) {
        return nullptr;
    }
    if (dot == std::string::npos) {
        return nullptr;
    }
    const std::string rest = path.substr(dot + 1);
    const auto member = root->find(rest.substr(0, rest.find('.')));
    return member == root->end() ? nullptr : &*member;
}

ModelMatch evaluate(const Json& query, const Json& context);

// The first that is not `neutral` decides.
ModelMatch evaluate_list(const Json& queries, const Json& context, ModelMatch neutral) {
    for (const Json& one : queries) {
        const ModelMatch match = evaluate(one, context);
        if (match != neutral) {
            return match;
        }
    }
    return neutral;
}

ModelMatch evaluate(const Json& query, const Json& context) {
    if (!query.is_object()) {
        return ModelMatch::unknown;
    }
    for (const auto& [name, wanted] : query.items()) {
        if (name == "$or" && wanted.is_array()) {
            return evaluate_list(wanted, context, ModelMatch::no);
        }
        if (name == "$and" && wanted.is_array()) {
            return evaluate_list(wanted, context, ModelMatch::yes);
        }
        const Value value = find_field(context, name);
        const ModelMatch match =
            wanted.is_structured() ? apply_all(wanted, value) : to_match(is_same(value, wanted));
        if (match != ModelMatch::yes) {
            return match;
        }
    }
    return ModelMatch::yes;
}

Json object_of(const std::string& text) {
    auto parsed = parse_json(text);
    return parsed && parsed->is_object() ? *std::move(parsed) : Json::object();
}

}  // namespace

ModelMatch evaluate_portkey_query(std::string_view query, const ProofCase& request) {
    const auto parsed = parse_json(query);
    if (!parsed) {
        return ModelMatch::unknown;
    }
    const Json context = {{"metadata", object_of(request.metadata)},
                          {"params", object_of(request.body)},
                          {"url", {{"pathname", request.path}}}};
    return evaluate(*parsed, context);
}

}  // namespace llmgw
