// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/plan.h"
#include "common/store/store.h"

namespace llmgw {

/// A gateway key that an import made. Its secret is shown once and kept nowhere.
struct MadeKey {
    std::string id;
    std::string name;
    std::string secret;
};

/// Whether a plan changes anything.
[[nodiscard]] bool has_changes(const ImportPlan& plan);

/// Writes all that a plan adds and updates, in one transaction. Secrets are sealed with the master
/// key of that path, which is made when there is none.
[[nodiscard]] Result<std::vector<MadeKey>> apply_import(const ImportPlan& plan,
                                                        const ImportTarget& target, Store& store,
                                                        const std::string& master_key);

}  // namespace llmgw
