// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/gemini_schema.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"
#include "common/base/json_writer.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr int kMaxDepth = 32;
// Bytes looked at in all: references that double what they point to would go on without end.
constexpr std::size_t kMaxWork = 32 * 1024 * 1024;

using Fields = std::vector<JsonField>;

// Keywords that mean the same in both, with the type they are for; empty: any.
struct Keyword {
    std::string_view name;
    std::string_view type;
};
constexpr Keyword kCopied[] = {{"title", ""},
                               {"description", ""},
                               {"minItems", "array"},
                               {"maxItems", "array"},
                               {"minimum", "number"},
                               {"maximum", "number"},
                               {"pattern", "string"},
                               {"minLength", "string"},
                               {"maxLength", "string"},
                               {"minProperties", "object"},
                               {"maxProperties", "object"}};

constexpr std::string_view kFormats[] = {"date-time", "enum", "int32", "int64", "float", "double"};

std::string_view gemini_type(std::string_view type) {
    constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
        {"string", "STRING"},   {"number", "NUMBER"}, {"integer", "INTEGER"},
        {"boolean", "BOOLEAN"}, {"array", "ARRAY"},   {"object", "OBJECT"}};
    for (const auto& [name, upper] : kTypes) {
        if (name == type) {
            return upper;
        }
    }
    return "STRING";
}

std::string_view value_of(const Fields& fields, std::string_view name) {
    // The first one counts: what stands beside a reference overrides what it points to.
    for (const JsonField& field : fields) {
        if (key_is(field, name)) {
            return field.value;
        }
    }
    return {};
}

std::string text_of(const Fields& fields, std::string_view name) {
    const std::string_view value = value_of(fields, name);
    return value.empty() ? std::string() : json_text(value).value_or("");
}

// The schemas among which one is chosen, without `null`.
struct Choice {
    std::vector<std::string_view> schemas;
    bool nullable = false;
};

bool is_null_schema(std::string_view schema) {
    const auto fields = scan_object(schema);
    return fields && text_of(*fields, "type") == "null";
}

class SchemaCleaner {
  public:
    explicit SchemaCleaner(std::string_view root) : root_(root) {}

    void schema(std::string_view text, bool nullable, int depth);
    [[nodiscard]] Result<std::string> take();

  private:
    bool flatten(std::string_view text, Fields& out, std::vector<std::string>& refs);
    void follow(const std::string& ref, Fields& out, std::vector<std::string>& refs);
    void write_one_of(const Choice& choice, bool nullable, int depth);
    void write_typed(const Fields& fields, const std::string& type, bool nullable, int depth);
    void write_properties(const Fields& fields, int depth);
    void write_items(const Fields& fields, int depth);
    void write_enum(const Fields& fields);
    void give_up(std::string message);

    std::string_view root_;
    JsonWriter out_;
    std::vector<std::string> open_refs_;  // being replaced now: one of them again is a cycle
    std::size_t work_ = 0;
    std::optional<std::string> problem_;
};

void SchemaCleaner::give_up(std::string message) {
    if (!problem_) {
        problem_ = std::move(message);
    }
}

// Follows a JSON pointer (RFC 6901) within the document.
std::optional<std::string_view> find_pointer(std::string_view root, std::string_view pointer) {
    std::string_view at = root;
    for (const std::string_view step : split(pointer, '/')) {
        std::string name(step);
        for (const auto& [escape, plain] : {std::pair("~1", "/"), std::pair("~0", "~")}) {
            for (auto found = name.find(escape); found != std::string::npos;
                 found = name.find(escape, found + 1)) {
                name.replace(found, 2, plain);
            }
        }
        const auto fields = scan_object(at);
        const JsonField* const field = fields ? find_field(*fields, name) : nullptr;
        if (field == nullptr) {
            return std::nullopt;
        }
        at = field->value;
    }
    return at;
}

void SchemaCleaner::follow(const std::string& ref, Fields& out, std::vector<std::string>& refs) {
    const auto in = [&](const std::vector<std::string>& list) {
        return std::find(list.begin(), list.end(), ref) != list.end();
    };
    if (in(open_refs_) || in(refs) || ref == "#") {
        out.push_back({"type", "\"object\""});  // a cycle: from here on anything goes
        return;
    }
    work_ += root_.size();
    const auto target =
        ref.starts_with("#/") ? find_pointer(root_, std::string_view(ref).substr(2)) : std::nullopt;
    if (!target) {
        give_up("the schema refers to \"" + printable(ref.substr(0, 100)) +
                "\", which is not in it");
        return;
    }
    refs.push_back(ref);
    flatten(*target, out, refs);
}

// The members of a schema with those of what it refers to and of its `allOf` behind them.
bool SchemaCleaner::flatten(std::string_view text, Fields& out, std::vector<std::string>& refs) {
    work_ += text.size() + 1;
    if (work_ > kMaxWork || refs.size() > kMaxDepth) {
        give_up("the schema's references grow out of bounds");
        return false;
    }
    const auto fields = scan_object(text);
    if (!fields) {
        return false;  // `true`, which allows anything
    }
    out.insert(out.end(), fields->begin(), fields->end());
    if (const JsonField* const ref = find_field(*fields, "$ref")) {
        follow(json_text(ref->value).value_or(""), out, refs);
    }
    const JsonField* const all = find_field(*fields, "allOf");
    const auto parts = scan_array(all != nullptr ? all->value : std::string_view());
    for (std::size_t i = 0; parts && i < parts->size() && !problem_; i++) {
        flatten((*parts)[i], out, refs);
    }
    return true;
}

// What `anyOf`, `oneOf` or several types leave to choose from.
std::optional<Choice> choice_of(const Fields& fields) {
    for (const std::string_view name : {"anyOf", "oneOf"}) {
        const auto parts = scan_array(value_of(fields, name));
        if (parts) {
            Choice choice;
            for (const std::string_view part : *parts) {
                if (is_null_schema(part)) {
                    choice.nullable = true;
                } else {
                    choice.schemas.push_back(part);
                }
            }
            return choice;
        }
    }
    return std::nullopt;
}

// A choice stands alone: Gemini refuses other keywords beside `anyOf`.
void SchemaCleaner::write_one_of(const Choice& choice, bool nullable, int depth) {
    out_.begin_object().key("anyOf").begin_array();
    for (const std::string_view part : choice.schemas) {
        schema(part, nullable, depth + 1);
    }
    out_.end_array().end_object();
}

void SchemaCleaner::write_enum(const Fields& fields) {
    std::vector<std::string_view> values;
    if (const std::string_view constant = value_of(fields, "const"); !constant.empty()) {
        values.push_back(constant);
    } else if (auto listed = scan_array(value_of(fields, "enum"))) {
        values = std::move(*listed);
    }
    std::erase_if(values,
                  [](std::string_view value) { return json_kind(value) != JsonKind::string; });
    if (values.empty()) {
        return;
    }
    out_.key("enum").begin_array();
    for (const std::string_view value : values) {
        out_.raw(value);
    }
    out_.end_array();
}

void SchemaCleaner::write_properties(const Fields& fields, int depth) {
    std::vector<std::string> names;
    JsonWriter& out = out_;
    for (const JsonField& field : fields) {
        const auto properties =
            key_is(field, "properties") ? scan_object(field.value) : Result<Fields>(Fields());
        for (std::size_t i = 0; properties && i < properties->size(); i++) {
            const JsonField& property = (*properties)[i];
            const std::string name =
                json_text("\"" + std::string(property.key) + "\"").value_or("");
            if (std::find(names.begin(), names.end(), name) != names.end()) {
                continue;
            }
            if (names.empty()) {
                out.key("properties").begin_object();
            }
            names.push_back(name);
            out.key(name);
            schema(property.value, false, depth + 1);
        }
    }
    if (names.empty()) {
        return;
    }
    out.end_object();
    // A required property that is not described is refused.
    std::vector<std::string> required;
    for (const JsonField& field : fields) {
        const auto listed = scan_array(key_is(field, "required") ? field.value : "[]");
        for (std::size_t i = 0; listed && i < listed->size(); i++) {
            std::string name = json_text((*listed)[i]).value_or("");
            if (std::find(names.begin(), names.end(), name) != names.end() &&
                std::find(required.begin(), required.end(), name) == required.end()) {
                required.push_back(std::move(name));
            }
        }
    }
    if (!required.empty()) {
        out.key("required").begin_array();
        for (const std::string& name : required) {
            out.string(name);
        }
        out.end_array();
    }
}

// An array without `items` is refused; of a tuple, the first place describes all.
void SchemaCleaner::write_items(const Fields& fields, int depth) {
    std::string_view items = value_of(fields, "items");
    for (const std::string_view tuple : {value_of(fields, "prefixItems"), items}) {
        const auto places = scan_array(tuple);
        if (places) {
            items = places->empty() ? std::string_view() : places->front();
            break;
        }
    }
    out_.key("items");
    schema(items, false, depth + 1);
}

void SchemaCleaner::write_typed(const Fields& fields, const std::string& type, bool nullable,
                                int depth) {
    out_.begin_object().key("type").string(gemini_type(type));
    for (const Keyword& keyword : kCopied) {
        const std::string_view value = value_of(fields, keyword.name);
        const bool fits = keyword.type.empty() || keyword.type == type ||
                          (keyword.type == "number" && type == "integer");
        if (!value.empty() && fits) {
            out_.key(keyword.name).raw(value);
        }
    }
    const std::string format = text_of(fields, "format");
    if (std::find(std::begin(kFormats), std::end(kFormats), format) != std::end(kFormats)) {
        out_.key("format").string(format);
    }
    if (type == "string") {
        write_enum(fields);
    } else if (type == "object") {
        write_properties(fields, depth);
    } else if (type == "array") {
        write_items(fields, depth);
    }
    if (nullable) {
        out_.key("nullable").boolean(true);
    }
    out_.end_object();
}

// The type that a schema without `type` describes.
std::string implied_type(const Fields& fields) {
    if (!value_of(fields, "properties").empty()) {
        return "object";
    }
    if (!value_of(fields, "items").empty() || !value_of(fields, "prefixItems").empty()) {
        return "array";
    }
    std::string_view sample = value_of(fields, "const");
    const auto listed = scan_array(value_of(fields, "enum"));
    if (sample.empty() && listed && !listed->empty()) {
        sample = listed->front();
    }
    switch (sample.empty() ? JsonKind::string : json_kind(sample)) {
        case JsonKind::number:
            return "number";
        case JsonKind::boolean:
            return "boolean";
        default:
            return "string";
    }
}

bool allows_null(const Fields& fields) {
    const auto listed = scan_array(value_of(fields, "enum"));
    return value_of(fields, "nullable") == "true" ||
           (listed && std::find(listed->begin(), listed->end(), "null") != listed->end());
}

void SchemaCleaner::schema(std::string_view text, bool nullable, int depth) {
    Fields fields;
    std::vector<std::string> refs;
    if (problem_ || depth > kMaxDepth || !flatten(text, fields, refs)) {
        out_.begin_object().key("type").string("STRING").end_object();
        return;
    }
    const std::size_t open = open_refs_.size();
    open_refs_.insert(open_refs_.end(), refs.begin(), refs.end());
    nullable = nullable || allows_null(fields);

    std::vector<std::string> types;
    if (const auto listed = scan_array(value_of(fields, "type"))) {
        for (const std::string_view type : *listed) {
            types.push_back(json_text(type).value_or(""));
        }
        nullable = std::erase(types, "null") > 0 || nullable;
    } else {
        types.push_back(text_of(fields, "type"));
    }
    const auto choice = choice_of(fields);
    if (choice && choice->schemas.size() == 1) {
        // "This or null": what stands beside it, such as its description, belongs to it.
        std::string merged = "{";
        for (const JsonField& field : fields) {
            if (!key_is(field, "anyOf") && !key_is(field, "oneOf") && !key_is(field, "$ref") &&
                !key_is(field, "allOf") && !key_is(field, "$defs") &&
                !key_is(field, "definitions")) {
                merged += "\"" + std::string(field.key) + "\":" + std::string(field.value) + ",";
            }
        }
        merged += "\"allOf\":[" + std::string(choice->schemas.front()) + "]}";
        schema(merged, nullable || choice->nullable, depth + 1);
    } else if (choice && !choice->schemas.empty()) {
        write_one_of(*choice, nullable || choice->nullable, depth);
    } else if (types.size() > 1) {
        out_.begin_object().key("anyOf").begin_array();
        for (const std::string& type : types) {
            write_typed(fields, type, nullable, depth);
        }
        out_.end_array().end_object();
    } else {
        std::string type = types.empty() ? std::string() : types.front();
        if (type.empty()) {
            type = implied_type(fields);
        }
        write_typed(fields, type, nullable, depth);
    }
    open_refs_.resize(open);
}

Result<std::string> SchemaCleaner::take() {
    if (problem_) {
        auto error = fail(Errc::invalid_request, *problem_);
        error.value().code = "unsupported_parameter";  // of other providers it may be
        return error;
    }
    return out_.take();
}

}  // namespace

Result<std::string> gemini_schema(std::string_view schema) {
    SchemaCleaner cleaner(schema);
    cleaner.schema(schema, false, 0);
    return cleaner.take();
}

}  // namespace llmgw
