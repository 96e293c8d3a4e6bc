// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include "common/base/json_layout.h"
#include "common/base/text.h"
#include "common/routes/dynamic_route.h"
#include "common/routes/node_reader.h"
#include "common/routes/query_check.h"
#include "common/routes/route.h"
#include "common/routes/route_mode.h"

namespace llmgw {

namespace {

constexpr std::string_view kNames[] = {
    "strategy",
    "on_status",
    "conditions",
    "otherwise",
    "sticky",
    "targets",
    "name",
    "weight",
    "provider",
    "model",
    "refuse",
    "set",
    "default",
    "drop",
    "retry",
    "timeout",
    "cache",
    "headers",
    "forward_headers",
};

// What only Portkey's configs have: their place is the importer.
constexpr std::string_view kPortkeyNames[] = {
    "virtual_key",      "override_params", "api_key",           "request_timeout", "custom_host",
    "input_guardrails", "prompt_id",       "output_guardrails", "default_params",  "drop_params",
};

constexpr const char* kImport = "is this a Portkey config? llmgw import-portkey FILE reads those";

// The keys that have a meaning for targets of one strategy only.
struct GroupKey {
    std::string_view name;
    RouteMode mode;
};
constexpr GroupKey kGroupKeys[] = {
    {"on_status", RouteMode::fallback},
    {"sticky", RouteMode::loadbalance},
    {"conditions", RouteMode::conditional},
    {"otherwise", RouteMode::conditional},
};

// Notes a Portkey config as such; a plain "is not known" would not help.
void check_node_names(const DocumentObject& in) {
    for (const std::string_view name : kPortkeyNames) {
        if (in.find(name) != nullptr) {
            in.refuse_name(name, "is not known", kImport);
        }
    }
    const DocumentValue* const strategy = in.find("strategy");
    if (strategy != nullptr && strategy->kind() == JsonKind::object) {
        strategy->refuse("must be single, fallback, loadbalance or conditional", kImport);
    }
    in.check_names(kNames);
}

void read_mode(const DocumentObject& in, RouteNode& out) {
    const DocumentValue* const strategy = in.find("strategy");
    if (strategy == nullptr) {
        return;
    }
    const std::string word = json_text(strategy->json()).value_or("");
    if (const auto mode = find_route_mode(word)) {
        out.mode = *mode;
        return;
    }
    std::vector<std::string_view> words;
    for (const auto& [name, mode] : kRouteModes) {
        words.push_back(name);
    }
    const auto near = nearest(word, words, 1);
    strategy->refuse("must be single, fallback, loadbalance or conditional",
                     near.empty() ? "" : "did you mean " + near[0] + "?");
}

void read_weight(const DocumentObject& in, RouteNode& out) {
    const DocumentValue* const weight = in.find("weight");
    if (weight == nullptr) {
        return;
    }
    const auto number = json_double(weight->json());
    if (weight->kind() != JsonKind::number || !number || !std::isfinite(*number) || *number < 0) {
        weight->refuse("must be a number ≥ 0");
        return;
    }
    out.weight = *number;
}

void read_leaf(const DocumentObject& in, RouteNode& out) {
    for (const GroupKey& key : kGroupKeys) {
        if (in.find(key.name) != nullptr) {
            in.refuse_name(key.name, "belongs to a group with \"targets\"");
        }
    }
    if (out.mode != RouteMode::single) {
        in.value().refuse("has no \"targets\" for its strategy");
    }
    if (const DocumentValue* const provider = in.find("provider")) {
        out.provider = read_provider_name(*provider);
    }
    if (const DocumentValue* const model = in.find("model")) {
        out.model = read_model_name(*model);
    }
    if (const DocumentValue* const refuse = in.find("refuse")) {
        out.refuse = refuse->text();
        if (!out.provider.empty() || !out.model.empty()) {
            refuse->refuse("asks nobody: it excludes provider and model");
        }
    }
}

void read_sticky(const DocumentObject& in, RouteNode& out) {
    const DocumentValue* const value = in.find("sticky");
    if (value == nullptr) {
        return;
    }
    constexpr std::array<std::string_view, 2> kStickyNames = {"by", "ttl"};
    constexpr std::string_view kRoots[] = {"metadata.", "params.", "headers.", "body."};
    constexpr std::size_t kMaxFields = 20;
    constexpr std::int64_t kMinTtlMs = 1000;
    constexpr std::int64_t kMaxTtlMs = 365LL * 24 * 3600 * 1000;
    const DocumentObject sticky(*value);
    sticky.check_names(kStickyNames);
    out.sticky.emplace();
    if (const DocumentValue* const by = sticky.find("by")) {
        for (const DocumentValue& element : by->elements(kMaxFields)) {
            const std::string field = element.text();
            const bool known =
                std::any_of(std::begin(kRoots), std::end(kRoots), [&](std::string_view root) {
                    return field.starts_with(root) && field.size() > root.size();
                });
            if (!known) {
                element.refuse("must be metadata.NAME, params.NAME, headers.NAME or body.NAME");
            }
            out.sticky->fields.push_back(field);
        }
    }
    if (const DocumentValue* const ttl = sticky.find("ttl")) {
        out.sticky->ttl_ms = ttl->duration_ms(kMinTtlMs, kMaxTtlMs);
    }
}

bool has_target(const RouteNode& node, std::string_view name) {
    return std::any_of(node.targets.begin(), node.targets.end(),
                       [&](const RouteNode& target) { return target.name == name; });
}

// A name that stands for one of the node's targets.
std::string read_target_name(const DocumentValue& value, const RouteNode& node) {
    std::string name = value.text("the name of a target");
    if (!name.empty() && !has_target(node, name)) {
        std::vector<std::string_view> names;
        for (const RouteNode& target : node.targets) {
            names.push_back(target.name);
        }
        const auto near = nearest(name, names, 1);
        value.refuse("is the name of no target",
                     near.empty() || near[0].empty() ? "" : "did you mean " + near[0] + "?");
    }
    return name;
}

void read_conditions(const DocumentObject& in, RouteNode& out) {
    constexpr std::array<std::string_view, 2> kConditionNames = {"when", "then"};
    const DocumentValue* const conditions = in.require("conditions");
    if (conditions == nullptr) {
        return;
    }
    for (const DocumentValue& element : conditions->elements(kMaxConditionalTargets)) {
        const DocumentObject condition(element);
        condition.check_names(kConditionNames);
        const DocumentValue* const when = condition.require("when");
        const DocumentValue* const then = condition.require("then");
        if (when != nullptr && then != nullptr) {
            check_query(*when);
            out.conditions.push_back(
                {.query = compact_json(when->json()), .then = read_target_name(*then, out)});
        }
    }
    if (const DocumentValue* const otherwise = in.find("otherwise")) {
        out.otherwise = read_target_name(*otherwise, out);
    }
}

void read_group_settings(const DocumentObject& in, RouteNode& out) {
    for (const std::string_view name : {"provider", "model", "refuse"}) {
        if (in.find(name) != nullptr) {
            in.refuse_name(name, "belongs to a target, not to a group of them");
        }
    }
    if (in.find("strategy") == nullptr) {
        in.value().refuse("has \"targets\" but no \"strategy\"",
                          "single, fallback, loadbalance or conditional");
    }
    for (const GroupKey& key : kGroupKeys) {
        if (in.find(key.name) != nullptr && out.mode != key.mode) {
            in.refuse_name(key.name,
                           "belongs to the strategy " + std::string(route_mode_name(key.mode)));
        }
    }
    if (const DocumentValue* const statuses = in.find("on_status")) {
        out.on_status = read_statuses(*statuses);
    }
    read_sticky(in, out);
    if (out.mode == RouteMode::conditional) {
        read_conditions(in, out);
    }
}

RouteNode read_node(const DocumentValue& value, int depth);

void read_targets(const DocumentValue& value, int depth, RouteNode& out) {
    const std::size_t most = depth > 1                            ? kMaxNestedTargets
                             : out.mode == RouteMode::conditional ? kMaxConditionalTargets
                                                                  : kMaxRootTargets;
    const auto elements = value.elements(most);
    if (elements.empty()) {
        value.refuse("has no target");
    }
    for (const DocumentValue& element : elements) {
        out.targets.push_back(read_node(element, depth + 1));
    }
    const bool off = std::all_of(out.targets.begin(), out.targets.end(),
                                 [](const RouteNode& target) { return target.weight == 0; });
    if (out.mode == RouteMode::loadbalance && off) {
        value.refuse("have no weight above 0");
    }
}

RouteNode read_node(const DocumentValue& value, int depth) {
    RouteNode node;
    if (depth > kMaxRouteDepth) {
        value.refuse("is nested too deeply: there may be " + std::to_string(kMaxRouteDepth) +
                     " levels of nodes");
        return node;
    }
    const DocumentObject in(value);
    check_node_names(in);
    read_mode(in, node);
    if (const DocumentValue* const name = in.find("name")) {
        node.name = name->text();
    }
    read_weight(in, node);
    if (const DocumentValue* const targets = in.find("targets")) {
        read_targets(*targets, depth, node);
        read_group_settings(in, node);
    } else {
        read_leaf(in, node);
    }
    read_node_settings(in, node);
    return node;
}

}  // namespace

Result<RouteNode> parse_route(std::string_view json) {
    if (json.size() > kMaxRouteBytes) {
        return fail(Errc::invalid_file, "the document has " + std::to_string(json.size()) +
                                            " bytes; a route's may have " +
                                            std::to_string(kMaxRouteBytes));
    }
    if (const auto mistake = find_object_mistake(json)) {
        const TextPosition position = position_in(json, mistake->offset);
        return fail(Errc::invalid_file, "line " + std::to_string(position.line) + ", column " +
                                            std::to_string(position.column) + ": " + mistake->what);
    }
    Document document{json, {}};
    const DocumentValue root(document, trim(json), "");
    RouteNode node;
    if (is_dynamic_route(json)) {
        node = read_dynamic_route(root);
        if (print_route(node).size() > kMaxRouteBytes) {
            root.refuse("is too large when it is written out as a tree");
        }
    } else {
        node = read_node(root, 1);
    }
    if (document.error) {
        return tl::unexpected(*std::move(document.error));
    }
    return node;
}

}  // namespace llmgw
