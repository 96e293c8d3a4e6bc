// SPDX-License-Identifier: Apache-2.0
#include "common/routes/condition_field.h"

#include "common/base/text.h"

namespace llmgw {

namespace {

using Root = ConditionField::Root;

Root root_of(std::string_view name) {
    constexpr std::pair<std::string_view, Root> kRoots[] = {{"metadata", Root::metadata},
                                                            {"params", Root::params},
                                                            {"url", Root::url},
                                                            {"headers", Root::headers},
                                                            {"body", Root::body}};
    for (const auto& [text, root] : kRoots) {
        if (text == name) {
            return root;
        }
    }
    return Root::none;
}

ScriptValue member(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? ScriptValue() : script_value(field->value);
}

ScriptValue deep_member(const std::vector<JsonField>& fields,
                        const std::vector<std::string>& names) {
    ScriptValue value = member(fields, names.front());
    for (std::size_t i = 1; i < names.size() && value.is_defined(); i++) {
        value = member(nested_fields(value.json), names[i]);
    }
    return value;
}

ScriptValue header(const ConditionInput& input, std::string_view name) {
    for (const auto& [key, value] : input.headers) {
        if (equals_ignoring_case(key, name)) {
            return script_string(value);
        }
    }
    return {};
}

}  // namespace

ConditionField ConditionField::parse(std::string_view path) {
    const auto segments = split(path, '.');
    ConditionField field;
    field.root = root_of(segments.front());
    if (field.root == Root::body || field.root == Root::none) {
        field.names.assign(segments.begin() + 1, segments.end());
    } else {
        // What JavaScript makes of a segment that is not there.
        field.names.emplace_back(segments.size() > 1 ? segments[1] : "undefined");
    }
    return field;
}

ScriptValue ConditionField::value(const ConditionInput& input) const {
    switch (names.empty() ? Root::none : root) {
        case Root::none:
            return {};
        case Root::metadata:
            return member(input.metadata, names.front());
        case Root::params:
            return member(input.params, names.front());
        case Root::url:
            return names.front() == "pathname" ? script_string(input.pathname) : ScriptValue();
        case Root::headers:
            return header(input, names.front());
        case Root::body:
            return deep_member(input.params, names);
    }
    return {};
}

std::optional<std::string> condition_field(std::string_view field, const ConditionInput& input) {
    const ScriptValue value = ConditionField::parse(field).value(input);
    return value.is_defined() ? std::optional(script_text(value)) : std::nullopt;
}

}  // namespace llmgw
