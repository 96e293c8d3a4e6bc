// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "common/base/error.h"
#include "common/store/log_store.h"
#include "common/store/store.h"

namespace llmgw {

/// A provider key as the commands show it: one of the database, or one that only the environment
/// has.
struct ProviderRow {
    ProviderKey key;
    bool stored = true;
    std::vector<RestRow> rests = {};  ///< those that last, as a gateway saved them
};

/// Those of the database, oldest first, then those of the environment.
[[nodiscard]] Result<std::vector<ProviderRow>> provider_rows(Store& store);

/// The row of that label; Errc::not_found with the nearest labels.
[[nodiscard]] Result<ProviderRow> find_provider_row(Store& store, const std::string& label);

/// Ends the rests of a key, also in a running gateway.
[[nodiscard]] Result<void> renew_key(Store& store, ProviderRow& row);

/// Where the key comes from, and what of it may be shown: "env OPENAI_API_KEY sk-…abcd".
[[nodiscard]] std::string key_description(const ProviderKey& key);

/// "enabled", "disabled", or "environment" for one that is not stored; and what of it rests:
/// "rests for 4m (401: invalid key)", "enabled; gpt-5 rests for 10s (429)".
[[nodiscard]] std::string provider_state(const ProviderRow& row);

/// A row as a JSON document with a final newline.
[[nodiscard]] std::string provider_json_text(const ProviderRow& row);
[[nodiscard]] std::string provider_list_json_text(const std::vector<ProviderRow>& rows);

}  // namespace llmgw
