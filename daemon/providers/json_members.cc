// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/json_members.h"

#include <utility>

namespace llmgw {

JsonMembers::JsonMembers(std::string_view value) {
    auto fields = scan_object(value);
    if (fields) {
        fields_ = std::move(*fields);
        valid_ = true;
    }
}

std::string_view JsonMembers::raw(std::string_view name) const {
    const JsonField* const field = find_field(fields_, name);
    if (field == nullptr || json_kind(field->value) == JsonKind::null) {
        return {};
    }
    return field->value;
}

std::string JsonMembers::text(std::string_view name) const {
    const std::string_view value = raw(name);
    return value.empty() ? std::string() : json_text(value).value_or(std::string());
}

std::optional<std::uint64_t> JsonMembers::count(std::string_view name) const {
    const std::string_view value = raw(name);
    return value.empty() ? std::nullopt : json_uint(value);
}

JsonMembers JsonMembers::object(std::string_view name) const {
    return JsonMembers(raw(name));
}

std::vector<std::string_view> JsonMembers::elements(std::string_view name) const {
    auto list = scan_array(raw(name));
    return list ? std::move(*list) : std::vector<std::string_view>();
}

}  // namespace llmgw
