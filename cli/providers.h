// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/globals.h"
#include "cli/secret_input.h"
#include "common/base/error.h"

namespace llmgw {

/// `llmgw providers`: provider keys, and the addresses they belong to. Each function is one verb,
/// prints its result and returns the exit code; a failure is for the caller to print.

struct ProvidersAddOptions {
    std::string provider;  ///< a catalog id, "custom", or a local server such as "ollama"
    std::string name;      ///< the label; empty: the provider's id
    std::string base_url;
    std::int64_t weight = 1;
    std::string region;
    std::vector<std::pair<std::string, std::string>> options;
    KeyFlags key;
};
[[nodiscard]] Result<int> run_providers_add(const GlobalOptions& global,
                                            const ProvidersAddOptions& options);

[[nodiscard]] Result<int> run_providers_list(const GlobalOptions& global);

struct ProviderLabel {
    std::string label;
    bool yes = false;  ///< remove only
};
[[nodiscard]] Result<int> run_providers_show(const GlobalOptions& global,
                                             const ProviderLabel& options);
/// Without a label: every provider that is enabled, also those with a key in the environment.
[[nodiscard]] Result<int> run_providers_test(const GlobalOptions& global,
                                             const ProviderLabel& options);
[[nodiscard]] Result<int> run_providers_enable(const GlobalOptions& global,
                                               const ProviderLabel& options);
[[nodiscard]] Result<int> run_providers_disable(const GlobalOptions& global,
                                                const ProviderLabel& options);
[[nodiscard]] Result<int> run_providers_remove(const GlobalOptions& global,
                                               const ProviderLabel& options);

struct ProvidersCatalogOptions {
    std::vector<std::string> words;  ///< all of them must occur in the id or name
};
[[nodiscard]] Result<int> run_providers_catalog(const GlobalOptions& global,
                                                const ProvidersCatalogOptions& options);

}  // namespace llmgw
