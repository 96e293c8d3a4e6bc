// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"
#include "common/store/store.h"

namespace llmgw {

/// `llmgw routes`: named routes, and whom requests go to, and why. Each function is one verb,
/// prints its result and returns the exit code; a failure is for the caller to print. None needs a
/// daemon.

[[nodiscard]] Result<int> run_routes_list(const GlobalOptions& global);

struct RouteName {
    std::string name;
    bool yes = false;  ///< remove only
};
[[nodiscard]] Result<int> run_routes_show(const GlobalOptions& global, const RouteName& options);
[[nodiscard]] Result<int> run_routes_remove(const GlobalOptions& global, const RouteName& options);

struct RouteFile {
    std::string name;  ///< set only
    std::string file;  ///< "-": stdin
};
[[nodiscard]] Result<int> run_routes_set(const GlobalOptions& global, const RouteFile& options);
/// The same checks; nothing is stored.
[[nodiscard]] Result<int> run_routes_validate(const GlobalOptions& global,
                                              const RouteFile& options);

/// Fails with Errc::not_found and the nearest names when there is no such route.
[[nodiscard]] Result<StoredRoute> find_route(Store& store, const std::string& name);

struct RoutesExplainOptions {
    std::string model;         ///< empty: the request's
    std::string request_file;  ///< "-": stdin; empty: none
    std::string metadata;      ///< a JSON object; empty: none
};
[[nodiscard]] Result<int> run_routes_explain(const GlobalOptions& global,
                                             const RoutesExplainOptions& options);

struct RoutesSimulateOptions {
    std::string since = "7d";  ///< a duration
    std::string model;         ///< a pattern; empty: all
    std::vector<std::pair<std::string, std::string>> settings;
    std::int64_t limit = 100'000;
};
[[nodiscard]] Result<int> run_routes_simulate(const GlobalOptions& global,
                                              const RoutesSimulateOptions& options);

}  // namespace llmgw
