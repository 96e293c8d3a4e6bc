// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/snapshot.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "daemon/api/models.h"

namespace llmgw {

namespace {

ProviderAccess make_access(const ProviderKey& key, const Vault& vault) {
    ProviderAccess access;
    access.label = key.label;
    access.provider = catalog::find_provider(key.provider);
    access.name = access.provider != nullptr ? key.provider : key.label;
    access.enabled = key.enabled;
    access.region = key.region;
    access.options = key.options;
    auto url = parse_base_url(key.base_url);
    if (!url) {
        access.problem = std::move(url.error());
        return access;
    }
    access.url = std::move(*url);
    if (access.enabled) {
        auto secret = read_secret(key, vault);
        if (secret) {
            access.secret = std::move(*secret);
        } else {
            access.problem = std::move(secret.error());
        }
    }
    return access;
}

// Providers whose usual variable holds a key, and that have no stored one.
void add_from_environment(std::vector<ProviderAccess>& accesses) {
    for (const Provider& provider : catalog::providers()) {
        const bool stored =
            std::any_of(accesses.begin(), accesses.end(),
                        [&](const ProviderAccess& access) { return access.provider == &provider; });
        if (stored || provider.base_url.empty()) {
            continue;
        }
        for (const std::string_view variable : provider.env) {
            const char* const value = std::getenv(std::string(variable).c_str());
            if (value == nullptr || *value == '\0') {
                continue;
            }
            ProviderAccess access;
            access.label = provider.id;
            access.name = provider.id;
            access.provider = &provider;
            access.from_environment = true;
            access.secret = trim(value);
            auto url = parse_base_url(provider.base_url);
            if (url) {
                access.url = std::move(*url);
                accesses.push_back(std::move(access));
            }
            break;
        }
    }
}

}  // namespace

const ProviderAccess* Snapshot::find_access(std::string_view label) const {
    const auto found =
        std::find_if(accesses.begin(), accesses.end(),
                     [&](const ProviderAccess& access) { return access.label == label; });
    return found == accesses.end() ? nullptr : &*found;
}

Result<std::shared_ptr<const Snapshot>> load_snapshot(Store& store, const Vault& vault) {
    auto snapshot = std::make_shared<Snapshot>();
    auto stored = store.settings();
    if (!stored) {
        return tl::unexpected(stored.error());
    }
    auto settings = read_settings(*stored);
    if (!settings) {
        return tl::unexpected(settings.error());
    }
    snapshot->settings = *settings;
    auto provider_keys = store.provider_keys();
    if (!provider_keys) {
        return tl::unexpected(provider_keys.error());
    }
    for (const ProviderKey& key : *provider_keys) {
        snapshot->accesses.push_back(make_access(key, vault));
    }
    add_from_environment(snapshot->accesses);
    const auto visited = store.visit_valid_gateway_keys([&](GatewayKey&& key) {
        snapshot->keys.emplace(
            key.digest, GatewayKeyInfo{std::move(key.id), std::move(key.name), key.expires_at});
    });
    if (!visited) {
        return tl::unexpected(visited.error());
    }
    auto aliases = store.aliases();
    if (!aliases) {
        return tl::unexpected(aliases.error());
    }
    for (ModelAlias& alias : *aliases) {
        snapshot->aliases.emplace(std::move(alias.name), std::move(alias.target));
    }
    snapshot->today = rfc3339(unix_ms()).substr(0, 10);
    snapshot->models_json = models_document(*snapshot);
    return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

}  // namespace llmgw
