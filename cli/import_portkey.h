// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// `llmgw import-portkey`: shows what of a Portkey set-up becomes what, and writes it.
struct ImportPortkeyOptions {
    std::vector<std::string> paths;  ///< files, folders, "-"
    bool apply = false;
    bool patch = false;  ///< prints a diff of the code instead of the plan
    bool prove = false;  ///< prints what the routes do beside what Portkey did
    std::string name;    ///< of the one route
    std::vector<std::pair<std::string, std::string>> map;  ///< providers by slug
    bool strict = false;
    std::string portkey;  ///< "oss" or "hosted"; empty: hosted
    bool accept_guardrail_loss = false;
};
/// 1 when a finding is an error, with `strict` also for warnings, or a proof fails.
[[nodiscard]] Result<int> run_import_portkey(const GlobalOptions& global,
                                             const ImportPortkeyOptions& options);

}  // namespace llmgw
