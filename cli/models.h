// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// `llmgw models`: the catalog, and the user's own names for models. Each function is one verb,
/// prints its result and returns the exit code; a failure is for the caller to print.

struct ModelsListOptions {
    std::vector<std::string> words;         ///< all of them must occur in the id or name
    std::string provider;                   ///< only this provider's
    std::vector<std::string> capabilities;  ///< a provider must have them all
    std::string output;                     ///< "text", "image", "embedding"…
    std::string sort = "name";              ///< name, price, context, released
    bool all = false;                       ///< also those no longer offered
    bool available = false;                 ///< only with a key for one of its providers
    bool aliases = false;                   ///< the user's aliases instead
};
[[nodiscard]] Result<int> run_models_list(const GlobalOptions& global,
                                          const ModelsListOptions& options);
[[nodiscard]] Result<int> run_models_aliases(const GlobalOptions& global);

struct ModelName {
    std::string name;
};
[[nodiscard]] Result<int> run_models_show(const GlobalOptions& global, const ModelName& options);

struct ModelsAliasOptions {
    std::string name;
    std::string target;
};
[[nodiscard]] Result<int> run_models_alias(const GlobalOptions& global,
                                           const ModelsAliasOptions& options);
[[nodiscard]] Result<int> run_models_unalias(const GlobalOptions& global, const ModelName& options);

/// The names --capability takes.
[[nodiscard]] std::vector<std::string> capability_names();

}  // namespace llmgw
