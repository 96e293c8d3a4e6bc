// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_scan.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "common/base/json_text.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// A recursive descent over the bytes; its depth is bounded, so the stack is too. Every step takes
// the place where it begins and returns the one behind it, or nullptr: places that are passed on
// stay in registers.
class Scanner {
  public:
    explicit Scanner(std::string_view text)
        : begin_(text.data()), end_(text.data() + text.size()) {}

    bool document(std::vector<JsonField>& fields) {
        const char* at = skip_space(begin_);
        if (at == end_ || *at != '{') {
            return error(at, "an object was expected") != nullptr;
        }
        at = object(at, 1, &fields);
        return at != nullptr && is_end(at, "there is more text behind the object");
    }

    bool list(std::vector<std::string_view>& elements) {
        const char* at = skip_space(begin_);
        if (at == end_ || *at != '[') {
            return error(at, "an array was expected") != nullptr;
        }
        at = array(at, 1, &elements);
        return at != nullptr && is_end(at, "there is more text behind the array");
    }

    [[nodiscard]] const char* what() const { return what_; }
    [[nodiscard]] std::size_t offset() const {
        return static_cast<std::size_t>(failed_at_ - begin_);
    }

  private:
    const char* error(const char* at, const char* what) {
        failed_at_ = at;
        what_ = what;
        return nullptr;
    }

    bool is_end(const char* at, const char* what) {
        at = skip_space(at);
        return at == end_ || error(at, what) != nullptr;
    }

    // Most often there is none: one comparison tells.
    [[nodiscard]] const char* skip_space(const char* at) const {
        while (at < end_ && static_cast<unsigned char>(*at) <= ' ' &&
               (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
            at++;
        }
        return at;
    }

    [[nodiscard]] bool is_at(const char* at, char c) const { return at < end_ && *at == c; }

    const char* object(const char* at, int depth, std::vector<JsonField>* fields) {
        if (depth > kMaxScanDepth) {
            return error(at, "it is nested too deeply");
        }
        at = skip_space(at + 1);
        if (is_at(at, '}')) {
            return at + 1;
        }
        for (;;) {
            at = skip_space(at);
            if (!is_at(at, '"')) {
                return error(at, "a member's name was expected");
            }
            const char* const key = at + 1;
            bool escaped_key = false;
            at = string(at, &escaped_key);
            if (at == nullptr) {
                return nullptr;
            }
            const char* const key_end = at - 1;
            at = skip_space(at);
            if (!is_at(at, ':')) {
                return error(at, "\":\" was expected");
            }
            const char* const value_begin = skip_space(at + 1);
            at = value(value_begin, depth);
            if (at == nullptr) {
                return nullptr;
            }
            if (fields != nullptr) {
                fields->push_back({{key, static_cast<std::size_t>(key_end - key)},
                                   {value_begin, static_cast<std::size_t>(at - value_begin)},
                                   escaped_key});
            }
            at = skip_space(at);
            if (is_at(at, '}')) {
                return at + 1;
            }
            if (!is_at(at, ',')) {
                return error(at, "\",\" or \"}\" was expected");
            }
            at++;
        }
    }

    const char* array(const char* at, int depth, std::vector<std::string_view>* elements) {
        if (depth > kMaxScanDepth) {
            return error(at, "it is nested too deeply");
        }
        at = skip_space(at + 1);
        if (is_at(at, ']')) {
            return at + 1;
        }
        for (;;) {
            const char* const element = skip_space(at);
            at = value(element, depth);
            if (at == nullptr) {
                return nullptr;
            }
            if (elements != nullptr) {
                elements->emplace_back(element, static_cast<std::size_t>(at - element));
            }
            at = skip_space(at);
            if (is_at(at, ']')) {
                return at + 1;
            }
            if (!is_at(at, ',')) {
                return error(at, "\",\" or \"]\" was expected");
            }
            at++;
        }
    }

    const char* value(const char* at, int depth) {
        if (at == end_) {
            return error(at, "it ends too early");
        }
        switch (*at) {
            case '{':
                return object(at, depth + 1, nullptr);
            case '[':
                return array(at, depth + 1, nullptr);
            case '"':
                return string(at, nullptr);
            case 't':
                return literal(at, "true");
            case 'f':
                return literal(at, "false");
            case 'n':
                return literal(at, "null");
            default:
                return number(at);
        }
    }

    const char* literal(const char* at, std::string_view word) {
        if (static_cast<std::size_t>(end_ - at) < word.size() ||
            std::memcmp(at, word.data(), word.size()) != 0) {
            return error(at, "a value was expected");
        }
        return at + word.size();
    }

    [[nodiscard]] const char* digits(const char* at) const {
        while (at < end_ && *at >= '0' && *at <= '9') {
            at++;
        }
        return at;
    }

    const char* number(const char* at) {
        at += is_at(at, '-') ? 1 : 0;
        const char* behind = is_at(at, '0') ? at + 1 : digits(at);
        if (behind == at) {
            return error(at, "a value was expected");
        }
        if (is_at(behind, '.')) {
            at = behind + 1;
            behind = digits(at);
            if (behind == at) {
                return error(at, "a number is malformed");
            }
        }
        if (is_at(behind, 'e') || is_at(behind, 'E')) {
            at = behind + 1;
            at += is_at(at, '+') || is_at(at, '-') ? 1 : 0;
            behind = digits(at);
            if (behind == at) {
                return error(at, "a number is malformed");
            }
        }
        return behind;
    }

    // `escaped` gets whether the string holds an escape.
    const char* string(const char* at, bool* escaped) {
        at++;
        for (;;) {
            at = skip_plain_text(at, end_);
            if (at == end_) {
                return error(at, "a string does not end");
            }
            const char c = *at++;
            if (c == '"') {
                return at;
            }
            if (c != '\\') {
                return error(at, "a string holds a control character");
            }
            if (escaped != nullptr) {
                *escaped = true;
            }
            at = escape(at);
            if (at == nullptr) {
                return nullptr;
            }
        }
    }

    const char* escape(const char* at) {
        if (at == end_) {
            return error(at, "a string does not end");
        }
        const char c = *at++;
        if (c == 'u') {
            for (int i = 0; i < 4; i++, at++) {
                if (at == end_ || std::isxdigit(static_cast<unsigned char>(*at)) == 0) {
                    return error(at, "a string holds a malformed escape");
                }
            }
            return at;
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
                return at;
            default:
                return error(at, "a string holds a malformed escape");
        }
    }

    const char* begin_;
    const char* end_;
    const char* failed_at_ = nullptr;
    const char* what_ = "";
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
