// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/splice.h"

#include <algorithm>

namespace llmgw {

TextEdit remove_member(std::string_view whole, const std::vector<JsonField>& fields,
                       std::size_t index, bool first) {
    const auto end_of = [whole](const JsonField& field) {
        return offset_in(whole, field.value) + field.value.size();
    };
    const auto start_of = [whole](const JsonField& field) {
        return offset_in(whole, field.key) - 1;
    };
    if (!first) {
        return {end_of(fields[index - 1]), end_of(fields[index]), {}};
    }
    const bool last = index + 1 == fields.size();
    return {
        start_of(fields[index]), last ? end_of(fields[index]) : start_of(fields[index + 1]), {}};
}

std::string apply_edits(std::string_view whole, std::vector<TextEdit> edits) {
    std::sort(edits.begin(), edits.end(),
              [](const TextEdit& a, const TextEdit& b) { return a.begin < b.begin; });
    std::string out;
    std::size_t at = 0;
    for (const TextEdit& edit : edits) {
        out += whole.substr(at, edit.begin - at);
        out += edit.text;
        at = edit.end;
    }
    out += whole.substr(at);
    return out;
}

}  // namespace llmgw
