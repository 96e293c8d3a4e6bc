// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/json_scan.h"
#include "common/base/json_text.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// Decodes the escapes of a string that the scanner has accepted. What is no character becomes
// U+FFFD: only a lone surrogate can be that, which is written as ED A0..BF 80..BF.
std::string unescape(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    decode_json_text(raw, [&](std::string_view piece) {
        const bool lone =
            piece.size() == 3 && piece[0] == '\xed' && piece[1] >= '\xa0' && piece[1] <= '\xbf';
        out += lone ? "\xef\xbf\xbd" : piece;
    });
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
