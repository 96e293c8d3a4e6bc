// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace llmgw {

[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// Levenshtein distance in bytes.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidates nearest to `word`, best first, at most `limit`: those within two edits (one for
/// words of up to four bytes), then those that contain it. For "did you mean".
[[nodiscard]] std::vector<std::string> nearest(std::string_view word,
                                               std::span<const std::string_view> candidates,
                                               std::size_t limit = 3);

/// Whether `text` matches a shell-like pattern: `*` any run, `?` one byte.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text);

/// Whether all of `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text);

/// How many of its first bytes are.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text);

/// A place in a text as editors show it: both from 1, the column in characters.
struct TextPosition {
    std::size_t line = 1, column = 1;
};
[[nodiscard]] TextPosition position_in(std::string_view text, std::size_t offset);

/// Replaces control bytes and invalid UTF-8 so that a text from outside cannot steer a terminal or
/// forge a log line; newlines (also "\r\n", as "\n") and tabs stay when `multiline`.
[[nodiscard]] std::string printable(std::string_view text, bool multiline = false);

/// "2026-11-23T09:12:31Z" from Unix milliseconds.
[[nodiscard]] std::string rfc3339(std::int64_t unix_ms);

/// "90s", "15m", "2h", "7d", "250ms", "1y" or "0" to milliseconds; a number needs its unit.
[[nodiscard]] Result<std::int64_t> parse_duration_ms(std::string_view text);
[[nodiscard]] std::string format_duration_ms(std::int64_t milliseconds);

/// "64k", "20m", "1g" or plain bytes, in powers of 1024.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// nullopt when it is not base64 (RFC 4648 §4; the padding may be missing).
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// How a secret may be shown: its first characters up to a dash and its last four, "sk-…abcd"; only
/// the dots for one too short to keep a secret that way.
[[nodiscard]] std::string mask_secret(std::string_view secret);

}  // namespace llmgw
