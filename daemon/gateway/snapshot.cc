// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/snapshot.h"

#include <algorithm>
#include <utility>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "daemon/api/models.h"

namespace llmgw {

namespace {

void note_renewals(std::vector<ProviderAccess>& accesses,
                   const std::vector<ProviderRenewal>& renewals) {
    for (const ProviderRenewal& renewal : renewals) {
        for (ProviderAccess& access : accesses) {
            if (access.label == renewal.label) {
                access.renewed_at = std::max(access.renewed_at, renewal.renewed_at);
            }
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
    const auto version = store.data_version();
    if (!version) {
        return tl::unexpected(version.error());
    }
    snapshot->data_version = *version;
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
    add_accesses_from_environment(snapshot->accesses);
    const auto renewals = store.provider_renewals();
    if (!renewals) {
        return tl::unexpected(renewals.error());
    }
    note_renewals(snapshot->accesses, *renewals);
    auto gateway_keys = store.valid_gateway_keys();
    if (!gateway_keys) {
        return tl::unexpected(gateway_keys.error());
    }
    snapshot->keys = KeyTable(std::move(*gateway_keys));
    auto aliases = store.aliases();
    if (!aliases) {
        return tl::unexpected(aliases.error());
    }
    for (ModelAlias& alias : *aliases) {
        snapshot->aliases.emplace(std::move(alias.name), std::move(alias.target));
    }
    const auto routes = store.routes();
    if (!routes) {
        return tl::unexpected(routes.error());
    }
    snapshot->routes = NamedRoutes(*routes);
    snapshot->today = rfc3339(unix_ms()).substr(0, 10);
    snapshot->auto_choices = auto_choices(*snapshot);
    snapshot->models_json = models_document(*snapshot);
    return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

}  // namespace llmgw
