// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

// nlohmann/json takes for an error a number that no double holds, and half of a surrogate pair...
bool may_be_refused_elsewhere(std::string_view text) {
    return text.find_first_of("eE") != std::string_view::npos || text.size() > 300 ||
           text.find("\\ud") != std::string_view::npos ||
           text.find("\\uD") != std::string_view::npos;
}

// ... and has no limit to nesting.
bool may_be_deep(std::string_view text) {
    return std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; }) >
           kMaxScanDepth;
}

void try_value(std::string_view value) {
    if (const auto text = json_text(value)) {
        require(is_utf8(*text), "a decoded text is UTF-8");
        require(json_text(json_quote(*text)) == text, "a text survives quoting");
    }
    const auto number = json_uint(value);
    require(!number || json_double(value), "a whole number is a number");
    if (json_kind(value) == JsonKind::object) {
        require(scan_object(value).has_value(), "what is inside of an object has been checked");
    } else if (json_kind(value) == JsonKind::array) {
        require(scan_array(value).has_value(), "what is inside of an array has been checked");
    }
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    // It takes a NUL for the end of the text.
    const bool accepted = text.find('\0') == std::string_view::npos &&
                          nlohmann::json::accept(text.begin(), text.end());
    const auto fields = scan_object(text);
    if (fields) {
        fuzz::require(accepted || fuzz::may_be_refused_elsewhere(text), "an object is JSON");
        for (const JsonField& field : *fields) {
            fuzz::try_value(field.value);
        }
    } else if (accepted && !fuzz::may_be_deep(text)) {
        fuzz::require(text.find_first_not_of(" \t\r\n") == std::string_view::npos ||
                          text[text.find_first_not_of(" \t\r\n")] != '{',
                      "an object of JSON is accepted");
    }
    if (const auto elements = scan_array(text)) {
        fuzz::require(accepted || fuzz::may_be_refused_elsewhere(text), "an array is JSON");
        for (const std::string_view element : *elements) {
            fuzz::try_value(element);
        }
    }
    fuzz::require(json_text(json_quote(text)).has_value(), "any bytes can be quoted");
    return 0;
}
