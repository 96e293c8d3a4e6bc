// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "common/store/store_impl.h"

namespace llmgw {

namespace {

std::string_view bytes_of(const Vault::Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// The columns as every query below selects them.
GatewayKey read_row(const Statement& row) {
    GatewayKey key;
    key.id = row.text_at(0);
    key.name = row.text_at(1);
    const std::string digest = row.text_at(2);
    LLMGW_ASSERT(digest.size() == key.digest.size());  // the schema's own check
    std::copy(digest.begin(), digest.end(), key.digest.begin());
    key.fingerprint = row.text_at(3);
    key.created_at = row.integer_at(4);
    key.expires_at = row.optional_at(5);
    key.revoked_at = row.optional_at(6);
    return key;
}

}  // namespace

Result<std::vector<GatewayKey>> Store::gateway_keys() {
    auto query = impl_->database->prepare(
        "SELECT id, name, digest, fingerprint, created_at, expires_at, revoked_at "
        "FROM gateway_keys ORDER BY created_at, rowid");
    if (!query) {
        return tl::unexpected(query.error());
    }
    std::vector<GatewayKey> keys;
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return keys;
        }
        keys.push_back(read_row(*query));
    }
}

Result<void> Store::visit_valid_gateway_keys(const std::function<void(GatewayKey&&)>& visit) {
    auto query = impl_->database->prepare(
        "SELECT id, name, digest, fingerprint, created_at, expires_at, revoked_at "
        "FROM gateway_keys WHERE revoked_at IS NULL");
    if (!query) {
        return tl::unexpected(query.error());
    }
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return {};
        }
        visit(read_row(*query));
    }
}

Result<std::optional<GatewayKey>> Store::gateway_key(std::string_view name_or_id) {
    auto query = impl_->database->prepare(
        "SELECT id, name, digest, fingerprint, created_at, expires_at, revoked_at "
        "FROM gateway_keys WHERE name = :wanted OR id = :wanted "
        "ORDER BY name = :wanted DESC, revoked_at IS NOT NULL, created_at DESC, rowid DESC LIMIT "
        "1");
    if (!query) {
        return tl::unexpected(query.error());
    }
    const auto row = query->text(":wanted", name_or_id).step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    return *row ? std::optional(read_row(*query)) : std::nullopt;
}

Result<void> Store::add_gateway_key(const GatewayKey& key) {
    auto change = impl_->database->prepare(
        "INSERT INTO gateway_keys "
        "(id, name, digest, fingerprint, created_at, expires_at, revoked_at) VALUES "
        "(:id, :name, :digest, :fingerprint, :created_at, :expires_at, :revoked_at)");
    if (!change) {
        return tl::unexpected(change.error());
    }
    const auto added = change->text(":id", key.id)
                           .text(":name", key.name)
                           .blob(":digest", bytes_of(key.digest))
                           .text(":fingerprint", key.fingerprint)
                           .integer(":created_at", key.created_at)
                           .integer(":expires_at", key.expires_at)
                           .integer(":revoked_at", key.revoked_at)
                           .insert();
    if (!added) {
        return tl::unexpected(added.error());
    }
    if (!*added) {
        return fail(Errc::conflict, "a gateway key named " + key.name + " is in use already",
                    "llmgw keys list");
    }
    return {};
}

Result<bool> Store::revoke_gateway_key(std::string_view id, std::int64_t now) {
    auto change = impl_->database->prepare(
        "UPDATE gateway_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":id", id).integer(":now", now).run_changes();
}

}  // namespace llmgw
