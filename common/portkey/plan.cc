// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/portkey/plan_keys.h"
#include "common/portkey/plan_routes.h"

namespace llmgw {
namespace {

auto order_of(const Finding& finding) {
    return std::make_tuple(-static_cast<int>(finding.severity), std::string_view(finding.file),
                           finding.line, std::string_view(finding.pointer),
                           std::string_view(finding.code), std::string_view(finding.portkey),
                           std::string_view(finding.llmgw), std::string_view(finding.action));
}

void sort_findings(std::vector<Finding>& findings) {
    std::sort(findings.begin(), findings.end(),
              [](const Finding& a, const Finding& b) { return order_of(a) < order_of(b); });
    const auto end =
        std::unique(findings.begin(), findings.end(),
                    [](const Finding& a, const Finding& b) { return order_of(a) == order_of(b); });
    findings.erase(end, findings.end());
}

template <typename T>
bool keep(Result<T> read, T& target, Error& error) {
    if (!read) {
        error = std::move(read.error());
        return false;
    }
    target = *std::move(read);
    return true;
}

}  // namespace

const char* plan_step_name(PlanStep step) {
    switch (step) {
        case PlanStep::add:
            return "add";
        case PlanStep::update:
            return "update";
        case PlanStep::unchanged:
            return "unchanged";
        case PlanStep::kept:
            return "kept";
        case PlanStep::needed:
            return "needs_key";
    }
    LLMGW_ASSERT(false);
}

Result<ImportTarget> read_import_target(Store& store) {
    ImportTarget target;
    Error error;
    const bool read = keep(store.data_version(), target.data_version, error) &&
                      keep(store.provider_keys(), target.provider_keys, error) &&
                      keep(store.routes(), target.routes, error) &&
                      keep(store.aliases(), target.aliases, error) &&
                      keep(store.gateway_keys(), target.gateway_keys, error);
    return read ? Result<ImportTarget>(std::move(target)) : tl::unexpected(std::move(error));
}

Result<ImportPlan> plan_import(const PortkeyExports& exports, const ImportTarget& target,
                               const ImportOptions& options) {
    if (!options.name.empty() && exports.configs.size() > 1) {
        return fail(
            Errc::usage,
            "--name is for one config, and there are " + std::to_string(exports.configs.size()),
            "leave it out, or name one file");
    }
    ImportPlan plan;
    plan.findings = exports.findings;
    KeyPlanner keys(target, plan.findings);
    for (const auto& key : exports.keys) {
        const auto mapped = options.reading.providers.find(key.slug);
        keys.add_exported(key, mapped == options.reading.providers.end() ? "" : mapped->second);
    }
    PortkeyReading reading = options.reading;
    reading.providers.merge(keys.known_providers());
    const auto drafts = draft_routes(exports.configs, reading, keys, plan.findings);
    plan.providers = keys.plan();
    plan_routes(drafts, keys, target, options.name, plan);
    plan_aliases(target, plan);
    plan_client_keys(exports, target, plan);
    sort_findings(plan.findings);
    return plan;
}

std::size_t count_errors(const ImportPlan& plan, bool strict) {
    const auto count =
        std::count_if(plan.findings.begin(), plan.findings.end(), [&](const Finding& finding) {
            return finding.severity == Severity::error ||
                   (strict && finding.severity == Severity::warning);
        });
    return static_cast<std::size_t>(count);
}

}  // namespace llmgw
