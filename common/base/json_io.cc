// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_io.h"

namespace llmgw {

namespace {

// nlohmann's parser recurses in its destructor and its printer, so the depth is checked on the
// text before any tree exists.
bool too_deep(std::string_view text) {
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > kMaxJsonDepth) {
                return true;
            }
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
    if (too_deep(text)) {
        return fail(Errc::invalid_file,
                    "JSON is nested more than " + std::to_string(kMaxJsonDepth) + " levels deep");
    }
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& error) {
        return fail(Errc::invalid_file, "not valid JSON (at byte " + std::to_string(error.byte) +
                                            " of " + std::to_string(text.size()) + ")");
    } catch (const Json::exception&) {
        return fail(Errc::invalid_file, "not valid JSON");
    }
}

std::string print_json(const Json& document, int indent) {
    return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace llmgw
