// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/plan_routes.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/plan_names.h"
#include "common/secrets/sha256.h"

namespace llmgw {
namespace {

Finding finding_at(const ExportPlace& place, Severity severity, const char* code) {
    Finding finding;
    finding.severity = severity;
    finding.code = code;
    finding.file = place.file;
    finding.line = place.line;
    finding.pointer = place.pointer;
    return finding;
}

/// A config's findings know their place in the config; this is where the config is.
void move_findings(std::vector<Finding>& from, const ExportPlace& place, std::vector<Finding>& to) {
    for (auto& finding : from) {
        finding.file = place.file;
        finding.line = finding.line == 0 ? place.line : finding.line;
        finding.pointer = place.pointer + finding.pointer;
        to.push_back(std::move(finding));
    }
}

/// What a key has that llmgw keeps with routes: headers, and names of deployments.
void add_from_key(RouteNode& leaf, const KeyDraft& draft) {
    for (const auto& header : draft.key.headers) {
        const bool known = std::any_of(leaf.headers.begin(), leaf.headers.end(), [&](auto& own) {
            return equals_ignoring_case(own.first, header.first);
        });
        if (!known) {
            leaf.headers.push_back(header);
        }
    }
    for (const auto& [alias, deployment] : draft.deployments) {
        if (draft.deployments.size() > 1 && leaf.model == alias) {
            leaf.model = deployment;
            return;
        }
    }
}

/// Puts the keys' labels into a tree, and into `labels` in their order.
void relabel(RouteNode& node, const RouteDraft& route, const KeyPlanner& keys,
             std::vector<std::string>& labels) {
    for (auto& target : node.targets) {
        relabel(target, route, keys, labels);
    }
    const auto key = node.provider.starts_with("@") ? route.keys.find(node.provider.substr(1))
                                                    : route.keys.end();
    if (key == route.keys.end()) {
        return;
    }
    const KeyDraft& draft = keys.draft(key->second);
    node.provider = "@" + draft.label;
    add_from_key(node, draft);
    if (std::find(labels.begin(), labels.end(), draft.label) == labels.end()) {
        labels.push_back(draft.label);
    }
}

/// What a route was imported from; by it the next import finds the route again.
std::string source_of(const ExportedConfig& config, const std::string& name) {
    return "import:" + (config.slug.empty() ? name : config.slug);
}

/// Finds names for routes, which stay the same from one import to the next.
class RouteNamer {
  public:
    RouteNamer(const ImportTarget& target, const ImportPlan& plan) : target_(target), plan_(plan) {}

    std::string name(const ExportedConfig& config, const std::string& wanted) const {
        if (const std::string known = imported_before(config); !known.empty()) {
            return known;
        }
        if (is_free(wanted, config)) {
            return wanted;
        }
        const std::string tail(slug_tail(config.slug));
        if (const std::string with = plan_name_with(wanted, tail);
            !tail.empty() && is_free(with, config)) {
            return with;
        }
        for (int number = 2;; number++) {
            if (const std::string with = plan_name_with(wanted, std::to_string(number));
                is_free(with, config)) {
                return with;
            }
        }
    }

  private:
    [[nodiscard]] std::string imported_before(const ExportedConfig& config) const {
        if (config.slug.empty()) {
            return {};
        }
        for (const auto& route : target_.routes) {
            if (route.source == source_of(config, "") && !is_planned(route.name)) {
                return route.name;
            }
        }
        // An edited one has another source, but still the alias.
        for (const auto& alias : target_.aliases) {
            const bool is_route = alias.target.starts_with("route/");
            const std::string name = is_route ? alias.target.substr(6) : "";
            if (alias.name == portkey_label(config.slug) && stored(name) != nullptr &&
                !is_planned(name)) {
                return name;
            }
        }
        return {};
    }

    [[nodiscard]] bool is_planned(const std::string& name) const {
        return std::any_of(plan_.routes.begin(), plan_.routes.end(),
                           [&](const PlannedRoute& route) { return route.name == name; });
    }

    [[nodiscard]] const StoredRoute* stored(const std::string& name) const {
        for (const auto& route : target_.routes) {
            if (route.name == name) {
                return &route;
            }
        }
        return nullptr;
    }

    [[nodiscard]] bool is_free(const std::string& name, const ExportedConfig& config) const {
        const auto* const route = stored(name);
        // Without a slug, the name is all that a config has: its route is found again by that.
        const bool own =
            route == nullptr || config.slug.empty() || route->source == source_of(config, name);
        return own && !is_planned(name);
    }

    const ImportTarget& target_;
    const ImportPlan& plan_;
};

/// What is to be done about a route that is there.
PlanStep step_for(const StoredRoute& stored, const PlannedRoute& planned) {
    if (stored.document == planned.document) {
        return PlanStep::unchanged;
    }
    const bool edited = sha256_hex(stored.document) != stored.import_hash;
    return edited ? PlanStep::kept : PlanStep::update;
}

}  // namespace

std::vector<RouteDraft> draft_routes(const std::vector<ExportedConfig>& configs,
                                     const PortkeyReading& reading, KeyPlanner& keys,
                                     std::vector<Finding>& findings) {
    std::vector<RouteDraft> drafts;
    for (const auto& config : configs) {
        auto converted = convert_portkey_config(*config.body, reading);
        if (!converted) {
            Finding finding = finding_at(config.place, Severity::error, "X-CONFIG");
            finding.portkey = "would not take this as a config";
            finding.llmgw = "does not, either: " + converted.error().message;
            finding.action = converted.error().hint;
            findings.push_back(std::move(finding));
            continue;
        }
        move_findings(converted->findings, config.place, findings);
        if (!converted->usable) {
            continue;
        }
        RouteDraft draft;
        draft.config = &config;
        draft.root = std::move(converted->route);
        for (const auto& key : converted->keys) {
            draft.keys[key.label] = keys.add_named(key, config.place);
        }
        drafts.push_back(std::move(draft));
    }
    return drafts;
}

void plan_routes(const std::vector<RouteDraft>& drafts, const KeyPlanner& keys,
                 const ImportTarget& target, const std::string& name, ImportPlan& plan) {
    for (const auto& draft : drafts) {
        const ExportedConfig& config = *draft.config;
        PlannedRoute planned;
        planned.place = config.place;
        planned.slug = config.slug;
        RouteNode root = draft.root;
        relabel(root, draft, keys, planned.labels);
        planned.document = print_route(root);
        if (const auto checked = parse_route(planned.document); !checked) {
            Finding finding = finding_at(config.place, Severity::error, "R-LIMIT");
            finding.portkey = "took this config";
            finding.llmgw = "does not take it as a route: " + checked.error().message;
            finding.action = "divide the config into several";
            plan.findings.push_back(std::move(finding));
            continue;
        }
        const std::string wanted = plan_name(
            !name.empty() ? name : (config.name.empty() ? config.slug : config.name), "config");
        planned.name = RouteNamer(target, plan).name(config, wanted);
        planned.source = source_of(config, planned.name);
        for (const auto& stored : target.routes) {
            if (stored.name == planned.name) {
                planned.step = step_for(stored, planned);
            }
        }
        if (planned.step == PlanStep::kept) {
            Finding finding = finding_at(config.place, Severity::warning, "R-EDITED");
            finding.portkey = "has a config that would become another route/" + planned.name;
            finding.llmgw = "keeps the one that is there, which a person has written or edited";
            finding.action =
                "llmgw routes remove " + planned.name + ", then import again; or give a --name";
            plan.findings.push_back(std::move(finding));
        }
        plan.routes.push_back(std::move(planned));
    }
}

void plan_aliases(const ImportTarget& target, ImportPlan& plan) {
    for (const auto& route : plan.routes) {
        if (route.slug.empty()) {
            continue;
        }
        PlannedAlias planned;
        planned.alias = {.name = portkey_label(route.slug), .target = "route/" + route.name};
        for (const auto& stored : target.aliases) {
            if (stored.name != planned.alias.name) {
                continue;
            }
            planned.step =
                stored.target == planned.alias.target ? PlanStep::unchanged : PlanStep::kept;
            if (planned.step == PlanStep::kept) {
                Finding finding = finding_at(route.place, Severity::warning, "R-ALIAS");
                finding.portkey = "calls this config " + planned.alias.name;
                finding.llmgw = "keeps that alias for " + printable(stored.target);
                finding.action =
                    "llmgw models alias " + planned.alias.name + " " + planned.alias.target;
                plan.findings.push_back(std::move(finding));
            }
        }
        plan.aliases.push_back(std::move(planned));
    }
}

}  // namespace llmgw
