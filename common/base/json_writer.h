// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/json_scan.h"

namespace llmgw {

/// Writes JSON text front to back, with the commas where they belong. Parts that exist as JSON
/// already go in as they are, so numbers, key order and escapes of the original stay.
class JsonWriter {
  public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }

    /// A member's name; its value is what is written next.
    JsonWriter& key(std::string_view name) {
        separate();
        append_json_quoted(out_, name);
        out_ += ':';
        pending_ = false;
        return *this;
    }
    JsonWriter& string(std::string_view text) {
        separate();
        append_json_quoted(out_, text);
        return *this;
    }
    /// A value, or several with commas between them, that are JSON already.
    JsonWriter& raw(std::string_view json) {
        separate();
        out_ += json;
        return *this;
    }
    JsonWriter& number(std::int64_t value) { return print(value); }
    JsonWriter& number(std::uint64_t value) { return print(value); }
    JsonWriter& number(double value) { return print(value); }
    JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
    JsonWriter& null() { return raw("null"); }

    [[nodiscard]] const std::string& text() const { return out_; }
    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    template <typename Number>
    JsonWriter& print(Number value) {
        char digits[40];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        return raw({digits, static_cast<std::size_t>(end - digits)});
    }
    void separate() {
        if (pending_) {
            out_ += ',';
        }
        pending_ = true;
    }
    JsonWriter& open(char bracket) {
        separate();
        out_ += bracket;
        pending_ = false;
        return *this;
    }
    JsonWriter& close(char bracket) {
        out_ += bracket;
        pending_ = true;
        return *this;
    }

    std::string out_;
    bool pending_ = false;  // a comma goes in front of the next value
};

}  // namespace llmgw
