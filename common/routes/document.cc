// SPDX-License-Identifier: Apache-2.0
#include "common/routes/document.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"

namespace llmgw {

namespace {

// Far more than any object has a use for: each name is compared with all before it.
constexpr std::size_t kMaxMembers = 500;

void note(Document& document, std::string_view place, std::string_view pointer,
          const std::string& what, std::string hint) {
    if (document.error) {
        return;
    }
    const auto offset = static_cast<std::size_t>(place.data() - document.text.data());
    const TextPosition position = position_in(document.text, offset);
    Error error;
    error.kind = Errc::invalid_file;
    error.message = "line " + std::to_string(position.line) + ", column " +
                    std::to_string(position.column) + ": " +
                    (pointer.empty() ? "the document" : printable(pointer)) + what;
    error.hint = std::move(hint);
    document.error = std::move(error);
}

// RFC 6901, section 3.
std::string escape(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

std::string decode(const JsonField& field) {
    return field.escaped_key ? json_text({field.key.data() - 1, field.key.size() + 2}).value_or("")
                             : std::string(field.key);
}

// A number as it may be written in JSON, if it is a whole one that fits.
std::optional<std::int64_t> whole_number(std::string_view json) {
    std::int64_t number = 0;
    const char* const end = json.data() + json.size();
    const auto [stop, error] = std::from_chars(json.data(), end, number);
    return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace

void DocumentValue::refuse(const std::string& what, std::string hint) const {
    note(*document_, json_, pointer_, " " + what, std::move(hint));
}

void DocumentValue::report(const std::string& sentence) const {
    note(*document_, json_, pointer_, ": " + sentence, {});
}

DocumentValue DocumentValue::at(std::string_view json, std::string_view name) const {
    return {*document_, json, pointer_ + "/" + escape(name)};
}

DocumentValue DocumentValue::below(std::string_view pointer) const {
    DocumentValue value = *this;
    while (pointer.starts_with('/')) {
        const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
        const std::string wanted = value.pointer_ + std::string(pointer.substr(0, end));
        std::vector<DocumentValue> inside;
        if (value.kind() == JsonKind::object) {
            for (const JsonField& field : nested_fields(value.json_)) {
                inside.push_back(value.at(field.value, decode(field)));
            }
        } else if (const auto elements = scan_array(value.json_)) {
            for (std::size_t i = 0; i < elements->size(); i++) {
                inside.push_back(value.at((*elements)[i], std::to_string(i)));
            }
        }
        const auto found = std::find_if(inside.begin(), inside.end(),
                                        [&](const auto& each) { return each.pointer_ == wanted; });
        if (found == inside.end()) {
            break;
        }
        value = *found;
        pointer.remove_prefix(end);
    }
    return value;
}

std::string DocumentValue::text(const char* what) const {
    std::string text = json_text(json_).value_or("");
    if (text.empty()) {
        refuse(std::string("must be ") + what);
    }
    return text;
}

bool DocumentValue::boolean() const {
    if (kind() != JsonKind::boolean) {
        refuse("must be true or false");
    }
    return json_ == "true";
}

std::int64_t DocumentValue::integer(std::int64_t min, std::int64_t max) const {
    const auto number = whole_number(json_);
    if (!number || *number < min || *number > max) {
        refuse("must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
        return min;
    }
    return *number;
}

std::int64_t DocumentValue::duration_ms(std::int64_t min_ms, std::int64_t max_ms) const {
    std::optional<std::int64_t> length;
    if (kind() == JsonKind::number) {
        length = whole_number(json_);
    } else if (const auto text = json_text(json_)) {
        const auto parsed = parse_duration_ms(*text);
        length = parsed ? std::optional(*parsed) : std::nullopt;
    }
    if (!length) {
        refuse("must be a duration: \"500ms\", \"30s\", \"5m\", or milliseconds as a number");
        return min_ms;
    }
    if (*length < min_ms || *length > max_ms) {
        refuse("must be from " + format_duration_ms(min_ms) + " to " + format_duration_ms(max_ms));
        return min_ms;
    }
    return *length;
}

std::vector<DocumentValue> DocumentValue::elements(std::size_t max) const {
    std::vector<DocumentValue> values;
    const auto elements = scan_array(json_);
    if (!elements) {
        refuse("must be an array");
        return values;
    }
    if (elements->size() > max) {
        refuse("has " + std::to_string(elements->size()) + " elements; there may be " +
               std::to_string(max));
        return values;
    }
    values.reserve(elements->size());
    for (std::size_t i = 0; i < elements->size(); i++) {
        values.push_back(at((*elements)[i], std::to_string(i)));
    }
    return values;
}

std::vector<std::string> DocumentValue::texts(std::size_t max) const {
    std::vector<std::string> texts;
    for (const DocumentValue& element : elements(max)) {
        texts.push_back(element.text());
    }
    return texts;
}

DocumentObject::DocumentObject(DocumentValue value) : value_(std::move(value)) {
    if (value_.kind() != JsonKind::object) {
        value_.refuse("must be an object");
        return;
    }
    const std::vector<JsonField> fields = nested_fields(value_.json());
    if (fields.size() > kMaxMembers) {
        value_.refuse("has " + std::to_string(fields.size()) + " members; there may be " +
                      std::to_string(kMaxMembers));
        return;
    }
    for (const JsonField& field : fields) {
        std::string name = decode(field);
        if (find(name) != nullptr) {
            note(*value_.document_, {field.key.data() - 1, 0}, value_.at({}, name).pointer(),
                 " is there twice", {});
        }
        DocumentValue member = value_.at(field.value, name);
        members_.emplace_back(std::move(name), std::move(member));
        keys_.emplace_back(field.key.data() - 1, field.key.size() + 2);
    }
}

const DocumentValue* DocumentObject::find(std::string_view name) const {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const Member& member) { return member.first == name; });
    return found == members_.end() ? nullptr : &found->second;
}

const DocumentValue* DocumentObject::require(std::string_view name) const {
    const DocumentValue* const member = find(name);
    if (member == nullptr) {
        value_.refuse("needs \"" + std::string(name) + "\"");
    }
    return member;
}

void DocumentObject::check_names(std::span<const std::string_view> known,
                                 std::string_view hint) const {
    for (const auto& [name, value] : members_) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            const auto near = nearest(name, known, 1);
            refuse_name(name, "is not known",
                        near.empty() ? std::string(hint) : "did you mean " + near[0] + "?");
        }
    }
}

void DocumentObject::refuse_name(std::string_view name, const std::string& what,
                                 std::string hint) const {
    for (std::size_t i = 0; i < members_.size(); i++) {
        if (members_[i].first == name) {
            note(*value_.document_, keys_[i], members_[i].second.pointer(), " " + what,
                 std::move(hint));
            return;
        }
    }
}

}  // namespace llmgw
