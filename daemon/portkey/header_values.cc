// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/header_values.h"

#include <algorithm>
#include <charconv>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "common/portkey/loose_document.h"

namespace llmgw {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); i++) {
        const bool escaped = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                             hex_digit(text[i + 2]) >= 0;
        out += escaped ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]))
                       : text[i];
        i += escaped ? 2 : 0;
    }
    return out;
}

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return hex_digit(c) >= 0; });
}

}  // namespace

std::string_view unquoted(std::string_view value) {
    value = trim(value);
    const bool quoted = value.size() >= 2 && value.front() == value.back() &&
                        (value.front() == '\'' || value.front() == '"');
    return quoted ? trim(value.substr(1, value.size() - 2)) : value;
}

std::string header_text(std::string_view value) {
    if (is_utf8(value)) {
        return std::string(value);
    }
    std::string text;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            text += c;
        } else {
            text += static_cast<char>(0xc0 | byte >> 6);
            text += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return text;
}

std::string metadata_object(std::string_view value) {
    value = trim(value);
    // A quoted object is one; a quoted text is none.
    if (value.size() > 2 && (value.starts_with("'{") || value.starts_with("\"{"))) {
        value = unquoted(value);
    }
    std::string text = header_text(value);
    if (scan_object(text)) {
        return text;
    }
    const auto loose = read_loose(text);
    const bool object = loose && loose->json.starts_with('{') && loose->placeholders.empty() &&
                        trim(std::string_view(text).substr(loose->length)).empty();
    return object ? loose->json : std::string();
}

std::string with_baggage(std::string metadata, std::string_view baggage) {
    std::string members;
    const auto own = scan_object(metadata);
    for (std::string_view member : split(baggage, ',')) {
        member = member.substr(0, member.find(';'));  // properties
        const std::size_t equals = member.find('=');
        const std::string_view name = trim(member.substr(0, equals));
        if (equals == std::string_view::npos || name.empty() ||
            (own && find_field(*own, name) != nullptr)) {
            continue;
        }
        members += members.empty() ? "" : ",";
        append_json_quoted(members, name);
        members += ':';
        append_json_quoted(members, percent_decoded(trim(member.substr(equals + 1))));
    }
    if (members.empty()) {
        return metadata;
    }
    if (!own || own->empty()) {
        return "{" + members + "}";
    }
    metadata.insert(metadata.find('{') + 1, members + ",");
    return metadata;
}

std::vector<std::string> header_names(std::string_view value) {
    value = unquoted(value);
    if (value.starts_with('[') && value.ends_with(']')) {
        value = value.substr(1, value.size() - 2);
    }
    std::vector<std::string> names;
    for (const std::string_view one : split(value, ',')) {
        std::string name = to_lower(unquoted(one));
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(std::move(name));
        }
    }
    return names;
}

std::string_view trace_of(std::string_view traceparent) {
    constexpr std::size_t kIdBegin = 3;
    constexpr std::size_t kIdSize = 32;
    constexpr std::size_t kWhole = 55;  // of version 00; later ones may be longer
    traceparent = trim(traceparent);
    if (traceparent.size() < kWhole || traceparent[2] != '-' ||
        traceparent[kIdBegin + kIdSize] != '-') {
        return {};
    }
    const std::string_view id = traceparent.substr(kIdBegin, kIdSize);
    const bool all_zero = id.find_first_not_of('0') == std::string_view::npos;
    return is_hex(id) && !all_zero ? id : std::string_view();
}

std::optional<std::int64_t> header_number(std::string_view value) {
    value = unquoted(value);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = error == std::errc() && end == value.data() + value.size();
    return whole && number >= 0 ? std::optional(number) : std::nullopt;
}

std::optional<bool> header_flag(std::string_view value) {
    value = unquoted(value);
    if (value == "1" || equals_ignoring_case(value, "true")) {
        return true;
    }
    if (value == "0" || equals_ignoring_case(value, "false")) {
        return false;
    }
    return std::nullopt;
}

}  // namespace llmgw
