// SPDX-License-Identifier: Apache-2.0
#include "common/routes/route_tree.h"

#include <algorithm>

#include "common/base/json_scan.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// A name that is there already gets the other value in its place.
template <typename Pairs, typename Same>
void merge(Pairs& into, const Pairs& from, const Same& same) {
    for (const auto& [name, value] : from) {
        const auto known = std::find_if(into.begin(), into.end(),
                                        [&](const auto& one) { return same(one.first, name); });
        if (known == into.end()) {
            into.emplace_back(name, value);
        } else {
            known->second = value;
        }
    }
}

// Takes the model out of parameters.
Result<std::string> take_model(RouteParameters& parameters) {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [](const auto& one) { return one.first == "model"; });
    if (found == parameters.end()) {
        return std::string();
    }
    auto model = json_text(found->second);
    if (!model || model->empty()) {
        return fail(Errc::invalid_file, "a model is set that is no text");
    }
    parameters.erase(found);
    return std::move(*model);
}

// What holds below a node, given what holds for it.
Result<RouteLeaf> inherit(const RouteLeaf& above, const RouteNode& node) {
    RouteLeaf leaf = above;
    leaf.provider = node.provider;
    leaf.refuse = node.refuse;
    merge(leaf.set, node.set, std::equal_to<>());
    merge(leaf.defaults, node.defaults, std::equal_to<>());
    merge(leaf.headers, node.headers, equals_ignoring_case);
    if (!node.drop.empty()) {
        leaf.drop.clear();
        for (const std::string& text : node.drop) {
            auto path = parse_drop_path(text);
            if (!path) {
                return tl::unexpected(std::move(path.error()));
            }
            leaf.drop.push_back(std::move(*path));
        }
    }
    leaf.retry = node.retry.value_or(leaf.retry);
    leaf.timeout_ms = node.timeout_ms.value_or(leaf.timeout_ms);
    leaf.cache = node.cache ? node.cache : leaf.cache;
    leaf.forward_headers = node.forward_headers.value_or(leaf.forward_headers);
    return leaf;
}

// The model that is fixed for a target: its own, else the nearest that is set.
Result<void> settle_model(RouteLeaf& leaf, const RouteNode& node) {
    auto set = take_model(leaf.set);
    auto usual = set ? take_model(leaf.defaults) : set;
    if (!usual) {
        return tl::unexpected(std::move(usual.error()));
    }
    leaf.model = node.model.empty() ? std::move(*set) : node.model;
    leaf.default_model = std::move(*usual);
    return {};
}

Result<void> compile_step(RouteStep& step, const RouteNode& node, const RouteLeaf& above) {
    step.mode = node.mode;
    step.name = node.name;
    step.weight = node.weight;
    step.on_status = node.on_status;
    step.otherwise = node.otherwise;
    step.sticky = node.sticky;
    for (const RouteCondition& condition : node.conditions) {
        auto compiled = Condition::compile(condition.query);
        if (!compiled) {
            return tl::unexpected(std::move(compiled.error()));
        }
        step.branches.push_back({std::move(*compiled), condition.then});
    }
    auto leaf = inherit(above, node);
    if (!leaf) {
        return tl::unexpected(std::move(leaf.error()));
    }
    step.leaf = std::move(*leaf);
    if (node.targets.empty()) {
        return settle_model(step.leaf, node);
    }
    step.targets.resize(node.targets.size());
    const std::string prefix = step.path.empty() ? "targets[" : step.path + ".targets[";
    for (std::size_t i = 0; i < node.targets.size(); i++) {
        step.targets[i].path = prefix + std::to_string(i) + "]";
        if (auto done = compile_step(step.targets[i], node.targets[i], step.leaf); !done) {
            return done;
        }
    }
    step.leaf = RouteLeaf();
    return {};
}

}  // namespace

Result<RouteTree> compile_route(const RouteNode& root) {
    auto tree = std::make_shared<RouteStep>();
    if (auto done = compile_step(*tree, root, RouteLeaf()); !done) {
        return tl::unexpected(std::move(done.error()));
    }
    return RouteTree(std::move(tree));
}

}  // namespace llmgw
