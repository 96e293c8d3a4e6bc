// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_scan.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "common/base/json_text.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// A recursive descent over the bytes; its depth is bounded, so the stack is too.
class Scanner {
  public:
    explicit Scanner(std::string_view text)
        : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

    bool document(std::vector<JsonField>& fields) {
        skip_space();
        if (at_ == end_ || *at_ != '{') {
            return error("an object was expected");
        }
        if (!object(1, &fields)) {
            return false;
        }
        skip_space();
        return at_ == end_ || error("there is more text behind the object");
    }

    bool list(std::vector<std::string_view>& elements) {
        skip_space();
        if (at_ == end_ || *at_ != '[') {
            return error("an array was expected");
        }
        if (!array(1, &elements)) {
            return false;
        }
        skip_space();
        return at_ == end_ || error("there is more text behind the array");
    }

    [[nodiscard]] const std::string& what() const { return what_; }
    [[nodiscard]] std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

  private:
    bool error(const char* what) {
        what_ = what;
        return false;
    }

    // Most often there is none: one comparison tells.
    void skip_space() {
        if (at_ < end_ && static_cast<unsigned char>(*at_) <= ' ') {
            skip_spaces();
        }
    }

    void skip_spaces() {
        while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
            at_++;
        }
    }

    bool take(char c) {
        if (at_ < end_ && *at_ == c) {
            at_++;
            return true;
        }
        return false;
    }

    bool object(int depth, std::vector<JsonField>* fields) {
        if (depth > kMaxScanDepth) {
            return error("it is nested too deeply");
        }
        at_++;
        skip_space();
        if (take('}')) {
            return true;
        }
        for (;;) {
            skip_space();
            if (at_ == end_ || *at_ != '"') {
                return error("a member's name was expected");
            }
            const char* const key = at_ + 1;
            if (!string()) {
                return false;
            }
            const char* const key_end = at_ - 1;
            const bool escaped_key = escaped_;
            skip_space();
            if (!take(':')) {
                return error("\":\" was expected");
            }
            skip_space();
            const char* const value_begin = at_;
            if (!value(depth)) {
                return false;
            }
            if (fields != nullptr) {
                fields->push_back({{key, static_cast<std::size_t>(key_end - key)},
                                   {value_begin, static_cast<std::size_t>(at_ - value_begin)},
                                   escaped_key});
            }
            skip_space();
            if (take('}')) {
                return true;
            }
            if (!take(',')) {
                return error("\",\" or \"}\" was expected");
            }
        }
    }

    bool array(int depth, std::vector<std::string_view>* elements) {
        if (depth > kMaxScanDepth) {
            return error("it is nested too deeply");
        }
        at_++;
        skip_space();
        if (take(']')) {
            return true;
        }
        for (;;) {
            skip_space();
            const char* const element = at_;
            if (!value(depth)) {
                return false;
            }
            if (elements != nullptr) {
                elements->emplace_back(element, static_cast<std::size_t>(at_ - element));
            }
            skip_space();
            if (take(']')) {
                return true;
            }
            if (!take(',')) {
                return error("\",\" or \"]\" was expected");
            }
        }
    }

    bool value(int depth) {
        if (at_ == end_) {
            return error("it ends too early");
        }
        switch (*at_) {
            case '{':
                return object(depth + 1, nullptr);
            case '[':
                return array(depth + 1, nullptr);
            case '"':
                return string();
            case 't':
                return literal("true");
            case 'f':
                return literal("false");
            case 'n':
                return literal("null");
            default:
                return number();
        }
    }

    bool literal(std::string_view word) {
        if (static_cast<std::size_t>(end_ - at_) < word.size() ||
            std::memcmp(at_, word.data(), word.size()) != 0) {
            return error("a value was expected");
        }
        at_ += word.size();
        return true;
    }

    bool digits() {
        const char* const first = at_;
        while (at_ < end_ && *at_ >= '0' && *at_ <= '9') {
            at_++;
        }
        return at_ > first;
    }

    bool number() {
        take('-');
        if (!take('0') && !digits()) {
            return error("a value was expected");
        }
        if (take('.') && !digits()) {
            return error("a number is malformed");
        }
        if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
            at_++;
            if (at_ < end_ && (*at_ == '+' || *at_ == '-')) {
                at_++;
            }
            if (!digits()) {
                return error("a number is malformed");
            }
        }
        return true;
    }

    bool string() {
        at_++;
        escaped_ = false;
        for (;;) {
            at_ = skip_plain_text(at_, end_);
            if (at_ == end_) {
                return error("a string does not end");
            }
            const char c = *at_++;
            if (c == '"') {
                return true;
            }
            if (c != '\\') {
                return error("a string holds a control character");
            }
            escaped_ = true;
            if (!escape()) {
                return false;
            }
        }
    }

    bool escape() {
        if (at_ == end_) {
            return error("a string does not end");
        }
        const char c = *at_++;
        if (c == 'u') {
            for (int i = 0; i < 4; i++, at_++) {
                if (at_ == end_ || std::isxdigit(static_cast<unsigned char>(*at_)) == 0) {
                    return error("a string holds a malformed escape");
                }
            }
            return true;
        }
        switch (c) {
            case '"':
            case '\\':
            case '/':
            case 'b':
            case 'f':
            case 'n':
            case 'r':
            case 't':
                return true;
            default:
                return error("a string holds a malformed escape");
        }
    }

    const char* begin_;
    const char* at_;
    const char* end_;
    bool escaped_ = false;  // the last string held an escape
    std::string what_;
};

tl::unexpected<Error> malformed(const Scanner& scanner, std::string_view text) {
    return fail(Errc::invalid_request, "the JSON is not valid at byte " +
                                           std::to_string(scanner.offset()) + " of " +
                                           std::to_string(text.size()) + ": " + scanner.what());
}

}  // namespace

Result<std::vector<JsonField>> scan_object(std::string_view text) {
    std::vector<JsonField> fields;
    fields.reserve(12);
    Scanner scanner(text);
    if (!scanner.document(fields)) {
        return malformed(scanner, text);
    }
    if (!simdjson::validate_utf8(text.data(), text.size())) {
        return fail(Errc::invalid_request, "the JSON is not valid UTF-8");
    }
    return fields;
}

std::optional<JsonMistake> find_object_mistake(std::string_view text) {
    std::vector<JsonField> fields;
    Scanner scanner(text);
    if (!scanner.document(fields)) {
        return JsonMistake{scanner.offset(), scanner.what()};
    }
    const std::size_t valid = utf8_prefix(text);
    return valid == text.size()
               ? std::nullopt
               : std::optional(JsonMistake{valid, "a character is not valid UTF-8"});
}

std::vector<JsonField> nested_fields(std::string_view object) {
    std::vector<JsonField> fields;
    if (json_kind(object) == JsonKind::object) {
        fields.reserve(6);
        Scanner scanner(object);
        LLMGW_ASSERT(scanner.document(fields));
    }
    return fields;
}

Result<std::vector<std::string_view>> scan_array(std::string_view text) {
    std::vector<std::string_view> elements;
    Scanner scanner(text);
    if (!scanner.list(elements)) {
        return malformed(scanner, text);
    }
    if (!simdjson::validate_utf8(text.data(), text.size())) {
        return fail(Errc::invalid_request, "the JSON is not valid UTF-8");
    }
    return elements;
}

bool key_is(const JsonField& field, std::string_view name) {
    if (!field.escaped_key) {
        return field.key == name;
    }
    const std::string_view with_quotes(field.key.data() - 1, field.key.size() + 2);
    return json_text(with_quotes) == name;
}

const JsonField* find_field(const std::vector<JsonField>& fields, std::string_view name) {
    for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
        if (key_is(*field, name)) {
            return &*field;
        }
    }
    return nullptr;
}

JsonKind json_kind(std::string_view value) {
    switch (value.empty() ? 'n' : value.front()) {
        case '{':
            return JsonKind::object;
        case '[':
            return JsonKind::array;
        case '"':
            return JsonKind::string;
        case 't':
        case 'f':
            return JsonKind::boolean;
        case 'n':
            return JsonKind::null;
        default:
            return JsonKind::number;
    }
}

}  // namespace llmgw
