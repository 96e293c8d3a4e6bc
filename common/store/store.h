// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/money.h"
#include "common/secrets/vault.h"

namespace llmgw {

/// Where a provider key's secret comes from.
enum class SecretSource {
    none,     // the provider needs no key (Ollama, llama.cpp)
    stored,   // sealed in the database
    env,      // a variable, read when the gateway starts and at each reload
    file,     // a file, read likewise
    command,  // a command's first line of output, run without a shell
};

/// One way to reach one provider: an address and the secret that belongs to it.
struct ProviderKey {
    std::string label;     ///< unique name; a first key is labelled like its provider
    std::string provider;  ///< id in the catalog, or "custom"
    std::string base_url;  ///< scheme, host, port and version path; the secret is bound to it
    SecretSource source = SecretSource::none;
    std::string source_ref;   ///< the variable, file or command; empty for none and stored
    std::string sealed;       ///< Vault::seal() of a stored secret
    std::string fingerprint;  ///< mask_secret() of a stored secret, for people
    std::int64_t weight = 1;
    std::string region;
    std::vector<std::pair<std::string, std::string>> options;
    bool enabled = true;
    std::int64_t created_at = 0;  ///< Unix milliseconds, as all times here
};

/// When a provider key was last mended or replaced, as far as its user has told.
struct ProviderRenewal {
    std::string label;
    std::int64_t renewed_at = 0;
};

/// What Vault::seal() binds a provider key's secret to: its label, provider and base URL.
[[nodiscard]] std::string secret_context(const ProviderKey& key);

/// A key that clients of the gateway send. The key itself is never stored.
struct GatewayKey {
    std::string id;           ///< short and public: "k_…"
    std::string name;         ///< unique among keys that are not revoked
    Vault::Digest digest{};   ///< Vault::digest() of the secret
    std::string fingerprint;  ///< mask_secret() of the secret
    std::int64_t created_at = 0;
    std::optional<std::int64_t> expires_at;
    std::optional<std::int64_t> revoked_at;
    std::string route;  ///< the name of the route that its requests take; empty: none
};

/// As much of a gateway key as a request is checked against.
struct ValidGatewayKey {
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

    Vault::Digest digest{};
    std::int64_t expires_at = kNever;
    std::uint32_t route = 0;  ///< counted from 1 in ValidGatewayKeys::routes; 0: none
};

/// Those names are few, and the keys may be many: each name is there once.
struct ValidGatewayKeys {
    std::vector<ValidGatewayKey> keys;
    std::vector<std::string> routes;
};

/// A route as it is kept. Its document is one that parse_route() has read.
struct StoredRoute {
    std::string name;
    std::string document;
    std::int64_t created_at = 0;
    std::int64_t updated_at = 0;
    std::string source = "hand";  ///< or "import:…": what wrote it last
    /// Of the document that an import wrote last; another document's differs: somebody has edited
    /// it since. Empty: no import has.
    std::string import_hash;
};

/// A model name of the user's own.
struct ModelAlias {
    std::string name;
    std::string target;  ///< any model id the gateway understands
};

/// Several changes that are made together or not at all.
struct SetupChanges {
    std::vector<ProviderKey> provider_keys;  ///< new ones
    std::vector<StoredRoute> routes;         ///< added or replaced
    std::vector<ModelAlias> aliases;         ///< likewise
    std::vector<GatewayKey> gateway_keys;    ///< new ones

    [[nodiscard]] bool empty() const {
        return provider_keys.empty() && routes.empty() && aliases.empty() && gateway_keys.empty();
    }
};

/// llmgw.db: settings, provider keys, gateway keys, routes, aliases. One Store is one connection,
/// used by one thread at a time. SQLite in WAL mode, so readers and a writer in other processes do
/// not block each other; a lock is waited for at most five seconds.
class Store {
  public:
    /// Opens the database, creating it (0600) and bringing it to the newest schema. Fails with
    /// Errc::invalid_file for a newer schema, a damaged file, or one others may read.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& path);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

    /// Changes whenever any connection, also another process's, has committed. Costs microseconds.
    /// Comparable only with earlier values of the same Store.
    [[nodiscard]] Result<std::int64_t> data_version();

    [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> settings();
    [[nodiscard]] Result<std::optional<std::string>> setting(std::string_view name);
    [[nodiscard]] Result<void> set_setting(std::string_view name, std::string_view value);
    /// Whether there was one to remove.
    [[nodiscard]] Result<bool> unset_setting(std::string_view name);

    [[nodiscard]] Result<std::vector<ProviderKey>> provider_keys();  ///< oldest first
    [[nodiscard]] Result<std::optional<ProviderKey>> provider_key(std::string_view label);
    /// Fails with Errc::conflict when the label is taken.
    [[nodiscard]] Result<void> add_provider_key(const ProviderKey& key);
    [[nodiscard]] Result<bool> set_provider_enabled(std::string_view label, bool enabled);
    [[nodiscard]] Result<bool> remove_provider_key(std::string_view label);
    /// Has a key count as another one from now on: what it had to rest for is over. The label may
    /// be that of a key which is not stored.
    [[nodiscard]] Result<void> renew_provider_key(std::string_view label, std::int64_t now);
    [[nodiscard]] Result<std::vector<ProviderRenewal>> provider_renewals();

    [[nodiscard]] Result<std::vector<GatewayKey>> gateway_keys();  ///< revoked ones too
    [[nodiscard]] Result<bool> has_gateway_keys();                 ///< likewise
    /// Those not revoked, in no order. There may be 100,000 of them, which takes some 15 ms.
    [[nodiscard]] Result<ValidGatewayKeys> valid_gateway_keys();
    /// By name (the one not revoked first) or id.
    [[nodiscard]] Result<std::optional<GatewayKey>> gateway_key(std::string_view name_or_id);
    /// Fails with Errc::conflict when a key of that name is in use.
    [[nodiscard]] Result<void> add_gateway_key(const GatewayKey& key);
    [[nodiscard]] Result<bool> revoke_gateway_key(std::string_view id, std::int64_t now);
    /// Has its requests take a route; none when `route` is empty.
    [[nodiscard]] Result<bool> set_gateway_key_route(std::string_view id, std::string_view route);

    [[nodiscard]] Result<std::vector<StoredRoute>> routes();  ///< by name
    [[nodiscard]] Result<std::optional<StoredRoute>> route(std::string_view name);
    /// Adds or replaces; one that is replaced keeps its created_at.
    [[nodiscard]] Result<void> set_route(const StoredRoute& route);
    [[nodiscard]] Result<bool> remove_route(std::string_view name);

    [[nodiscard]] Result<std::vector<ModelAlias>> aliases();  ///< by name
    /// Adds or replaces.
    [[nodiscard]] Result<void> set_alias(const ModelAlias& alias);
    [[nodiscard]] Result<bool> remove_alias(std::string_view name);

    /// Makes all of the changes in one transaction. Fails with Errc::conflict, having changed
    /// nothing, when a name is taken, or data_version() is no longer `seen`: what the changes were
    /// made up from has changed itself.
    [[nodiscard]] Result<void> apply(const SetupChanges& changes, std::int64_t seen);

  private:
    class Impl;
    Store(std::string path, std::unique_ptr<Impl> impl);
    std::string path_;
    std::unique_ptr<Impl> impl_;
};

}  // namespace llmgw
