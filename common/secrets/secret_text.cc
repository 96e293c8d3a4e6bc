// SPDX-License-Identifier: Apache-2.0
#include "common/secrets/secret_text.h"

#include <algorithm>

#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {

Result<std::string> secret_text(std::string_view content) {
    const std::string_view text = trim(content);
    if (text.starts_with('{')) {
        const auto document = parse_json(text);
        if (!document) {
            return fail(Errc::auth, "the key begins like JSON, but is not");
        }
        return print_json(*document);
    }
    const std::string_view key = trim(text.substr(0, text.find('\n')));
    if (key.empty()) {
        return fail(Errc::auth, "the key is empty");
    }
    const bool clean =
        std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 127; });
    if (!clean) {
        return fail(Errc::auth, "the key has blanks or characters that no key has");
    }
    return std::string(key);
}

}  // namespace llmgw
