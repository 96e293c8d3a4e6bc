// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/config_node.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::array<std::string_view, 34> kNames = {
    "after_request_hooks",
    "api_key",
    "before_request_hooks",
    "cache",
    "cb_config",
    "custom_host",
    "default_input_guardrails",
    "default_output_guardrails",
    "default_params",
    "deployment_id",
    "drop_params",
    "fetch_integrated_models",
    "forward_headers",
    "input_guardrails",
    "input_mutators",
    "metadata",
    "name",
    "on_status_codes",
    "openai_organization",
    "openai_project",
    "output_guardrails",
    "output_mutators",
    "override_params",
    "passthrough",
    "prompt_id",
    "provider",
    "request_timeout",
    "resource_name",
    "retry",
    "strategy",
    "strict_open_ai_compliance",
    "targets",
    "virtual_key",
    "weight",
};

/// Reads a group: its strategy and its targets.
class GroupReader {
  public:
    GroupReader(ConfigContext& context, ConfigKeys& keys, RouteNode& node)
        : context_(context), keys_(keys), node_(node) {}

    void read(ConfigObject& object, ConfigValue mode, const ConfigValue& strategy,
              const ConfigValue& targets, const ConfigInherited& inherited) {
        report_group_provider(context_, object);
        ConfigObject members(context_, strategy);
        if (strategy && strategy.is(JsonKind::object)) {
            mode = members.take("mode");
        } else if (strategy) {
            note_type(context_, strategy, "an object", "takes it as the mode",
                      "write {\"mode\": \"fallback\"}");
            mode = strategy;
        }
        read_mode(mode, strategy, object.pointer());
        read_targets(targets, inherited);
        if (strategy) {
            read_strategy(members);
        }
        check_weights(targets);
    }

  private:
    void read_mode(const ConfigValue& mode, const ConfigValue& strategy,
                   const std::string& pointer) {
        if (!mode && !strategy) {
            context_.note(Severity::warning, "I-NOSTRAT", pointer,
                          {"refused targets without a strategy",
                           "asks the first of them, like the strategy single",
                           "add \"strategy\": {\"mode\": …} if the others are to count"});
            return;
        }
        const std::string where = mode ? mode.pointer : strategy.pointer;
        if (mode && is_expression(context_, mode, Severity::error)) {
            return;
        }
        const std::string word = mode && mode.is(JsonKind::string) ? mode.text() : "";
        std::string plain = to_lower(word);
        plain.erase(std::remove_if(plain.begin(), plain.end(),
                                   [](char c) { return c == '-' || c == '_' || c == ' '; }),
                    plain.end());
        constexpr std::array<std::pair<std::string_view, RouteMode>, 4> kModes = {{
            {"single", RouteMode::single},
            {"fallback", RouteMode::fallback},
            {"loadbalance", RouteMode::loadbalance},
            {"conditional", RouteMode::conditional},
        }};
        for (const auto& [name, meant] : kModes) {
            if (plain != name) {
                continue;
            }
            node_.mode = meant;
            if (word != name) {
                note_type(context_, mode, "single, loadbalance, fallback or conditional",
                          "takes it as " + std::string(name), "write " + std::string(name));
            }
            return;
        }
        context_.refuse("I-TYPE", where,
                        {"wants single, loadbalance, fallback or conditional as the mode and "
                         "refused the config",
                         "cannot tell what is meant", "write one of the four"});
    }

    void read_targets(const ConfigValue& targets, const ConfigInherited& inherited) {
        bool first = true;
        for (const ConfigValue& target : targets.elements()) {
            if (node_.mode == RouteMode::single && !std::exchange(first, false)) {
                context_.note(Severity::info, "I-DEAD", target.pointer,
                              {"never asked it: the strategy single takes the first target",
                               "leaves it out", ""});
                continue;
            }
            if (is_expression(context_, target, Severity::error)) {
                continue;
            }
            if (!target.is(JsonKind::object)) {
                context_.refuse("I-TYPE", target.pointer,
                                {"wants an object for each target and refused the config",
                                 "cannot tell what is meant", "write {\"provider\": \"@slug\"}"});
                continue;
            }
            read_target(target, inherited);
        }
    }

    void read_target(const ConfigValue& target, const ConfigInherited& inherited) {
        has_weight_.push_back(static_cast<bool>(target.member("weight")));
        node_.targets.push_back(
            read_config_node(context_, keys_, target, NodePlace::target, inherited));
    }

    void read_strategy(ConfigObject& strategy) {
        static constexpr std::array<std::string_view, 6> kStrategyNames = {
            "mode", "on_status_codes", "conditions", "default", "sticky", "cb_config"};
        if (node_.mode == RouteMode::fallback) {
            node_.on_status = read_status_codes(context_, strategy.take("on_status_codes"));
        } else if (node_.mode == RouteMode::conditional) {
            read_conditions(context_, strategy, node_);
        } else if (node_.mode == RouteMode::loadbalance) {
            read_sticky(strategy.take("sticky"));
        }
        if (const ConfigValue breaker = strategy.take("cb_config")) {
            read_circuit_breaker(context_, breaker);
        }
        for (const std::string_view name : {"on_status_codes", "conditions", "default", "sticky"}) {
            if (const ConfigValue value = strategy.take(name)) {
                context_.note(
                    Severity::warning, "I-DEAD", value.pointer,
                    {"ignored " + std::string(name) + ", which belongs to another strategy",
                     "leaves it out", ""});
            }
        }
        strategy.finish({"a strategy", kStrategyNames});
    }

    void read_sticky(const ConfigValue& value) {
        if (!value || is_expression(context_, value)) {
            return;
        }
        if (context_.reading.oss) {
            context_.note(Severity::warning, "I-OSS", value.pointer,
                          {"did nothing with sticky in its open-source gateway",
                           "leaves it out, so as to do the same",
                           "import without --portkey oss if it is meant to count"});
            return;
        }
        static constexpr std::array<std::string_view, 3> kStickyNames = {"enabled", "hash_fields",
                                                                         "ttl"};
        if (!value.is(JsonKind::object)) {
            note_type(context_, value, "an object", "leaves it out", "write {\"enabled\": true}");
            return;
        }
        ConfigObject object(context_, value);
        const bool enabled = read_flag(context_, object.take("enabled")).value_or(false);
        RouteSticky sticky;
        for (const ConfigValue& field : read_texts(context_, object.take("hash_fields"))) {
            read_sticky_field(field, sticky);
        }
        const ConfigValue ttl = object.take("ttl");
        constexpr std::int64_t kMost = 365LL * 24 * 3600;  // as routes have it
        if (const auto seconds = read_integer(context_, ttl)) {
            sticky.ttl_ms = std::clamp<std::int64_t>(*seconds, 1, kMost) * 1000;
        }
        object.finish({"sticky", kStickyNames});
        context_.note(Severity::info, "S-STICKY", value.pointer,
                      {"kept requests at a target in all of its instances",
                       enabled ? "keeps them there within one daemon, until it ends"
                               : "does not, as it is not enabled",
                       ""});
        if (enabled) {
            node_.sticky = std::move(sticky);
        }
    }

    void read_sticky_field(const ConfigValue& field, RouteSticky& sticky) {
        std::string text = field.text();
        for (const std::string_view root : {"metadata.", "params.", "headers.", "body."}) {
            if (text.starts_with(root) && text.size() > root.size()) {
                sticky.fields.push_back(std::move(text));
                return;
            }
        }
        note_type(context_, field, "metadata.NAME or params.NAME", "leaves it out",
                  "write metadata.NAME or params.NAME");
    }

    void check_weights(const ConfigValue& targets) {
        if (node_.mode != RouteMode::loadbalance || node_.targets.empty()) {
            return;
        }
        double sum = 0;
        for (const RouteNode& target : node_.targets) {
            sum += target.weight;
        }
        if (sum <= 0) {
            context_.refuse("I-EMPTY", targets.pointer,
                            {"answered 500: no target has a weight", "refuses such a route",
                             "give at least one target a weight above 0"});
            return;
        }
        const auto without = std::count(has_weight_.begin(), has_weight_.end(), false);
        if (without == 0 || without == static_cast<std::ptrdiff_t>(has_weight_.size())) {
            return;
        }
        std::string shares;
        for (const RouteNode& target : node_.targets) {
            shares += shares.empty() ? "" : ", ";
            shares += std::to_string(std::lround(100 * target.weight / sum)) + " %";
        }
        context_.note(Severity::warning, "I-WEIGHTMIX", targets.pointer,
                      {"counted a missing weight as 1, whatever the others are: " + shares,
                       "does the same", "write every target's weight"});
    }

    ConfigContext& context_;
    ConfigKeys& keys_;
    RouteNode& node_;
    std::vector<bool> has_weight_;
};

void read_weight(ConfigContext& context, const ConfigValue& value, RouteNode& node) {
    const auto weight = read_number(context, value);
    if (weight && (*weight < 0 || !std::isfinite(*weight))) {
        context.refuse("I-TYPE", value.pointer,
                       {"could not choose a target with a weight below 0", "refuses such a route",
                        "write 0 to leave the target out"});
    } else if (weight) {
        node.weight = *weight;
    }
}

// Configs 1.0 are of 2023: `mode` and `options` in the place of `strategy` and `targets`.
void report_old(ConfigContext& context, const ConfigValue& sign) {
    context.note(Severity::warning, "I-CONF1", sign.pointer,
                 {"no longer takes this kind of config: \"This version of config is not supported "
                  "in this route\"",
                  "reads mode as strategy.mode and options as targets", ""});
}

// A strategy has nothing to choose from. Whether there can be a route nevertheless.
bool report_no_targets(ConfigContext& context, const ConfigValue& strategy,
                       const ConfigValue& targets) {
    if (targets && is_expression(context, targets, Severity::error)) {
        return false;
    }
    if (targets && !targets.is(JsonKind::array)) {
        context.refuse("I-TYPE", targets.pointer,
                       {"wants a list of targets and refused the config",
                        "cannot tell what is meant", "write the targets in brackets"});
        return false;
    }
    if (strategy) {
        context.refuse("I-EMPTY", targets ? targets.pointer : strategy.pointer,
                       {"answered 500 to every request: the strategy has no targets",
                        "refuses such a route", "add targets, or take the strategy out"});
        return false;
    }
    if (targets) {
        context.note(Severity::warning, "I-EMPTY", targets.pointer,
                     {"could do nothing with an empty list of targets", "leaves it out", ""});
    }
    return true;
}

/// What a node chooses from, in either version.
struct Group {
    ConfigValue mode;
    ConfigValue strategy;
    ConfigValue targets;
};
Group take_group(ConfigContext& context, ConfigObject& object) {
    Group group;
    group.strategy = object.take("strategy");
    group.targets = object.take("targets");
    const ConfigValue options = group.targets ? ConfigValue() : object.take("options");
    if (options) {
        group.targets = options;
    }
    if (!group.strategy && group.targets) {
        group.mode = object.take("mode");
    }
    if (options || group.mode) {
        report_old(context, options ? options : group.mode);
    }
    return group;
}

}  // namespace

RouteNode read_config_node(ConfigContext& context, ConfigKeys& keys, const ConfigValue& value,
                           NodePlace place, ConfigInherited inherited) {
    RouteNode node;
    ConfigObject object(context, value);
    if (const auto name = read_text(context, object.take("name"))) {
        node.name = *name;
    }
    read_weight(context, object.take("weight"), node);
    read_settings(context, object, node, inherited);
    const Group group = take_group(context, object);
    const bool several = !group.targets.elements().empty();
    if (several) {
        GroupReader(context, keys, node)
            .read(object, group.mode, group.strategy, group.targets, inherited);
    } else if (report_no_targets(context, group.strategy, group.targets)) {
        read_leaf(context, keys, object, place, inherited, node);
    } else {
        report_group_provider(context, object);
    }
    object.finish({place == NodePlace::root ? "a config" : "a target", kNames});
    return node;
}

}  // namespace llmgw
