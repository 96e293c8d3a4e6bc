// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/loose_document.h"

#include <algorithm>
#include <utility>

#include "common/base/json_io.h"
#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "common/portkey/loose_reader.h"

namespace llmgw {

int LooseDocument::line_of(std::string_view pointer) const {
    while (true) {
        if (const auto found = lines.find(std::string(pointer)); found != lines.end()) {
            return found->second;
        }
        const std::size_t slash = pointer.rfind('/');
        if (slash == std::string_view::npos) {
            return 0;
        }
        pointer = pointer.substr(0, slash);
    }
}

bool LooseDocument::is_placeholder(std::string_view pointer) const {
    return std::find(placeholders.begin(), placeholders.end(), pointer) != placeholders.end();
}

bool LooseDocument::has_placeholder(std::string_view pointer) const {
    return std::any_of(placeholders.begin(), placeholders.end(), [&](std::string_view each) {
        return each.starts_with(pointer) &&
               (each.size() == pointer.size() || each[pointer.size()] == '/');
    });
}

std::string pointer_to(std::string_view parent, std::string_view name) {
    std::string out(parent);
    out += '/';
    for (const char c : name) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

// `const config = {…}`, `export default {…}`, `config = {…}`: only the value is wanted.
void LooseReader::skip_assignment() {
    const std::size_t begin = cursor_.at();
    while (!cursor_.at_string() && !cursor_.read_name().empty()) {
        while (cursor_.peek() == '.') {
            cursor_.move_to(cursor_.at() + 1);
            if (cursor_.read_name().empty()) {
                break;
            }
        }
        cursor_.skip_blanks();
        if (cursor_.peek() == ':') {  // its type
            while (!cursor_.at_end() && cursor_.peek() != '=' && cursor_.peek() != '\n') {
                cursor_.move_to(cursor_.at() + 1);
            }
        }
        const bool assigned =
            cursor_.peek() == '=' && cursor_.peek(1) != '=' && cursor_.peek(1) != '>';
        if (assigned) {
            cursor_.take("=");
        }
        if (assigned || cursor_.peek() == '{' || cursor_.peek() == '[') {
            cursor_.skip_space();
            if (cursor_.at_end()) {
                break;  // base64, for instance, may end with an equals sign
            }
            return;
        }
    }
    cursor_.move_to(begin);
}

// Quotes around the whole that came along, or a string of JSON whose inside needs no unescaping:
// then every line is known.
Result<std::string> LooseReader::read_quoted_root() {
    const std::size_t begin = cursor_.at();
    cursor_.move_to(begin + cursor_.quote_length());
    cursor_.skip_space();
    if (cursor_.peek() != '{' && cursor_.peek() != '[') {
        return cursor_.error("there is no object in the string", begin);
    }
    auto value = read_value();
    if (!value) {
        return value;
    }
    cursor_.skip_space();
    if (!cursor_.at_string()) {
        return cursor_.error("the string is not closed", begin);
    }
    cursor_.move_to(cursor_.at() + cursor_.quote_length());
    return value;
}

Result<std::string> LooseReader::read_root() {
    cursor_.skip_space();
    skip_assignment();
    if (!cursor_.at_string()) {
        return read_value();
    }
    const std::size_t begin = cursor_.at();
    auto inside = read_quoted_root();
    if (inside) {
        return inside;
    }
    out_ = LooseDocument();
    depth_ = 0;
    pointer_.clear();
    cursor_.move_to(begin);
    auto whole = read_value();
    return whole ? std::move(whole) : std::move(inside);
}

Result<LooseDocument> LooseReader::read(std::string_view text) {
    auto value = read_root();
    if (!value) {
        return tl::unexpected(std::move(value.error()));
    }
    out_.json = std::move(*value);
    out_.length = cursor_.at();
    const std::string_view taken = text.substr(0, out_.length);
    out_.plain = out_.json.starts_with('{') ? scan_object(trim(taken)).has_value()
                                            : parse_json(taken).has_value();
    return std::move(out_);
}

Result<LooseDocument> read_loose(std::string_view text, int first_line) {
    constexpr std::size_t kLongest = std::size_t{16} << 20;
    if (text.size() > kLongest) {
        return fail(Errc::invalid_file, "the text is longer than 16 MB");
    }
    return LooseReader(text, first_line).read(text);
}

}  // namespace llmgw
