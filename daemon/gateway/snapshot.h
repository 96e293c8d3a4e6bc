// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/url.h"
#include "common/catalog/catalog.h"
#include "common/secrets/vault.h"
#include "common/store/settings.h"
#include "common/store/store.h"

namespace llmgw {

/// A provider key ready for use: its address and its secret, which belongs to that address.
struct ProviderAccess {
    std::string label;
    const Provider* provider = nullptr;  ///< nullptr: a custom server outside the catalog
    std::string name;                    ///< what answers call it: the catalog's id, or the label
    BaseUrl url;
    std::string secret;  ///< empty: none is sent
    std::string region;  ///< empty: the provider's default
    std::vector<std::pair<std::string, std::string>> options;
    bool enabled = true;
    std::optional<Error> problem;   ///< why it cannot be used: no secret, a bad URL
    bool from_environment = false;  ///< not stored: found in the provider's usual variable

    /// Not all of the catalog's formats can be sent to.
    [[nodiscard]] bool usable() const {
        return enabled && !problem && (provider == nullptr || catalog::can_send(provider->wire));
    }
};

/// A gateway key as requests are checked against it.
struct GatewayKeyInfo {
    std::string id;
    std::string name;
    std::optional<std::int64_t> expires_at;  ///< Unix milliseconds
};

struct DigestHash {
    std::size_t operator()(const Vault::Digest& digest) const {
        std::size_t hash = 0;
        std::memcpy(&hash, digest.data(), sizeof hash);
        return hash;
    }
};

/// Everything a request needs to know of the set-up, read once and never changed: requests in
/// flight keep the one they began with. Any thread may read it.
struct Snapshot {
    std::vector<ProviderAccess> accesses;  ///< stored ones first, then those from variables
    std::unordered_map<Vault::Digest, GatewayKeyInfo, DigestHash> keys;
    std::unordered_map<std::string, std::string> aliases;
    Settings settings{};
    std::string today;        ///< "2026-11-23": models deactivated by then are not offered
    std::string models_json;  ///< the answer to GET /v1/models

    [[nodiscard]] const ProviderAccess* find_access(std::string_view label) const;
};

/// Reads the database, the environment and the secrets' sources. A provider key whose secret cannot
/// be had is in the snapshot with its problem; a setting that is wrong fails the whole.
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> load_snapshot(Store& store,
                                                                    const Vault& vault);

/// A provider key's secret from wherever it comes; empty for a key without one.
[[nodiscard]] Result<std::string> read_secret(const ProviderKey& key, const Vault& vault);

}  // namespace llmgw
