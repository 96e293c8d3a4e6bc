// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace llmgw {

/// A member of a JSON object, as the bytes it was written with.
struct JsonField {
    std::string_view key;      ///< between its quotes, escapes and all
    std::string_view value;    ///< "\"text\"", "12", "[1, 2]"
    bool escaped_key = false;  ///< the key holds escapes
};

/// Checks that `text` is one JSON object (RFC 8259), nested at most kMaxScanDepth deep and in valid
/// UTF-8, and lists its members in order, repeated names too. Numbers of any size are fine: nothing
/// is converted, so nothing is lost. The views point into `text`. Runs at memory speed, without a
/// tree: request bodies of megabytes pass through here.
[[nodiscard]] Result<std::vector<JsonField>> scan_object(std::string_view text);
inline constexpr int kMaxScanDepth = 128;

/// The members of an object that is part of a document that has passed scan_object(); none when it
/// is no object.
[[nodiscard]] std::vector<JsonField> nested_fields(std::string_view object);

/// The elements of a JSON array, as the bytes they were written with; checked like an object.
[[nodiscard]] Result<std::vector<std::string_view>> scan_array(std::string_view text);

/// The last member of that name, as most parsers would have it; names with escapes are decoded.
[[nodiscard]] const JsonField* find_field(const std::vector<JsonField>& fields,
                                          std::string_view name);
[[nodiscard]] bool key_is(const JsonField& field, std::string_view name);

/// Where a text stops being what scan_object() takes, and what is wrong there.
struct JsonMistake {
    std::size_t offset = 0;  ///< in bytes
    std::string what;
};
/// nullopt when scan_object() takes it.
[[nodiscard]] std::optional<JsonMistake> find_object_mistake(std::string_view text);

/// What a value is, by its first byte.
enum class JsonKind { object, array, string, number, boolean, null };
[[nodiscard]] JsonKind json_kind(std::string_view value);

/// The text of a JSON string; nullopt for another kind of value. A lone surrogate becomes U+FFFD.
[[nodiscard]] std::optional<std::string> json_text(std::string_view value);
/// A number without fraction and exponent that fits.
[[nodiscard]] std::optional<std::uint64_t> json_uint(std::string_view value);
[[nodiscard]] std::optional<double> json_double(std::string_view value);

/// `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_quote(std::string_view text);
void append_json_quoted(std::string& out, std::string_view text);

}  // namespace llmgw
