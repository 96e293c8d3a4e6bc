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

// Whether it can refuse a request. One that is saved at Portkey may: nobody here knows.
bool may_deny(const ConfigValue& guardrail) {
    return guardrail.is(JsonKind::string) || guardrail.member("deny").is_true();
}

// The parameters of a check by its name, both of hooks ({"checks": [{"id": NAME, …}]}) and of
// guardrails ({NAME: {…}}).
ConfigValue find_check(const ConfigValue& guardrail, std::string_view name) {
    for (const ConfigValue& check : guardrail.member("checks").elements()) {
        if (check.member("id").text() == name) {
            ConfigValue parameters = check.member("parameters");
            return parameters ? std::move(parameters) : check;
        }
    }
    return guardrail.member(name);
}

// A list of models is what a gateway key of llmgw can have, too.
std::string whitelist_action(const ConfigValue& parameters) {
    const std::string_view flag =
        parameters.member("inverse").is_true() ? " --deny-model " : " --allow-model ";
    std::string flags;
    for (const ConfigValue& model : parameters.member("models").elements()) {
        if (model.is(JsonKind::string)) {
            flags += flag;
            flags += printable(model.text());
        }
    }
    return "bind the client's key to these models: llmgw keys create NAME" +
           (flags.empty() ? std::string(flag) + "MODEL" : flags);
}

void report(ConfigContext& context, const ConfigValue& guardrail) {
    const bool deny = may_deny(guardrail);
    std::string action = "check the text before or behind llmgw";
    std::string what = "checked or changed the text";
    if (guardrail.is(JsonKind::string)) {
        what = "ran the guardrail '" + printable(guardrail.text()) + "'";
    } else if (guardrail.is(JsonKind::object)) {
        if (const ConfigValue models = find_check(guardrail, "default.modelWhitelist")) {
            what = "let certain models through only";
            action = whitelist_action(models);
        }
        what += guardrail.member("deny").is_true() ? ", and refused requests that failed" : "";
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
        if (!value.is(JsonKind::array)) {
            report(context, value);
            continue;
        }
        for (const ConfigValue& element : value.elements()) {
            report(context, element);
        }
    }
}

}  // namespace llmgw
