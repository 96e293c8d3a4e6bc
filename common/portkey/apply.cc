// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/apply.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/secrets/sha256.h"
#include "common/secrets/vault.h"

namespace llmgw {
namespace {

bool is_written(PlanStep step) {
    return step == PlanStep::add || step == PlanStep::update;
}

Result<ProviderKey> sealed(const PlannedProvider& planned, const Vault& vault) {
    ProviderKey key = planned.key;
    if (key.source == SecretSource::stored) {
        auto secret = vault.seal(planned.secret, secret_context(key));
        if (!secret) {
            return tl::unexpected(std::move(secret.error()));
        }
        key.sealed = *std::move(secret);
    }
    return key;
}

StoredRoute route_of(const PlannedRoute& planned, std::int64_t now) {
    StoredRoute route;
    route.name = planned.name;
    route.document = planned.document;
    route.created_at = now;
    route.updated_at = now;
    route.source = planned.source;
    route.import_hash = sha256_hex(planned.document);
    return route;
}

GatewayKey key_of(const PlannedClientKey& planned, const std::string& secret, const Vault& vault,
                  std::int64_t now) {
    GatewayKey key;
    key.id = planned.id;
    key.name = planned.name;
    key.digest = vault.digest(secret);
    key.fingerprint = mask_secret(secret);
    key.created_at = now;
    key.expires_at = planned.expires_at;
    key.route = planned.route;
    return key;
}

template <typename Item>
bool any_written(const std::vector<Item>& items) {
    return std::any_of(items.begin(), items.end(),
                       [](const Item& item) { return is_written(item.step); });
}

}  // namespace

bool has_changes(const ImportPlan& plan) {
    return any_written(plan.providers) || any_written(plan.routes) || any_written(plan.aliases) ||
           any_written(plan.client_keys);
}

Result<std::vector<MadeKey>> apply_import(const ImportPlan& plan, const ImportTarget& target,
                                          Store& store, const std::string& master_key) {
    if (!has_changes(plan)) {
        return std::vector<MadeKey>();
    }
    const auto vault = Vault::open(master_key, true);
    if (!vault) {
        return tl::unexpected(vault.error());
    }
    SetupChanges changes;
    std::vector<MadeKey> made;
    for (const auto& planned : plan.providers) {
        if (is_written(planned.step)) {
            auto key = sealed(planned, **vault);
            if (!key) {
                return tl::unexpected(std::move(key.error()));
            }
            changes.provider_keys.push_back(*std::move(key));
        }
    }
    for (const auto& planned : plan.routes) {
        if (is_written(planned.step)) {
            changes.routes.push_back(route_of(planned, target.now));
        }
    }
    for (const auto& planned : plan.aliases) {
        if (is_written(planned.step)) {
            changes.aliases.push_back(planned.alias);
        }
    }
    for (const auto& planned : plan.client_keys) {
        if (is_written(planned.step)) {
            made.push_back({planned.id, planned.name, Vault::new_gateway_key()});
            changes.gateway_keys.push_back(
                key_of(planned, made.back().secret, **vault, target.now));
        }
    }
    if (auto applied = store.apply(changes, target.data_version); !applied) {
        return tl::unexpected(std::move(applied.error()));
    }
    return made;
}

}  // namespace llmgw
