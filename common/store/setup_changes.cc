// SPDX-License-Identifier: Apache-2.0
#include "common/store/store_impl.h"

namespace llmgw {

namespace {

template <typename Items, typename Change>
Result<void> each(const Items& items, const Change& change) {
    for (const auto& item : items) {
        if (auto done = change(item); !done) {
            return done;
        }
    }
    return {};
}

}  // namespace

Result<void> Store::apply(const SetupChanges& changes, std::int64_t seen) {
    auto transaction = Transaction::begin(*impl_->database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    // From here on nobody else can write.
    const auto version = data_version();
    if (!version) {
        return tl::unexpected(version.error());
    }
    if (*version != seen) {
        return fail(Errc::conflict, "the set-up was changed by another command at the same time",
                    "do it again");
    }
    auto done = each(changes.provider_keys, [&](const ProviderKey& key) {
        return insert_provider_key(*impl_->database, key);
    });
    if (done) {
        done = each(changes.routes, [&](const StoredRoute& route) { return set_route(route); });
    }
    if (done) {
        done = each(changes.aliases, [&](const ModelAlias& alias) { return set_alias(alias); });
    }
    if (done) {
        done =
            each(changes.gateway_keys, [&](const GatewayKey& key) { return add_gateway_key(key); });
    }
    return done ? transaction->commit() : done;
}

}  // namespace llmgw
