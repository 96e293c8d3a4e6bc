// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/additions.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

struct Insertion {
    std::size_t at;
    std::string text;
};

std::string metadata_member(const Additions& additions) {
    std::string text;
    text.reserve(additions.metadata.size() + 16);
    text += "\"metadata\":{";
    text += additions.metadata;
    text += '}';
    return text;
}

// Puts members in front of an object's closing brace.
Insertion at_end_of(std::string_view whole, std::string_view object, std::string members) {
    const auto end = static_cast<std::size_t>(object.data() - whole.data()) + object.size() - 1;
    if (!trim(object.substr(1, object.size() - 2)).empty()) {
        members.insert(0, 1, ',');
    }
    return {end, std::move(members)};
}

}  // namespace

Spliced add_to_object(std::string_view object, const std::vector<JsonField>& fields,
                      const Additions& additions) {
    Spliced out;
    std::vector<Insertion> insertions;
    insertions.reserve(2);
    out.pieces.reserve(5);
    const JsonField* const usage = find_field(fields, "usage");
    if (usage != nullptr) {
        out.usage = read_usage(usage->value);
    }
    if (out.usage) {
        out.cost = cost_of(*out.usage, additions.mapping);
    }
    if (!additions.plain) {
        if (out.usage && !out.usage->has_own_cost) {
            insertions.push_back(at_end_of(object, usage->value, cost_members(out.cost)));
        }
        const JsonField* const metadata = find_field(fields, "metadata");
        if (metadata == nullptr) {
            const std::size_t end = object.rfind('}') + 1;
            const std::size_t begin = object.find('{');
            insertions.push_back(
                at_end_of(object, object.substr(begin, end - begin), metadata_member(additions)));
        } else if (json_kind(metadata->value) == JsonKind::object) {
            insertions.push_back(at_end_of(object, metadata->value, additions.metadata));
        }
    }
    std::sort(insertions.begin(), insertions.end(),
              [](const Insertion& a, const Insertion& b) { return a.at < b.at; });
    out.owned.reserve(insertions.size());
    std::size_t at = 0;
    for (Insertion& insertion : insertions) {
        out.pieces.push_back(object.substr(at, insertion.at - at));
        out.pieces.push_back(out.owned.emplace_back(std::move(insertion.text)));
        at = insertion.at;
    }
    out.pieces.push_back(object.substr(at));
    return out;
}

}  // namespace llmgw
