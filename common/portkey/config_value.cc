// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/config_context.h"

namespace llmgw {

namespace {

std::optional<double> number_in(std::string_view text) {
    text = trim(text);
    double number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = !text.empty() && status == std::errc() && end == text.data() + text.size();
    return whole && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::string plain_number(double number) {
    std::array<char, 32> text{};
    const auto [end, _] = std::to_chars(text.data(), text.data() + text.size(), number);
    return {text.data(), end};
}

void note_left_out(ConfigContext& context, const ConfigValue& value, std::string_view expected) {
    note_type(context, value, expected, "leaves it out", "write " + std::string(expected));
}

}  // namespace

std::vector<ConfigMember> ConfigValue::members() const {
    std::vector<ConfigMember> out;
    const auto fields = is(JsonKind::object) ? nested_fields(json) : std::vector<JsonField>();
    for (const JsonField& field : fields) {
        std::string name(field.key);
        if (field.escaped_key) {
            name = json_text("\"" + name + "\"").value_or(name);
        }
        ConfigValue value = {field.value, pointer_to(pointer, name)};
        out.push_back({std::move(name), std::move(value)});
    }
    return out;
}

std::vector<ConfigValue> ConfigValue::elements() const {
    std::vector<ConfigValue> out;
    const auto elements =
        is(JsonKind::array) ? scan_array(json) : Result<std::vector<std::string_view>>();
    for (std::size_t i = 0; elements && i < elements->size(); i++) {
        out.push_back({(*elements)[i], pointer_to(pointer, std::to_string(i))});
    }
    return out;
}

ConfigValue ConfigValue::member(std::string_view name) const {
    if (!is(JsonKind::object)) {
        return {};
    }
    const auto fields = nested_fields(json);
    const JsonField* const field = find_field(fields, name);
    if (field == nullptr || json_kind(field->value) == JsonKind::null) {
        return {};
    }
    return {field->value, pointer_to(pointer, name)};
}

std::string shown(const ConfigValue& value) {
    constexpr std::size_t kLongest = 40;
    if (value.is(JsonKind::array) || value.is(JsonKind::object)) {
        return value.is(JsonKind::array) ? "a list" : "an object";
    }
    std::string text =
        printable(value.is(JsonKind::string) ? value.text() : std::string(value.json));
    if (text.size() > kLongest) {
        return "a long text";
    }
    return "'" + text + "'";
}

void note_type(ConfigContext& context, const ConfigValue& value, std::string_view expected,
               std::string llmgw, std::string action) {
    context.note(
        Severity::warning, "I-TYPE", value.pointer,
        {"wants " + std::string(expected) + " here and refused the config for " + shown(value),
         std::move(llmgw), std::move(action)});
}

bool is_expression(ConfigContext& context, const ConfigValue& value, Severity severity) {
    if (!context.document.is_placeholder(value.pointer)) {
        return false;
    }
    const FindingTexts texts = {"got the value that the program has for " + shown(value),
                                "cannot know it and leaves it out",
                                "write the value here, or import what the program sends"};
    if (severity == Severity::error) {
        context.refuse("I-EXPR", value.pointer, texts);
    } else {
        context.note(severity, "I-EXPR", value.pointer, texts);
    }
    return true;
}

std::optional<std::string> read_text(ConfigContext& context, const ConfigValue& value) {
    if (!value || is_expression(context, value)) {
        return std::nullopt;
    }
    if (value.is(JsonKind::string)) {
        return value.text();
    }
    if (value.is(JsonKind::number)) {
        std::string text = std::string(value.json);
        note_type(context, value, "a text", "takes it as the text '" + text + "'",
                  "write it in quotes");
        return text;
    }
    note_left_out(context, value, "a text");
    return std::nullopt;
}

std::optional<double> read_number(ConfigContext& context, const ConfigValue& value) {
    if (!value || is_expression(context, value)) {
        return std::nullopt;
    }
    if (value.is(JsonKind::number)) {
        return value.number();
    }
    const auto number = value.is(JsonKind::string) ? number_in(value.text()) : std::nullopt;
    if (number) {
        note_type(context, value, "a number", "takes it as " + plain_number(*number),
                  "write it without quotes");
        return number;
    }
    note_left_out(context, value, "a number");
    return std::nullopt;
}

std::optional<std::int64_t> read_integer(ConfigContext& context, const ConfigValue& value) {
    const auto number = read_number(context, value);
    if (!number) {
        return std::nullopt;
    }
    constexpr double kLargest = 9e15;  // what a double holds exactly
    if (std::abs(*number) > kLargest) {
        note_left_out(context, value, "a number of usual size");
        return std::nullopt;
    }
    const double whole = std::trunc(*number);
    if (whole != *number) {
        note_type(context, value, "a whole number", "takes it as " + plain_number(whole),
                  "write a whole number");
    }
    return static_cast<std::int64_t>(whole);
}

std::optional<bool> read_flag(ConfigContext& context, const ConfigValue& value) {
    if (!value || is_expression(context, value)) {
        return std::nullopt;
    }
    if (value.is(JsonKind::boolean)) {
        return value.is_true();
    }
    const std::string word = value.is(JsonKind::string) ? to_lower(value.text()) : "";
    if (word == "true" || word == "false") {
        note_type(context, value, "true or false", "takes it as " + word,
                  "write it without quotes");
        return word == "true";
    }
    note_left_out(context, value, "true or false");
    return std::nullopt;
}

std::vector<ConfigValue> read_texts(ConfigContext& context, const ConfigValue& value) {
    std::vector<ConfigValue> out;
    if (!value || is_expression(context, value)) {
        return out;
    }
    if (value.is(JsonKind::string)) {
        note_type(context, value, "a list of texts", "takes it as a list of one",
                  "write it in brackets");
        out.push_back(value);
        return out;
    }
    if (!value.is(JsonKind::array)) {
        note_left_out(context, value, "a list of texts");
        return out;
    }
    for (ConfigValue& element : value.elements()) {
        if (is_expression(context, element)) {
            continue;
        }
        if (element.is(JsonKind::string)) {
            out.push_back(std::move(element));
        } else {
            note_left_out(context, element, "a text");
        }
    }
    return out;
}

std::optional<std::vector<int>> read_status_codes(ConfigContext& context,
                                                  const ConfigValue& value) {
    constexpr std::int64_t kFirst = 100;
    constexpr std::int64_t kLast = 599;
    if (!value || is_expression(context, value)) {
        return std::nullopt;
    }
    const bool single = value.is(JsonKind::number);
    if (!single && !value.is(JsonKind::array)) {
        note_left_out(context, value, "a list of status codes");
        return std::nullopt;
    }
    if (single) {
        note_type(context, value, "a list of status codes", "takes it as a list of one",
                  "write it in brackets");
    }
    std::vector<int> statuses;
    for (const ConfigValue& element : single ? std::vector{value} : value.elements()) {
        const auto status = read_integer(context, element);
        if (status && *status >= kFirst && *status <= kLast) {
            statuses.push_back(static_cast<int>(*status));
        } else if (status) {
            note_left_out(context, element, "a status code, 100 to 599");
        }
    }
    return statuses;
}

}  // namespace llmgw
