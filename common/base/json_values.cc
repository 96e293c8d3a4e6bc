// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/json_scan.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

void append_utf8(std::string& out, std::uint32_t code) {
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xc0 | code >> 6);
        byte(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        byte(0xe0 | code >> 12);
        byte(0x80 | (code >> 6 & 0x3f));
        byte(0x80 | (code & 0x3f));
    } else {
        byte(0xf0 | code >> 18);
        byte(0x80 | (code >> 12 & 0x3f));
        byte(0x80 | (code >> 6 & 0x3f));
        byte(0x80 | (code & 0x3f));
    }
}

std::uint32_t hex4(std::string_view text) {
    std::uint32_t code = 0;
    std::from_chars(text.data(), text.data() + 4, code, 16);
    return code;
}

// Decodes the escapes of a string that the scanner has accepted.
std::string unescape(std::string_view raw) {
    constexpr std::uint32_t kReplacement = 0xfffd;
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); i++) {
        if (raw[i] != '\\') {
            out += raw[i];
            continue;
        }
        const char c = raw[++i];
        if (c != 'u') {
            constexpr std::string_view kNames = "bfnrt";
            constexpr std::string_view kValues = "\b\f\n\r\t";
            const std::size_t known = kNames.find(c);
            out += known == std::string_view::npos ? c : kValues[known];
            continue;
        }
        std::uint32_t code = hex4(raw.substr(i + 1));
        i += 4;
        if (code >= 0xd800 && code < 0xdc00) {
            const bool pair = raw.substr(i + 1).starts_with("\\u") && raw.size() - i > 6;
            const std::uint32_t low = pair ? hex4(raw.substr(i + 3)) : 0;
            if (low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                i += 6;
            } else {
                code = kReplacement;
            }
        } else if (code >= 0xdc00 && code < 0xe000) {
            code = kReplacement;
        }
        append_utf8(out, code);
    }
    return out;
}

// Bytes that stand in a JSON string as they are.
constexpr std::array<bool, 256> make_plain_table() {
    std::array<bool, 256> table{};
    for (std::size_t byte = 0x20; byte < 0x80; byte++) {
        table[byte] = byte != '"' && byte != '\\';
    }
    return table;
}
constexpr auto kPlain = make_plain_table();

bool is_plain(char c) {
    return kPlain[static_cast<unsigned char>(c)];
}

void append_escaped(std::string& out, std::string_view text) {
    std::string clean;
    if (!simdjson::validate_utf8(text.data(), text.size())) {
        clean = printable(text, true);
        text = clean;
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); i++) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (is_plain(text[i]) || byte >= 0x80) {
            continue;
        }
        out.append(text, begin, i - begin);
        begin = i + 1;
        if (byte >= 0x20) {
            out += '\\';
            out += text[i];
        } else {
            constexpr std::string_view kHex = "0123456789abcdef";
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    out.append(text, begin, text.size() - begin);
}

}  // namespace

std::optional<std::string> json_text(std::string_view value) {
    if (json_kind(value) != JsonKind::string) {
        return std::nullopt;
    }
    const std::string_view raw = value.substr(1, value.size() - 2);
    return raw.find('\\') == std::string_view::npos ? std::string(raw) : unescape(raw);
}

std::optional<std::uint64_t> json_uint(std::string_view value) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) {
        return std::nullopt;
    }
    return number;
}

std::optional<double> json_double(std::string_view value) {
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) {
        return std::nullopt;
    }
    return number;
}

std::string json_quote(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    append_json_quoted(out, text);
    return out;
}

void append_json_quoted(std::string& out, std::string_view text) {
    out += '"';
    const bool plain = std::all_of(text.begin(), text.end(), is_plain);
    if (plain) {
        out += text;
    } else {
        append_escaped(out, text);
    }
    out += '"';
}

}  // namespace llmgw
