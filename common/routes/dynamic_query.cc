// SPDX-License-Identifier: Apache-2.0
#include "common/routes/dynamic_query.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "common/base/json_writer.h"

namespace llmgw {

namespace {

// LLM Gateway's attributes of its own (`metadata`: plan, orgId, …) are for the client to tell.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kSources = {
    {{"header", "headers."}, {"body", "body."}, {"metadata", "metadata."}}};

// As JavaScript prints numbers of everyday size.
std::string number_text(double number) {
    constexpr double kExact = 9007199254740992;  // 2^53
    char digits[400];
    if (number == std::floor(number) && std::abs(number) < kExact) {
        return std::to_string(static_cast<std::int64_t>(number));
    }
    const auto end =
        std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed).ptr;
    return {digits, end};
}

double number_of(const DocumentValue& value) {
    const auto number = json_double(value.json());
    if (value.kind() != JsonKind::number) {
        value.refuse("must be a number");
    } else if (!number) {
        value.refuse("is out of range");
    }
    return number.value_or(0);
}

// All JSON values whose text is the value's: LLM Gateway compares texts, a query values.
std::vector<std::string> forms_of(const DocumentValue& value) {
    std::string text;
    if (value.kind() == JsonKind::string) {
        text = json_text(value.json()).value_or("");
    } else if (value.kind() == JsonKind::boolean) {
        text = value.json();
    } else if (value.kind() == JsonKind::number) {
        text = number_text(number_of(value));
    } else {
        value.refuse("must be a text, a number, true or false");
    }
    std::vector<std::string> forms = {json_quote(text)};
    const auto number = json_double(text);
    if (text == "true" || text == "false" ||
        (number && std::isfinite(*number) && number_text(*number) == text)) {
        forms.push_back(text);
    }
    return forms;
}

std::string escape_regex(std::string_view text) {
    constexpr std::string_view kSpecial = "\\^$.*+?()[]{}|/";
    std::string out;
    for (const char c : text) {
        out += kSpecial.find(c) != std::string_view::npos ? "\\" : "";
        out += c;
    }
    return out;
}

// A query that $regex answers; it sees what is missing as the text "undefined".
constexpr const char* kPresent = "^(?!undefined$)";

struct Operator {
    std::string_view name;
    std::string (*write)(const DocumentValue* value);
};

std::string joined(const std::vector<std::string>& forms) {
    std::string text;
    for (const std::string& form : forms) {
        text += (text.empty() ? "" : ",") + form;
    }
    return text;
}

std::string write_equal(const DocumentValue* value) {
    const auto forms = forms_of(*value);
    return forms.size() == 1 ? forms[0] : "{\"$in\":[" + joined(forms) + "]}";
}

std::string write_unequal(const DocumentValue* value) {
    const auto forms = forms_of(*value);
    return forms.size() == 1 ? "{\"$ne\":" + forms[0] + "}" : "{\"$nin\":[" + joined(forms) + "]}";
}

std::string write_in(const DocumentValue* value) {
    constexpr std::size_t kMaxValues = 1000;
    std::vector<std::string> all;
    for (const DocumentValue& element : value->elements(kMaxValues)) {
        for (std::string& form : forms_of(element)) {
            all.push_back(std::move(form));
        }
    }
    return "{\"$in\":[" + joined(all) + "]}";
}

std::string write_contains(const DocumentValue* value) {
    const std::string pattern = kPresent + ("[\\s\\S]*" + escape_regex(value->text()));
    return "{\"$regex\":" + json_quote(pattern) + "}";
}

std::string write_number(const DocumentValue* value, const char* name) {
    static_cast<void>(number_of(*value));
    return std::string("{\"") + name + "\":" + std::string(value->json()) + "}";
}

constexpr Operator kOperators[] = {
    {"eq", write_equal},
    {"neq", write_unequal},
    {"in", write_in},
    {"contains", write_contains},
    {"gt", [](const DocumentValue* value) { return write_number(value, "$gt"); }},
    {"lt", [](const DocumentValue* value) { return write_number(value, "$lt"); }},
};

std::string read_field(const DocumentObject& condition) {
    constexpr std::array<std::string_view, 2> kNames = {"source", "path"};
    const DocumentValue* const value = condition.require("field");
    if (value == nullptr) {
        return {};
    }
    const DocumentObject field(*value);
    field.check_names(kNames);
    const DocumentValue* const source = field.require("source");
    const DocumentValue* const path = field.require("path");
    if (source == nullptr || path == nullptr) {
        return {};
    }
    const std::string name = source->text();
    for (const auto& [known, prefix] : kSources) {
        if (name == known) {
            return std::string(prefix) + path->text();
        }
    }
    source->refuse("must be header, body or metadata");
    return {};
}

}  // namespace

std::string dynamic_query(const DocumentObject& condition) {
    const std::string path = read_field(condition);
    const DocumentValue* const op = condition.require("op");
    if (op == nullptr) {
        return "{}";
    }
    const auto query = [&](const std::string& test) {
        return "{" + json_quote(path) + ":" + test + "}";
    };
    const std::string name = op->text();
    const DocumentValue* const value = condition.find("value");
    if (name == "exists") {
        if (value != nullptr) {
            value->refuse("has no meaning for exists");
        }
        return query("{\"$regex\":" + json_quote(kPresent) + "}");
    }
    for (const Operator& known : kOperators) {
        if (known.name == name) {
            return condition.require("value") == nullptr ? "{}" : query(known.write(value));
        }
    }
    op->refuse("must be eq, neq, in, contains, gt, lt or exists");
    return "{}";
}

}  // namespace llmgw
