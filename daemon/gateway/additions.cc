// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/additions.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "daemon/gateway/estimate.h"

namespace llmgw {

namespace {

struct Insertion {
    std::size_t at;
    std::string text;
    std::size_t replaced = 0;  // bytes that it stands for
};

std::string metadata_member(const Additions& additions) {
    std::string text;
    text.reserve(additions.metadata.size() + 16);
    text += "\"metadata\":{";
    text += additions.metadata;
    text += '}';
    return text;
}

std::size_t offset_in(std::string_view whole, std::string_view part) {
    return static_cast<std::size_t>(part.data() - whole.data());
}

// Without the space and the line end that may be around it.
std::string_view braced(std::string_view object) {
    const std::size_t begin = object.find('{');
    return object.substr(begin, object.rfind('}') + 1 - begin);
}

// Puts members in front of an object's closing brace.
Insertion at_end_of(std::string_view whole, std::string_view object, std::string members) {
    const std::size_t end = offset_in(whole, object) + object.size() - 1;
    if (!trim(object.substr(1, object.size() - 2)).empty()) {
        members.insert(0, 1, ',');
    }
    return {end, std::move(members)};
}

// Writes an estimated usage into an answer that has none, or none with counts.
Insertion estimated_usage(std::string_view whole, const JsonField* usage, Endpoint endpoint,
                          const Spliced& answer) {
    std::string members =
        estimated_usage_members(endpoint, *answer.usage) + "," + cost_members(answer.cost);
    if (usage == nullptr) {
        return at_end_of(whole, braced(whole), "\"usage\":{" + members + "}");
    }
    if (json_kind(usage->value) == JsonKind::object) {
        return at_end_of(whole, usage->value, std::move(members));
    }
    return {offset_in(whole, usage->value), "{" + members + "}", usage->value.size()};
}

// The same usage with another cost than the provider's own.
Insertion other_cost(std::string_view whole, std::string_view usage,
                     const std::optional<Cost>& cost) {
    std::string text = "{";
    for (const JsonField& field : nested_fields(usage)) {
        if (!key_is(field, "cost") && !key_is(field, "cost_details")) {
            text += '"';
            text += field.key;
            text += "\":";
            text += field.value;
            text += ',';
        }
    }
    return {offset_in(whole, usage), text + cost_members(cost) + "}", usage.size()};
}

}  // namespace

Spliced add_to_object(std::string_view object, const std::vector<JsonField>& fields,
                      const Additions& additions, const InferenceCall* call) {
    Spliced out;
    std::vector<Insertion> insertions;
    insertions.reserve(2);
    out.pieces.reserve(5);
    const JsonField* const usage = find_field(fields, "usage");
    if (usage != nullptr) {
        out.usage = read_usage(usage->value);
    }
    const bool told = out.usage.has_value();
    if (!told && call != nullptr) {
        out.usage = estimate_answer(*call, fields, additions.mapping);
    }
    if (out.usage) {
        if (const JsonField* const tier = find_field(fields, "service_tier")) {
            out.usage->service_tier = json_text(tier->value).value_or("");
        }
        out.cost = additions.cost(*out.usage);
    }
    if (!additions.plain) {
        if (out.usage && !told) {
            insertions.push_back(estimated_usage(object, usage, call->endpoint, out));
        } else if (usage != nullptr && out.usage && !out.usage->has_own_cost) {
            insertions.push_back(at_end_of(object, usage->value, cost_members(out.cost)));
        } else if (usage != nullptr && out.usage && additions.free) {
            insertions.push_back(other_cost(object, usage->value, out.cost));
        }
        const JsonField* const metadata = find_field(fields, "metadata");
        if (metadata == nullptr) {
            insertions.push_back(at_end_of(object, braced(object), metadata_member(additions)));
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
        at = insertion.at + insertion.replaced;
    }
    out.pieces.push_back(object.substr(at));
    return out;
}

}  // namespace llmgw
