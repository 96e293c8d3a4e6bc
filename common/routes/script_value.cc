// SPDX-License-Identifier: Apache-2.0
#include "common/routes/script_value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace llmgw {

namespace {

using Kind = ScriptValue::Kind;

// Numbers of any size: what is too large for a double is Infinity, as in JavaScript.
double number_of(std::string_view digits) {
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc::result_out_of_range) {
        // from_chars leaves the value alone; strtod tells an overflow from an underflow.
        return std::strtod(std::string(digits).c_str(), nullptr);
    }
    return number;
}

// Number::toString (ECMA-262, 6.1.6.1.20): the shortest digits that give the number again, with an
// exponent only outside of 1e-7 to 1e21.
std::string number_text(double number) {
    if (number == 0) {
        return "0";
    }
    if (std::isinf(number)) {
        return number > 0 ? "Infinity" : "-Infinity";
    }
    std::array<char, 40> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                       std::fabs(number), std::chars_format::scientific);
    std::string_view text(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));
    const std::size_t mark = text.find('e');
    int exponent = 0;
    const std::size_t sign = text[mark + 1] == '+' ? 2 : 1;
    std::from_chars(text.data() + mark + sign, text.data() + text.size(), exponent);
    std::string digits(1, text[0]);
    if (mark > 1) {
        digits += text.substr(2, mark - 2);
    }
    const int count = static_cast<int>(digits.size());
    const int point = exponent + 1;  // how many digits stand before the decimal point
    std::string out = number < 0 ? "-" : "";
    const auto zeros = [](int many) { return std::string(static_cast<std::size_t>(many), '0'); };
    if (point > 21 || point < -5) {
        out += digits.substr(0, 1);
        out += count > 1 ? "." + digits.substr(1) : "";
        out += exponent < 0 ? "e-" : "e+";
        return out + std::to_string(std::abs(exponent));
    }
    if (point <= 0) {
        return out + "0." + zeros(-point) + digits;
    }
    if (count <= point) {
        return out + digits + zeros(point - count);
    }
    const auto whole = static_cast<std::size_t>(point);
    return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

// Array.prototype.join, which String() of an array is: nothing for null.
std::string joined(std::string_view array) {
    std::string out;
    const auto elements = scan_array(array);
    for (std::size_t i = 0; elements && i < elements->size(); i++) {
        const ScriptValue element = script_value((*elements)[i]);
        out += i > 0 ? "," : "";
        if (element.kind != Kind::null) {
            out += script_text(element);
        }
    }
    return out;
}

// StrWhiteSpaceChar (ECMA-262, 7.1.4.1) at the beginning of a text in UTF-8; 0: it is none.
std::size_t space_size(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) {
        return 1;
    }
    if (text.starts_with("\u00a0")) {
        return 2;
    }
    const bool is_run = text.size() >= 3 && text[0] == '\xe2' && text[1] == '\x80' &&
                        static_cast<unsigned char>(text[2]) <= 0x8a;  // U+2000 to U+200A
    for (const std::string_view space :
         {"\u1680", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff"}) {
        if (is_run || text.starts_with(space)) {
            return 3;
        }
    }
    return 0;
}

// How much of a text is a StrDecimalLiteral without its sign.
std::size_t literal_size(std::string_view text) {
    std::size_t at = 0;
    const auto digits = [&] {
        const std::size_t first = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
            at++;
        }
        return at - first;
    };
    std::size_t significant = digits();
    if (at < text.size() && text[at] == '.') {
        at++;
        significant += digits();
    }
    if (significant == 0) {
        return 0;
    }
    const std::size_t mantissa = at;
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
            at++;
        }
        return digits() > 0 ? at : mantissa;
    }
    return mantissa;
}

}  // namespace

ScriptValue script_value(std::string_view json) {
    ScriptValue value;
    value.json = json;
    switch (json_kind(json)) {
        case JsonKind::object:
            value.kind = Kind::object;
            break;
        case JsonKind::array:
            value.kind = Kind::array;
            break;
        case JsonKind::string:
            value.kind = Kind::string;
            value.text = json_text(json).value_or(std::string());
            break;
        case JsonKind::number:
            value.kind = Kind::number;
            value.number = number_of(json);
            break;
        case JsonKind::boolean:
            value.kind = Kind::boolean;
            value.truth = json == "true";
            break;
        case JsonKind::null:
            value.kind = Kind::null;
            break;
    }
    return value;
}

ScriptValue script_string(std::string_view text) {
    ScriptValue value;
    value.kind = Kind::string;
    value.text = text;
    return value;
}

bool strictly_equal(const ScriptValue& a, const ScriptValue& b) {
    if (a.kind != b.kind) {
        return false;
    }
    switch (a.kind) {
        case Kind::undefined:
        case Kind::null:
            return true;
        case Kind::boolean:
            return a.truth == b.truth;
        case Kind::number:
            return a.number == b.number;
        case Kind::string:
            return a.text == b.text;
        case Kind::array:
        case Kind::object:
            return false;
    }
    return false;
}

std::string script_text(const ScriptValue& value) {
    switch (value.kind) {
        case Kind::undefined:
            return "undefined";
        case Kind::null:
            return "null";
        case Kind::boolean:
            return value.truth ? "true" : "false";
        case Kind::number:
            return number_text(value.number);
        case Kind::string:
            return value.text;
        case Kind::array:
            return joined(value.json);
        case Kind::object:
            return "[object Object]";
    }
    return {};
}

double parse_float(const ScriptValue& value) {
    if (value.kind == Kind::number) {
        return value.number;
    }
    const std::string whole = script_text(value);
    std::string_view text = whole;
    while (const std::size_t space = space_size(text)) {
        text.remove_prefix(space);
    }
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    double number = std::numeric_limits<double>::quiet_NaN();
    if (text.starts_with("Infinity")) {
        number = std::numeric_limits<double>::infinity();
    } else if (const std::size_t size = literal_size(text)) {
        number = number_of(text.substr(0, size));
    }
    return negative ? -number : number;
}

}  // namespace llmgw
