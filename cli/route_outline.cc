// SPDX-License-Identifier: Apache-2.0
#include "cli/route_outline.h"

#include <algorithm>

#include "cli/output.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

std::string joined(const std::vector<int>& statuses) {
    std::string text;
    for (const int status : statuses) {
        text += (text.empty() ? "" : " ") + std::to_string(status);
    }
    return text;
}

std::string names_of(const RouteParameters& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters) {
        text += (text.empty() ? "" : " ") + name;
    }
    return text;
}

std::string who(const RouteNode& leaf) {
    if (!leaf.refuse.empty()) {
        return "refused: " + leaf.refuse;
    }
    const std::string model = leaf.model.empty() ? "the request's model" : leaf.model;
    return leaf.provider.empty() ? model : model + " at " + leaf.provider;
}

std::string sticky_text(const RouteSticky& sticky) {
    std::string fields;
    for (const std::string& field : sticky.fields) {
        fields += (fields.empty() ? "" : " ") + field;
    }
    return ", sticky by " + (fields.empty() ? "session" : fields) + " for " +
           format_duration_ms(sticky.ttl_ms);
}

std::string what(const RouteNode& node) {
    if (node.targets.empty()) {
        return who(node);
    }
    switch (node.mode) {
        case RouteMode::single:
            return "single: the first target";
        case RouteMode::fallback:
            if (!node.on_status) {
                return "fallback: one after the other until one succeeds";
            }
            return node.on_status->empty() ? "fallback: the first target, whatever it answers"
                                           : "fallback: the next one on " + joined(*node.on_status);
        case RouteMode::loadbalance:
            return "loadbalance: one by weight" +
                   (node.sticky ? sticky_text(*node.sticky) : std::string());
        case RouteMode::conditional:
            return "conditional: the first condition that matches";
    }
    return "";
}

// What a node sets for itself and all below it.
std::string settings_text(const RouteNode& node) {
    std::string text;
    const auto add = [&](const std::string& part) { text += ", " + part; };
    if (!node.set.empty()) {
        add("set " + names_of(node.set));
    }
    if (!node.defaults.empty()) {
        add("default " + names_of(node.defaults));
    }
    for (const std::string& path : node.drop) {
        add("drop " + path);
    }
    if (node.retry) {
        add(node.retry->attempts == 0 ? "no retry"
                                      : std::to_string(node.retry->attempts) +
                                            (node.retry->attempts == 1 ? " retry" : " retries") +
                                            " on " + joined(node.retry->statuses));
    }
    if (node.timeout_ms) {
        add(*node.timeout_ms == 0 ? "no timeout"
                                  : "timeout " + format_duration_ms(*node.timeout_ms));
    }
    if (node.cache) {
        add(!node.cache->enabled ? "no cache"
            : node.cache->ttl_ms ? "cache for " + format_duration_ms(*node.cache->ttl_ms)
                                 : "cache");
    }
    for (const auto& [name, value] : node.headers) {
        add("header " + name);
    }
    if (node.forward_headers && node.forward_headers->empty()) {
        add("forward no headers");
    }
    for (const std::string& name : node.forward_headers.value_or(std::vector<std::string>())) {
        add("forward " + name);
    }
    return text;
}

double total_weight(const RouteNode& node) {
    double total = 0;
    for (const RouteNode& target : node.targets) {
        total += target.weight;
    }
    return total;
}

void add_node(std::string& out, const RouteNode& node, const std::string& label,
              const std::string& indent);

void add_targets(std::string& out, const RouteNode& node, const std::string& indent) {
    std::vector<std::string> lines;
    for (const RouteCondition& condition : node.conditions) {
        lines.push_back("if " + condition.query + " → " + condition.then);
    }
    if (node.mode == RouteMode::conditional) {
        lines.push_back("otherwise → " +
                        (node.otherwise.empty() ? "refused with a 400" : node.otherwise));
    }
    for (const std::string& line : lines) {
        out += indent + "├─ " + printable(line) + "\n";
    }
    const double total = total_weight(node);
    for (std::size_t i = 0; i < node.targets.size(); i++) {
        const RouteNode& target = node.targets[i];
        const bool last = i + 1 == node.targets.size();
        std::string label = node.mode == RouteMode::loadbalance && total > 0
                                ? show_percent(target.weight / total) + " "
                                : "";
        label += target.name.empty() ? "" : target.name + ": ";
        out += indent + (last ? "└─ " : "├─ ");
        add_node(out, target, label, indent + (last ? "   " : "│  "));
    }
}

void add_node(std::string& out, const RouteNode& node, const std::string& label,
              const std::string& indent) {
    out += printable(label + what(node) + settings_text(node)) + "\n";
    add_targets(out, node, indent);
}

}  // namespace

std::string route_outline(const RouteNode& root) {
    std::string out;
    add_node(out, root, root.name.empty() ? "" : root.name + ": ", "");
    return out;
}

std::string route_summary(const RouteNode& root) {
    const std::string text = what(root);
    return printable(root.targets.empty() ? text : text.substr(0, text.find(':')));
}

std::size_t count_leaves(const RouteNode& root) {
    if (root.targets.empty()) {
        return 1;
    }
    std::size_t count = 0;
    for (const RouteNode& target : root.targets) {
        count += count_leaves(target);
    }
    return count;
}

}  // namespace llmgw
