// SPDX-License-Identifier: Apache-2.0
#include "common/routes/dynamic_route.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "common/routes/condition.h"
#include "common/routes/dynamic_query.h"
#include "common/routes/node_reader.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxGraphNodes = 100;
constexpr std::size_t kMaxBranches = 20;
// What a graph's branches share is written out for each of them, which can double at every level.
constexpr std::size_t kMaxTreeNodes = 1000;

// What LLM Gateway takes for a failure of the provider, for which it asks the next.
constexpr std::array kFailures = {401, 402, 403, 404, 405, 408, 429, 500, 502, 503, 504, 529};

// Reads node after node along their references, from the entry.
class GraphReader {
  public:
    explicit GraphReader(const DocumentValue& graph) : graph_(graph) {}

    RouteNode read() {
        constexpr std::array<std::string_view, 2> kNames = {"entry", "nodes"};
        graph_.check_names(kNames);
        const DocumentValue* const entry = graph_.require("entry");
        const DocumentValue* const nodes = graph_.require("nodes");
        if (entry == nullptr || nodes == nullptr) {
            return {};
        }
        for (const DocumentValue& element : nodes->elements(kMaxGraphNodes)) {
            add(element);
        }
        RouteNode root = follow(*entry);
        for (const auto& [id, node] : nodes_) {
            if (!reached_.contains(id)) {
                node.value().refuse("cannot be reached from the entry");
            }
        }
        return root;
    }

  private:
    void add(const DocumentValue& element) {
        DocumentObject node(element);
        const DocumentValue* const id = node.require("id");
        if (id == nullptr) {
            return;
        }
        std::string name = id->text();
        const DocumentValue place = *id;
        if (!nodes_.emplace(std::move(name), std::move(node)).second) {
            place.refuse("is the id of another node already");
        }
    }

    // The tree that begins at the node which `reference` names.
    RouteNode follow(const DocumentValue& reference) {
        const std::string id = reference.text("the id of a node");
        const auto found = nodes_.find(id);
        if (found == nodes_.end()) {
            reference.refuse("is the id of no node");
            return {};
        }
        if (std::find(path_.begin(), path_.end(), id) != path_.end()) {
            reference.refuse("leads back to where the request came from: that would never end");
            return {};
        }
        if (path_.size() == kMaxRouteDepth) {
            reference.refuse("is too many steps from the entry: there may be " +
                             std::to_string(kMaxRouteDepth) + " nodes on a way");
            return {};
        }
        if (++tree_nodes_ > kMaxTreeNodes) {
            reference.refuse(
                "is on too many ways: written out as a tree, the graph has more than " +
                std::to_string(kMaxTreeNodes) + " nodes");
            return {};
        }
        reached_.insert(id);
        path_.push_back(id);
        RouteNode node = read_node(found->second);
        node.name = id;
        path_.pop_back();
        return node;
    }

    RouteNode read_node(const DocumentObject& in) {
        const DocumentValue* const type = in.require("type");
        const std::string word = type == nullptr ? "" : type->text();
        if (word == "conditional") {
            return read_conditional(in);
        }
        if (word == "percentage") {
            return read_percentage(in);
        }
        if (word == "model") {
            return read_model(in);
        }
        if (word == "end") {
            constexpr std::array<std::string_view, 2> kNames = {"id", "type"};
            in.check_names(kNames);
            RouteNode end;
            end.refuse = "the route ends here for this request, without a model";
            return end;
        }
        if (word == "classifier") {
            type->refuse(
                "is a kind of node that llmgw does not have: no model is asked which one "
                "to ask",
                "use a conditional on a header or a field of the body");
        } else if (type != nullptr) {
            type->refuse("must be conditional, percentage, model or end");
        }
        return {};
    }

    RouteNode read_conditional(const DocumentObject& in) {
        constexpr std::array<std::string_view, 4> kNames = {"id", "type", "conditions", "else"};
        constexpr std::array<std::string_view, 4> kConditionNames = {"field", "op", "value",
                                                                     "next"};
        in.check_names(kNames);
        RouteNode node;
        node.mode = RouteMode::conditional;
        const DocumentValue* const conditions = in.require("conditions");
        const DocumentValue* const otherwise = in.require("else");
        if (conditions == nullptr || otherwise == nullptr) {
            return node;
        }
        for (const DocumentValue& element : conditions->elements(kMaxBranches)) {
            const DocumentObject condition(element);
            condition.check_names(kConditionNames);
            const DocumentValue* const next = condition.require("next");
            if (next == nullptr) {
                continue;
            }
            std::string query = dynamic_query(condition);
            if (const auto checked = check_condition(query); !checked) {
                element.report(checked.error().message);
            }
            node.conditions.push_back({.query = std::move(query), .then = add_target(*next, node)});
        }
        node.otherwise = add_target(*otherwise, node);
        return node;
    }

    // Conditions may lead to the same target.
    std::string add_target(const DocumentValue& next, RouteNode& node) {
        std::string id = json_text(next.json()).value_or("");
        const bool known = std::any_of(node.targets.begin(), node.targets.end(),
                                       [&](const RouteNode& target) { return target.name == id; });
        if (!known) {
            node.targets.push_back(follow(next));
        }
        return id;
    }

    // A session keeps to its branch.
    RouteNode read_percentage(const DocumentObject& in) {
        constexpr std::array<std::string_view, 3> kNames = {"id", "type", "splits"};
        constexpr std::array<std::string_view, 2> kSplitNames = {"weight", "next"};
        in.check_names(kNames);
        RouteNode node;
        node.mode = RouteMode::loadbalance;
        node.sticky.emplace();
        const DocumentValue* const splits = in.require("splits");
        if (splits == nullptr) {
            return node;
        }
        const auto elements = splits->elements(kMaxBranches);
        if (elements.empty()) {
            splits->refuse("has no branch");
        }
        for (const DocumentValue& element : elements) {
            const DocumentObject split(element);
            split.check_names(kSplitNames);
            const DocumentValue* const weight = split.require("weight");
            const DocumentValue* const next = split.require("next");
            if (weight == nullptr || next == nullptr) {
                continue;
            }
            RouteNode& target = node.targets.emplace_back(follow(*next));
            const auto number = json_double(weight->json());
            if (weight->kind() != JsonKind::number || !number || *number <= 0) {
                weight->refuse("must be a number > 0");
            }
            target.weight = number.value_or(1);
        }
        return node;
    }

    // Providers that are listed are asked one after the other, and no others.
    RouteNode read_model(const DocumentObject& in) {
        constexpr std::array<std::string_view, 4> kNames = {"id", "type", "model", "providers"};
        in.check_names(kNames);
        RouteNode node;
        const DocumentValue* const model = in.require("model");
        node.model = model == nullptr ? "" : read_model_name(*model);
        const DocumentValue* const providers = in.find("providers");
        if (providers == nullptr) {
            return node;
        }
        RouteNode group;
        group.mode = RouteMode::fallback;
        group.on_status.emplace(kFailures.begin(), kFailures.end());
        for (const DocumentValue& provider : providers->elements(kMaxNestedTargets)) {
            node.provider = read_provider_name(provider);
            group.targets.push_back(node);
        }
        if (group.targets.empty()) {
            providers->refuse("has no provider");
        } else if (group.targets.size() == 1) {
            return node;
        } else if (path_.size() == kMaxRouteDepth) {
            providers->refuse("is too many steps from the entry to be a list");
        }
        return group;
    }

    DocumentObject graph_;
    std::map<std::string, DocumentObject, std::less<>> nodes_;  // by their ids
    std::set<std::string, std::less<>> reached_;
    std::vector<std::string> path_;  // the ids from the entry to the node that is read
    std::size_t tree_nodes_ = 0;
};

}  // namespace

RouteNode read_dynamic_route(const DocumentValue& graph) {
    return GraphReader(graph).read();
}

bool is_dynamic_route(std::string_view json) {
    const auto fields = scan_object(json);
    return fields && find_field(*fields, "strategy") == nullptr &&
           (find_field(*fields, "nodes") != nullptr || find_field(*fields, "entry") != nullptr);
}

}  // namespace llmgw
