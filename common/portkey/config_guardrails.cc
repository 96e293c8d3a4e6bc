// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/config_node.h"

namespace llmgw {

namespace {

constexpr std::array<std::string_view, 8> kFields = {
    "before_request_hooks",     "after_request_hooks",
    "input_guardrails",         "output_guardrails",
    "input_mutators",           "output_mutators",
    "default_input_guardrails", "default_output_guardrails",
};

bool is_true(const Json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_boolean() && at->get<bool>();
}

// Whether it can refuse a request. One that is saved at Portkey may: nobody here knows.
bool may_deny(const Json& guardrail) {
    return guardrail.is_string() || (guardrail.is_object() && is_true(guardrail, "deny"));
}

// The parameters of a check by its name, both of hooks ({"checks": [{"id": NAME, …}]}) and of
// guardrails ({NAME: {…}}); nullptr: there is none.
const Json* find_check(const Json& guardrail, std::string_view name) {
    const auto checks = guardrail.find("checks");
    if (checks != guardrail.end() && checks->is_array()) {
        for (const Json& check : *checks) {
            const auto id = check.is_object() ? check.find("id") : check.end();
            if (check.is_object() && id != check.end() && *id == name) {
                const auto parameters = check.find("parameters");
                return parameters == check.end() ? &check : &*parameters;
            }
        }
    }
    const auto direct = guardrail.find(name);
    return direct == guardrail.end() ? nullptr : &*direct;
}

// A list of models is what a gateway key of llmgw can have, too.
std::string whitelist_action(const Json& parameters) {
    std::string flags;
    const auto models = parameters.is_object() ? parameters.find("models") : parameters.end();
    if (parameters.is_object() && models != parameters.end() && models->is_array()) {
        for (const Json& model : *models) {
            if (model.is_string()) {
                flags += " --allow-model " + printable(model.get<std::string>());
            }
        }
    }
    const bool inverse = parameters.is_object() && is_true(parameters, "inverse");
    if (inverse) {
        for (std::size_t at = flags.find("--allow-"); at != std::string::npos;
             at = flags.find("--allow-", at)) {
            flags.replace(at, std::string_view("--allow-").size(), "--deny-");
        }
    }
    return "bind the client's key to these models: llmgw keys create NAME" +
           (flags.empty() ? " --allow-model MODEL" : flags);
}

void report(ConfigContext& context, const ConfigValue& guardrail) {
    const bool deny = may_deny(*guardrail);
    std::string action = "check the text before or behind llmgw";
    std::string what = "checked or changed the text";
    if (guardrail->is_string()) {
        what = "ran the guardrail '" + printable(guardrail->get<std::string>()) + "'";
    } else if (guardrail->is_object()) {
        if (const Json* const models = find_check(*guardrail, "default.modelWhitelist")) {
            what = "let certain models through only";
            action = whitelist_action(*models);
        }
        what += is_true(*guardrail, "deny") ? ", and refused requests that failed" : "";
    }
    const bool error = deny && !context.reading.accept_guardrail_loss;
    FindingTexts texts = {
        std::move(what), "has no guardrails: the text is not looked at",
        error ? action + "; --accept-guardrail-loss imports without" : std::move(action)};
    if (error) {
        context.refuse("G-GUARD", guardrail.pointer, std::move(texts));
    } else {
        context.note(Severity::warning, "G-GUARD", guardrail.pointer, std::move(texts));
    }
}

}  // namespace

void read_guardrails(ConfigContext& context, ConfigObject& object) {
    for (const std::string_view field : kFields) {
        const ConfigValue value = object.take(field);
        if (!value) {
            continue;
        }
        if (!value->is_array()) {
            report(context, value);
            continue;
        }
        for (std::size_t i = 0; i < value->size(); i++) {
            report(context, {&(*value)[i], pointer_to(value.pointer, std::to_string(i))});
        }
    }
}

}  // namespace llmgw
