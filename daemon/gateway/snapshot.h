// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/secrets/vault.h"
#include "common/store/settings.h"
#include "common/store/store.h"
#include "daemon/gateway/auto_model.h"
#include "daemon/gateway/key_table.h"
#include "daemon/gateway/named_routes.h"
#include "daemon/gateway/provider_access.h"

namespace llmgw {

/// Everything a request needs to know of the set-up, read once and never changed: requests in
/// flight keep the one they began with. Any thread may read it.
struct Snapshot {
    std::vector<ProviderAccess> accesses;  ///< stored ones first, then those from variables
    KeyTable keys;
    std::unordered_map<std::string, std::string> aliases;
    NamedRoutes routes;
    Settings settings{};
    /// Store::data_version() from before it was read: what changed since then is not in it.
    std::int64_t data_version = 0;
    std::string today;  ///< "2026-11-23": models deactivated by then are not offered
    std::vector<AutoChoice> auto_choices;  ///< what `auto` may stand for
    std::string models_json;               ///< the answer to GET /v1/models

    [[nodiscard]] const ProviderAccess* find_access(std::string_view label) const;
};

/// Reads the database, the environment and the secrets' sources. A provider key whose secret cannot
/// be had is in the snapshot with its problem; a setting that is wrong fails the whole.
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> load_snapshot(Store& store,
                                                                    const Vault& vault);

}  // namespace llmgw
