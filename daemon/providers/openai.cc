// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/openai.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "daemon/providers/message_quirks.h"
#include "daemon/providers/splice.h"

namespace llmgw {

namespace {

TextEdit replace_value(const InferenceCall& call, const JsonField& field, std::string text) {
    return replace_part(call.body, field.value, std::move(text));
}

// Fields that speak to llmgw and mean nothing to a provider.
bool is_for_gateway(const JsonField& field) {
    return key_is(field, "routing");
}

bool is_among(std::span<const std::string_view> names, const JsonField& field) {
    return std::any_of(names.begin(), names.end(),
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

void splice(const InferenceCall& call, std::vector<TextEdit> edits, AdaptedRequest& out) {
    std::sort(edits.begin(), edits.end(),
              [](const TextEdit& a, const TextEdit& b) { return a.begin < b.begin; });
    const std::string_view body = call.body;
    std::size_t at = 0;
    out.body.reserve(2 * edits.size() + 1);
    for (TextEdit& edit : edits) {
        out.body.push_back(body.substr(at, edit.begin - at));
        if (!edit.text.empty()) {
            out.body.push_back(out.owned.emplace_back(std::move(edit.text)));
        }
        at = edit.end;
    }
    out.body.push_back(body.substr(at));
}

bool asks_for_json(const JsonField& response_format) {
    const auto fields = scan_object(response_format.value);
    const JsonField* const type = fields ? find_field(*fields, "type") : nullptr;
    return type != nullptr && json_text(type->value) != "text";
}

bool has_tools(const InferenceCall& call) {
    const JsonField* const tools = find_field(call.fields, "tools");
    const auto list = scan_array(tools == nullptr ? std::string_view() : tools->value);
    return list && !list->empty();
}

// Whether the model is to be told not to think, because it can only do so in streams.
bool must_not_think(const InferenceCall& call, const Candidate& candidate, const Quirks* quirks) {
    return quirks != nullptr && !call.stream &&
           find_field(call.fields, quirks->thinking_switch) == nullptr &&
           std::find(quirks->think_in_streams.begin(), quirks->think_in_streams.end(),
                     candidate.upstream_model) != quirks->think_in_streams.end();
}

// Goes through the members of one request and collects the edits that it needs.
class OpenAiEdits {
  public:
    OpenAiEdits(const InferenceCall& call, const Candidate& candidate, const Quirks* quirks)
        : call_(call), candidate_(candidate), quirks_(quirks) {
        edits_.reserve(2);
    }
    AdaptedRequest finish();

  private:
    [[nodiscard]] bool rejects(const JsonField& field) const;
    [[nodiscard]] bool quirks_reject(const JsonField& field) const;
    [[nodiscard]] bool is_unwanted_null(const JsonField& field) const;
    [[nodiscard]] std::string_view other_name(const JsonField& field) const;
    void change_value(const JsonField& field);
    void change_for_quirks(const JsonField& field);
    void replace(const JsonField& field, std::string text) {
        edits_.push_back(replace_value(call_, field, std::move(text)));
    }

    const InferenceCall& call_;
    const Candidate& candidate_;
    const Quirks* quirks_;
    AdaptedRequest out_;
    std::vector<TextEdit> edits_;
    bool usage_asked_ = !call_.stream || call_.include_usage;
    bool must_not_think_ = must_not_think(call_, candidate_, quirks_);
};

bool OpenAiEdits::rejects(const JsonField& field) const {
    const Provider* const provider =
        candidate_.access == nullptr ? nullptr : candidate_.access->provider;
    return (provider != nullptr && is_among(provider->rejects, field)) ||
           (candidate_.mapping != nullptr && is_among(candidate_.mapping->rejects, field)) ||
           (quirks_ != nullptr && quirks_reject(field));
}

bool OpenAiEdits::quirks_reject(const JsonField& field) const {
    if (quirks_->tools_exclude_json && key_is(field, "response_format")) {
        return asks_for_json(field) && has_tools(call_);
    }
    if (must_not_think_ && key_is(field, "reasoning_effort")) {
        return json_text(field.value) != "none";
    }
    return is_among(quirks_->rejects, field);
}

// It says no more than an absent one.
bool OpenAiEdits::is_unwanted_null(const JsonField& field) const {
    return quirks_ != nullptr && quirks_->rejects_nulls && json_kind(field.value) == JsonKind::null;
}

// The name under which a field is sent instead of its own; empty: it keeps it, or has no other.
std::string_view OpenAiEdits::other_name(const JsonField& field) const {
    const auto is_free = [&](std::string_view name) {
        return find_field(call_.fields, name) == nullptr && !rejects(JsonField{name, {}});
    };
    if (quirks_ != nullptr) {
        for (const FieldRename& rename : quirks_->renames) {
            if (key_is(field, rename.from) && is_free(rename.to)) {
                return rename.to;
            }
        }
    }
    // Two names of one limit, without which an answer could be of any length.
    constexpr std::array<FieldRename, 2> kLimits = {{
        {"max_completion_tokens", "max_tokens"},
        {"max_tokens", "max_completion_tokens"},
    }};
    for (const FieldRename& limit : kLimits) {
        if (key_is(field, limit.from) && rejects(field) && is_free(limit.to)) {
            return limit.to;
        }
    }
    return {};
}

void OpenAiEdits::change_value(const JsonField& field) {
    if (key_is(field, "model")) {
        if (json_text(field.value) != candidate_.upstream_model) {
            replace(field, json_quote(candidate_.upstream_model));
        }
    } else if (key_is(field, "temperature")) {
        if (auto text = clamped_temperature(candidate_, field)) {
            replace(field, std::move(*text));
            out_.clamped.emplace_back("temperature");
        }
    } else if (key_is(field, "stream_options") && !usage_asked_) {
        replace(field, options_with_usage(field.value));
        usage_asked_ = true;
    } else if (quirks_ != nullptr) {
        change_for_quirks(field);
    }
}

void OpenAiEdits::change_for_quirks(const JsonField& field) {
    if (key_is(field, "messages") && quirks_->of_messages()) {
        edit_messages(*quirks_, call_.body, field.value, edits_);
    } else if (key_is(field, "tool_choice") && !quirks_->required_tool_choice.empty()) {
        if (json_text(field.value) == "required") {
            replace(field, json_quote(quirks_->required_tool_choice));
        }
    } else if (key_is(field, "reasoning_effort") && !quirks_->thinking_switch.empty() &&
               !must_not_think_) {
        const auto effort = json_text(field.value);
        if (effort && find_field(call_.fields, quirks_->thinking_switch) == nullptr) {
            replace(field, std::string(field.value) + "," + json_quote(quirks_->thinking_switch) +
                               (*effort == "none" ? ":false" : ":true"));
        }
    }
}

AdaptedRequest OpenAiEdits::finish() {
    out_.path = endpoint_path(call_.endpoint);
    bool all_removed = true;  // of the members so far
    for (std::size_t i = 0; i < call_.fields.size(); i++) {
        const JsonField& field = call_.fields[i];
        if (const std::string_view name = other_name(field); !name.empty()) {
            edits_.push_back(replace_part(call_.body, field.key, std::string(name)));
            out_.renamed.emplace_back(field.key);
            all_removed = false;
        } else if (is_for_gateway(field) || is_unwanted_null(field)) {
            edits_.push_back(remove_member(call_.body, call_.fields, i, all_removed));
        } else if (rejects(field)) {
            edits_.push_back(remove_member(call_.body, call_.fields, i, all_removed));
            out_.dropped.emplace_back(field.key);
            usage_asked_ = usage_asked_ || key_is(field, "stream_options");
        } else {
            all_removed = false;
            change_value(field);
        }
    }
    std::string more;
    if (!usage_asked_ && !rejects(JsonField{"stream_options", {}})) {
        more += ",\"stream_options\":{\"include_usage\":true}";
    }
    if (must_not_think_) {
        more += "," + json_quote(quirks_->thinking_switch) + ":false";
    }
    if (!more.empty()) {
        const std::size_t end = call_.body.rfind('}');
        edits_.push_back({end, end, std::move(more)});
    }
    splice(call_, std::move(edits_), out_);
    return std::move(out_);
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

AdaptedRequest adapt_openai(const InferenceCall& call, const Candidate& candidate,
                            const Quirks* quirks) {
    return OpenAiEdits(call, candidate, quirks).finish();
}

}  // namespace llmgw
