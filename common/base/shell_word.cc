// SPDX-License-Identifier: Apache-2.0
#include "common/base/shell_word.h"

#include "common/base/text.h"

namespace llmgw {

std::string shell_word(std::string_view word) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
    const std::string shown = printable(word);
    if (!shown.empty() && shown.find_first_not_of(kPlain) == std::string::npos) {
        return shown;
    }
    std::string out = "'";
    for (const char c : shown) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

}  // namespace llmgw
