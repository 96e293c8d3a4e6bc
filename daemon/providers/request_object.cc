// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/request_object.h"

#include <charconv>
#include <utility>

namespace llmgw {

RequestObject::RequestObject(std::string_view object, std::string path, std::optional<Error>& error)
    : path_(std::move(path)), error_(error) {
    if (auto fields = scan_object(object)) {
        fields_ = std::move(*fields);
    }
}

const JsonField* RequestObject::find(std::string_view name) const {
    const JsonField* const field = find_field(fields_, name);
    return field != nullptr && json_kind(field->value) != JsonKind::null ? field : nullptr;
}

std::string RequestObject::path_to(std::string_view name) const {
    if (name.empty() || path_.empty()) {
        return path_ + std::string(name);
    }
    return path_ + "." + std::string(name);
}

void RequestObject::refuse(std::string_view name, const std::string& what, const char* code) {
    if (error_) {
        return;
    }
    Error error;
    error.kind = Errc::invalid_request;
    error.param = path_to(name);
    error.message = "\"" + error.param + "\" " + what;
    error.code = code;
    error_ = std::move(error);
}

const JsonField* RequestObject::find_kind(std::string_view name, JsonKind kind, const char* what) {
    const JsonField* const field = find(name);
    if (field != nullptr && json_kind(field->value) != kind) {
        refuse(name, std::string("must be ") + what, "invalid_type");
        return nullptr;
    }
    return field;
}

std::string RequestObject::text(std::string_view name) {
    const JsonField* const field = find_kind(name, JsonKind::string, "a string");
    return field == nullptr ? std::string() : json_text(field->value).value_or("");
}

std::string RequestObject::required_text(std::string_view name) {
    std::string value = text(name);
    if (value.empty()) {
        refuse(name, "is required", "missing_required_parameter");
    }
    return value;
}

std::optional<bool> RequestObject::boolean(std::string_view name) {
    const JsonField* const field = find_kind(name, JsonKind::boolean, "true or false");
    return field == nullptr ? std::nullopt : std::optional(field->value == "true");
}

std::optional<std::int64_t> RequestObject::integer(std::string_view name) {
    const JsonField* const field = find_kind(name, JsonKind::number, "a whole number");
    if (field == nullptr) {
        return std::nullopt;
    }
    std::string_view digits = field->value;
    if (digits.ends_with(".0")) {  // as languages without integers write them
        digits.remove_suffix(2);
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) {
        refuse(name, "must be a whole number", "invalid_type");
        return std::nullopt;
    }
    return value;
}

std::optional<std::uint64_t> RequestObject::count(std::string_view name) {
    const auto value = integer(name);
    if (value && *value < 0) {
        refuse(name, "must not be negative");
        return std::nullopt;
    }
    return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

std::optional<double> RequestObject::number(std::string_view name) {
    const JsonField* const field = find_kind(name, JsonKind::number, "a number");
    if (field == nullptr) {
        return std::nullopt;
    }
    const auto value = json_double(field->value);
    if (!value) {
        refuse(name, "is out of range");
    }
    return value;
}

std::string RequestObject::object_text(std::string_view name) {
    const JsonField* const field = find_kind(name, JsonKind::object, "an object");
    return field == nullptr ? std::string() : std::string(field->value);
}

RequestObject RequestObject::object(std::string_view name) {
    const JsonField* const field = find_kind(name, JsonKind::object, "an object");
    return {field == nullptr ? std::string_view("{}") : field->value, path_to(name), error_};
}

std::vector<RequestObject> RequestObject::objects(std::string_view name) {
    std::vector<RequestObject> list;
    const JsonField* const field = find_kind(name, JsonKind::array, "an array");
    const auto elements = scan_array(field == nullptr ? "[]" : field->value);
    if (!elements) {
        return list;
    }
    list.reserve(elements->size());
    for (std::size_t i = 0; i < elements->size(); i++) {
        const std::string_view element = (*elements)[i];
        const std::string path = std::string(name) + "[" + std::to_string(i) + "]";
        if (json_kind(element) != JsonKind::object) {
            refuse(path, "must be an object", "invalid_type");
            return {};
        }
        list.emplace_back(element, path_to(path), error_);
    }
    return list;
}

}  // namespace llmgw
