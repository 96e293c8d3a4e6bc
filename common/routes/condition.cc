// SPDX-License-Identifier: Apache-2.0
#include "common/routes/condition.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"
#include "common/routes/condition_field.h"
#include "common/routes/condition_operator.h"
#include "common/routes/script_regex.h"
#include "common/routes/script_value.h"

namespace llmgw {

namespace {

// One operator of a field and what it compares with.
struct Comparison {
    std::optional<ConditionOperator> op;  // none: Portkey knows no such operator
    std::string name;
    ScriptValue operand;
    std::vector<ScriptValue> list;     // of $in and $nin
    std::optional<ScriptRegex> regex;  // of $regex; none: it matches nothing
};

// A member of a query.
struct Query {
    enum class Kind { any_of, all_of, equals, compares };

    Kind kind = Kind::equals;
    std::vector<std::vector<Query>> queries;  // of $or and $and
    ConditionField field;
    ScriptValue constant;
    std::vector<Comparison> comparisons;
};
using Queries = std::vector<Query>;

struct Member {
    std::string name;
    std::string_view value;
};

// An object's members as JavaScript has them: of a name that is there twice, the last value stands
// in the first place. An array's are its elements by number.
std::vector<Member> members_of(std::string_view json) {
    std::vector<Member> members;
    if (json_kind(json) == JsonKind::array) {
        const auto elements = scan_array(json);
        for (std::size_t i = 0; elements && i < elements->size(); i++) {
            members.push_back({std::to_string(i), (*elements)[i]});
        }
        return members;
    }
    for (const JsonField& field : nested_fields(json)) {
        std::string name(field.key);
        if (field.escaped_key) {
            name = json_text({field.key.data() - 1, field.key.size() + 2}).value_or(name);
        }
        const auto same = std::find_if(members.begin(), members.end(),
                                       [&](const Member& one) { return one.name == name; });
        if (same != members.end()) {
            same->value = field.value;
        } else {
            members.push_back({std::move(name), field.value});
        }
    }
    return members;
}

std::vector<ScriptValue> values_of(std::string_view array) {
    std::vector<ScriptValue> values;
    for (const Member& element : members_of(array)) {
        values.push_back(script_value(element.value));
    }
    return values;
}

Comparison compile_comparison(const Member& member) {
    Comparison comparison;
    comparison.op = find_operator(member.name);
    comparison.name = member.name;
    comparison.operand = script_value(member.value);
    if (comparison.operand.kind == ScriptValue::Kind::array) {
        comparison.list = values_of(member.value);
    }
    if (comparison.op == ConditionOperator::regex) {
        if (auto regex = ScriptRegex::compile(script_text(comparison.operand))) {
            comparison.regex = std::move(*regex);
        }
    }
    return comparison;
}

Queries compile_queries(std::string_view object) {
    Queries queries;
    for (const Member& member : members_of(object)) {
        Query query;
        const JsonKind kind = json_kind(member.value);
        const bool any_of = member.name == "$or";
        if (kind == JsonKind::array && (any_of || member.name == "$and")) {
            query.kind = any_of ? Query::Kind::any_of : Query::Kind::all_of;
            for (const Member& part : members_of(member.value)) {
                query.queries.push_back(compile_queries(part.value));
            }
            queries.push_back(std::move(query));
            continue;
        }
        query.field = ConditionField::parse(member.name);
        query.constant = script_value(member.value);
        if (query.constant.is_structured()) {
            query.kind = Query::Kind::compares;
            for (const Member& part : members_of(member.value)) {
                query.comparisons.push_back(compile_comparison(part));
            }
        }
        queries.push_back(std::move(query));
    }
    return queries;
}

bool is_in(const ScriptValue& value, const std::vector<ScriptValue>& list) {
    return std::any_of(list.begin(), list.end(),
                       [&](const ScriptValue& one) { return strictly_equal(one, value); });
}

bool holds(const Comparison& comparison, const ScriptValue& value) {
    const ScriptValue& operand = comparison.operand;
    const bool has_list = operand.kind == ScriptValue::Kind::array;
    switch (*comparison.op) {
        case ConditionOperator::eq:
            return strictly_equal(value, operand);
        case ConditionOperator::ne:
            return !strictly_equal(value, operand);
        case ConditionOperator::gt:
            return parse_float(value) > parse_float(operand);
        case ConditionOperator::gte:
            return parse_float(value) >= parse_float(operand);
        case ConditionOperator::lt:
            return parse_float(value) < parse_float(operand);
        case ConditionOperator::lte:
            return parse_float(value) <= parse_float(operand);
        case ConditionOperator::in:
            return has_list && is_in(value, comparison.list);
        case ConditionOperator::nin:
            return has_list && !is_in(value, comparison.list);
        case ConditionOperator::regex:
            return comparison.regex && comparison.regex->test(script_text(value));
    }
    return false;
}

Result<bool> compare(const std::vector<Comparison>& comparisons, const ScriptValue& value) {
    for (const Comparison& comparison : comparisons) {
        if (!comparison.op) {
            Error error;
            error.kind = Errc::invalid_request;
            error.code = "unsupported_operator";
            error.param = comparison.name;
            error.message = "a condition of the route has the operator \"" +
                            printable(comparison.name) + "\", which there is not";
            return tl::unexpected(std::move(error));
        }
        const bool held = holds(comparison, value);
        if (!held || comparison.op == ConditionOperator::regex) {
            return held;  // what stands behind a $regex is never looked at
        }
    }
    return true;
}

Result<bool> evaluate(const Queries& queries, const ConditionInput& input) {
    for (const Query& query : queries) {
        Result<bool> held = true;
        switch (query.kind) {
            case Query::Kind::any_of:
            case Query::Kind::all_of: {
                // Members behind these are never looked at.
                const bool decides = query.kind == Query::Kind::any_of;
                for (const Queries& part : query.queries) {
                    held = evaluate(part, input);
                    if (!held || *held == decides) {
                        return held;
                    }
                }
                return !decides;
            }
            case Query::Kind::equals:
                held = strictly_equal(query.field.value(input), query.constant);
                break;
            case Query::Kind::compares:
                held = compare(query.comparisons, query.field.value(input));
                break;
        }
        if (!held || !*held) {
            return held;
        }
    }
    return true;
}

}  // namespace

struct Condition::Compiled {
    std::string text;  // what the values point into
    Queries queries;
};

Result<Condition> Condition::compile(std::string_view query) {
    auto compiled = std::make_shared<Compiled>();
    compiled->text = query;
    if (auto checked = scan_object(compiled->text); !checked) {
        checked.error().kind = Errc::invalid_file;
        return tl::unexpected(std::move(checked.error()));
    }
    compiled->queries = compile_queries(compiled->text);
    return Condition(std::move(compiled));
}

Result<bool> Condition::matches(const ConditionInput& input) const {
    return evaluate(compiled_->queries, input);
}

}  // namespace llmgw
