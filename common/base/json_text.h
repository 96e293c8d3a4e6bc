// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inside of JSON strings, for those who go through many of them: the quotes are not part of
// the texts, and the texts have passed scan_object().
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace llmgw {

/// The first quote, backslash or control character, or `end`. Many bytes at a time.
inline const char* skip_plain_text(const char* at, const char* end) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1f);
    while (end - at >= 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i found = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
            _mm_cmpeq_epi8(_mm_max_epu8(bytes, last_control), last_control));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
        if (mask != 0) {
            return at + std::countr_zero(mask);
        }
        at += 16;
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) {
        at++;
    }
    return at;
}

/// One character as UTF-8; surrogates too, in the same way ("WTF-8"): so no two texts become one.
inline std::string_view encode_utf8(std::uint32_t code, std::array<char, 4>& out) {
    const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
    const auto tail = [](std::uint32_t value) { return static_cast<char>(0x80 | (value & 0x3f)); };
    if (code < 0x80) {
        out = {byte(code)};
        return {out.data(), 1};
    }
    if (code < 0x800) {
        out = {byte(0xc0 | code >> 6), tail(code)};
        return {out.data(), 2};
    }
    if (code < 0x10000) {
        out = {byte(0xe0 | code >> 12), tail(code >> 6), tail(code)};
        return {out.data(), 3};
    }
    out = {byte(0xf0 | code >> 18), tail(code >> 12), tail(code >> 6), tail(code)};
    return {out.data(), 4};
}

/// What a backslash before this character stands for.
inline char escaped_character(char letter) {
    constexpr std::string_view kNames = "bfnrt";
    constexpr std::string_view kValues = "\b\f\n\r\t";
    const std::size_t known = kNames.find(letter);
    return known == std::string_view::npos ? letter : kValues[known];
}

/// The four digits of "\uXXXX"; 0 where there are none.
inline std::uint32_t escaped_unit(std::string_view text) {
    std::uint32_t code = 0;
    if (text.size() >= 6 && text[0] == '\\' && text[1] == 'u') {
        std::from_chars(text.data() + 2, text.data() + 6, code, 16);
    }
    return code;
}

/// How long the escape is that `text` begins with: two of them where they are one character.
inline std::size_t escape_size(std::string_view text) {
    if (text[1] != 'u') {
        return 2;
    }
    const auto is_half = [](std::uint32_t code, std::uint32_t first) {
        return code >= first && code < first + 0x400;
    };
    const bool pair =
        is_half(escaped_unit(text), 0xd800) && is_half(escaped_unit(text.substr(6)), 0xdc00);
    return pair ? 12 : 6;
}

/// Copies text up to the next backslash, at most kCopiedText bytes, for which there must be room.
/// Returns how many.
inline constexpr std::size_t kCopiedText = 16;
inline std::size_t copy_plain_text(const char* at, const char* end, char* out) {
#ifdef __SSE2__
    if (end - at >= 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
        const auto found =
            static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
        return found == 0 ? kCopiedText : static_cast<std::size_t>(std::countr_zero(found));
    }
#endif
    std::size_t count = 0;
    for (; count < kCopiedText && at + count < end && at[count] != '\\'; count++) {
        out[count] = at[count];
    }
    return count;
}

/// Hands the characters of a string to `sink` piece by piece, escapes decoded. Half of a surrogate
/// pair stays what it is; see encode_utf8().
template <typename Sink>
void decode_json_text(std::string_view raw, Sink&& sink) {
    std::array<char, 4> character{};
    while (true) {
        const std::size_t escape = raw.find('\\');
        if (escape != 0) {
            sink(raw.substr(0, escape));
        }
        if (escape >= raw.size()) {
            return;
        }
        raw.remove_prefix(escape);
        const std::size_t size = escape_size(raw);
        std::uint32_t code = static_cast<unsigned char>(escaped_character(raw[1]));
        if (size > 2) {
            code = escaped_unit(raw);
        }
        if (size == 12) {
            code = 0x10000 + ((code - 0xd800) << 10) + (escaped_unit(raw.substr(6)) - 0xdc00);
        }
        sink(encode_utf8(code, character));
        raw.remove_prefix(size);
    }
}

}  // namespace llmgw
