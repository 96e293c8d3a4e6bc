// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/openai.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace llmgw {

namespace {

// Replaces the bytes from `begin` to `end` of the client's body.
struct Edit {
    std::size_t begin;
    std::size_t end;
    std::string text;
};

std::size_t offset_in(const InferenceCall& call, std::string_view part) {
    return static_cast<std::size_t>(part.data() - call.body.data());
}

Edit replace_value(const InferenceCall& call, const JsonField& field, std::string text) {
    const std::size_t begin = offset_in(call, field.value);
    return {begin, begin + field.value.size(), std::move(text)};
}

Edit replace_key(const InferenceCall& call, const JsonField& field, std::string text) {
    const std::size_t begin = offset_in(call, field.key);
    return {begin, begin + field.key.size(), std::move(text)};
}

// Removes a member and one of the commas beside it. `first` is whether all before it are removed.
Edit remove_member(const InferenceCall& call, std::size_t index, bool first) {
    const auto& fields = call.fields;
    const std::size_t key_begin = offset_in(call, fields[index].key) - 1;
    const std::size_t value_end = offset_in(call, fields[index].value) + fields[index].value.size();
    if (!first) {
        const auto& before = fields[index - 1];
        return {offset_in(call, before.value) + before.value.size(), value_end, {}};
    }
    const std::size_t end =
        index + 1 < fields.size() ? offset_in(call, fields[index + 1].key) - 1 : value_end;
    return {key_begin, end, {}};
}

// Fields that speak to llmgw and mean nothing to a provider.
bool is_for_gateway(const JsonField& field) {
    return key_is(field, "routing");
}

bool rejects(const Candidate& candidate, const JsonField& field) {
    if (candidate.access == nullptr || candidate.access->provider == nullptr) {
        return false;
    }
    const auto& list = candidate.access->provider->rejects;
    return std::any_of(list.begin(), list.end(),
                       [&](std::string_view name) { return key_is(field, name); });
}

// The highest temperature that the provider takes, in thousandths; 0: no limit of its own.
std::int64_t max_temperature_milli(const Candidate& candidate) {
    if (candidate.mapping != nullptr && candidate.mapping->max_temperature_milli > 0) {
        return candidate.mapping->max_temperature_milli;
    }
    if (candidate.access != nullptr && candidate.access->provider != nullptr) {
        return candidate.access->provider->max_temperature_milli;
    }
    return 0;
}

std::optional<std::string> clamped_temperature(const Candidate& candidate, const JsonField& field) {
    const std::int64_t limit = max_temperature_milli(candidate);
    const auto value = json_double(field.value);
    if (limit == 0 || !value || *value * 1000 <= static_cast<double>(limit)) {
        return std::nullopt;
    }
    std::string text = std::to_string(limit / 1000);
    if (limit % 1000 != 0) {
        std::string fraction = std::to_string(limit % 1000 + 1000).substr(1);
        fraction.erase(fraction.find_last_not_of('0') + 1);
        text += "." + fraction;
    }
    return text;
}

// What goes into `stream_options`: the client's own options, with the usage switched on.
std::string options_with_usage(std::string_view options) {
    std::string text = "{";
    const auto fields = scan_object(options);
    if (fields) {
        for (const JsonField& field : *fields) {
            if (!key_is(field, "include_usage")) {
                text += "\"" + std::string(field.key) + "\":" + std::string(field.value) + ",";
            }
        }
    }
    return text + "\"include_usage\":true}";
}

void splice(const InferenceCall& call, std::vector<Edit> edits, AdaptedRequest& out) {
    std::sort(edits.begin(), edits.end(),
              [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    const std::string_view body = call.body;
    std::size_t at = 0;
    out.body.reserve(2 * edits.size() + 1);
    for (Edit& edit : edits) {
        out.body.push_back(body.substr(at, edit.begin - at));
        if (!edit.text.empty()) {
            out.body.push_back(out.owned.emplace_back(std::move(edit.text)));
        }
        at = edit.end;
    }
    out.body.push_back(body.substr(at));
}

}  // namespace

std::string AdaptedRequest::changes() const {
    std::string text;
    const auto list = [&](const char* what, const std::vector<std::string>& names) {
        for (std::size_t i = 0; i < names.size(); i++) {
            text += i > 0 ? "," : (text.empty() ? "" : "; ") + std::string(what) + "=";
            text += names[i];
        }
    };
    list("dropped", dropped);
    list("clamped", clamped);
    list("renamed", renamed);
    return text;
}

AdaptedRequest adapt_openai(const InferenceCall& call, const Candidate& candidate) {
    AdaptedRequest out;
    out.path = endpoint_path(call.endpoint);
    std::vector<Edit> edits;
    edits.reserve(2);
    bool all_removed = true;  // of the members so far
    bool usage_asked = !call.stream || call.include_usage;
    for (std::size_t i = 0; i < call.fields.size(); i++) {
        const JsonField& field = call.fields[i];
        // The older name of the same limit: without it an answer could be of any length.
        if (key_is(field, "max_completion_tokens") && rejects(candidate, field) &&
            find_field(call.fields, "max_tokens") == nullptr) {
            edits.push_back(replace_key(call, field, "max_tokens"));
            out.renamed.emplace_back("max_completion_tokens");
            all_removed = false;
            continue;
        }
        if (is_for_gateway(field) || rejects(candidate, field)) {
            edits.push_back(remove_member(call, i, all_removed));
            if (!is_for_gateway(field)) {
                out.dropped.emplace_back(field.key);
            }
            usage_asked = usage_asked || key_is(field, "stream_options");
            continue;
        }
        all_removed = false;
        if (key_is(field, "model")) {
            if (json_text(field.value) != candidate.upstream_model) {
                edits.push_back(replace_value(call, field, json_quote(candidate.upstream_model)));
            }
        } else if (key_is(field, "temperature")) {
            if (auto text = clamped_temperature(candidate, field)) {
                edits.push_back(replace_value(call, field, std::move(*text)));
                out.clamped.emplace_back("temperature");
            }
        } else if (key_is(field, "stream_options") && !usage_asked) {
            edits.push_back(replace_value(call, field, options_with_usage(field.value)));
            usage_asked = true;
        }
    }
    if (!usage_asked && !rejects(candidate, JsonField{"stream_options", "{}"})) {
        const std::size_t end = call.body.rfind('}');
        edits.push_back({end, end, ",\"stream_options\":{\"include_usage\":true}"});
    }
    splice(call, std::move(edits), out);
    return out;
}

}  // namespace llmgw
