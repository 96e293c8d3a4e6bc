// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/config.h"
#include "common/portkey/exports.h"
#include "common/portkey/finding.h"
#include "common/store/store.h"

namespace llmgw {

/// What the import does about one thing.
enum class PlanStep {
    add,        // writes it
    update,     // writes it over what an import wrote before
    unchanged,  // it is there already
    kept,       // something else is there, which is not touched: a finding says so
    needed,     // cannot write it, because a secret is missing
};
[[nodiscard]] const char* plan_step_name(PlanStep step);

struct PlannedProvider {
    PlanStep step = PlanStep::add;
    ExportPlace place;
    std::string slug;     ///< Portkey's; empty: the key was in a config
    ProviderKey key;      ///< unsealed, with source and fingerprint
    std::string secret;   ///< to be sealed; never shown
    std::string command;  ///< that adds it by hand; for PlanStep::needed
};

struct PlannedRoute {
    PlanStep step = PlanStep::add;
    ExportPlace place;
    std::string slug;
    std::string name;
    std::string document;  ///< as StoredRoute::document
    std::string source;    ///< as StoredRoute::source: by it a later import finds the route again
    std::vector<std::string> labels;  ///< of the provider keys that it asks
};

struct PlannedAlias {
    PlanStep step = PlanStep::add;
    ModelAlias alias;
};

/// A gateway key in place of one of Portkey's API keys.
struct PlannedClientKey {
    PlanStep step = PlanStep::add;
    ExportPlace place;
    std::string id;  ///< made from Portkey's, so that a later import finds the key again
    std::string name;
    std::string route;  ///< empty: none
    std::optional<std::int64_t> expires_at;
};

/// What an import would do. Secrets are in PlannedProvider::secret and nowhere else.
struct ImportPlan {
    std::vector<PlannedProvider> providers;
    std::vector<PlannedRoute> routes;
    std::vector<PlannedAlias> aliases;
    std::vector<PlannedClientKey> client_keys;
    std::vector<Finding> findings;  ///< errors first, then by file and line
};

/// The set-up that is there.
struct ImportTarget {
    std::vector<ProviderKey> provider_keys;
    std::vector<StoredRoute> routes;
    std::vector<ModelAlias> aliases;
    std::vector<GatewayKey> gateway_keys;
    std::int64_t data_version = 0;  ///< from before it was read
    std::int64_t now = 0;
    std::function<bool(const std::string& name)> has_variable;
    /// Completes a key's base URL and options; an error says what is missing.
    std::function<Result<void>(ProviderKey& key)> complete_address;
};

struct ImportOptions {
    PortkeyReading reading;
    std::string name;  ///< of the route, if there is one; empty: the config's own
};

/// Reads what the plan is made for out of a database. The functions are left to the caller.
[[nodiscard]] Result<ImportTarget> read_import_target(Store& store);

/// Pure: the same input gives the same plan. Fails with Errc::usage when `name` is for more than
/// one config.
[[nodiscard]] Result<ImportPlan> plan_import(const PortkeyExports& exports,
                                             const ImportTarget& target,
                                             const ImportOptions& options);

/// The errors of a plan; with `strict` its warnings, too.
[[nodiscard]] std::size_t count_errors(const ImportPlan& plan, bool strict);

}  // namespace llmgw
