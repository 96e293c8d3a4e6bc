// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <map>

#include "common/store/store_impl.h"

namespace llmgw {

namespace {

std::string_view bytes_of(const Vault::Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Vault::Digest digest_of(std::string_view bytes) {
    Vault::Digest digest;
    LLMGW_ASSERT(bytes.size() == digest.size());  // the schema's own check
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

// The columns as the queries for whole keys select them.
GatewayKey read_row(const Statement& row) {
    GatewayKey key;
    key.id = row.text_at(0);
    key.name = row.text_at(1);
    key.digest = digest_of(row.view_at(2));
    key.fingerprint = row.text_at(3);
    key.created_at = row.integer_at(4);
    key.expires_at = row.optional_at(5);
    key.revoked_at = row.optional_at(6);
    key.route = row.text_at(7);
    return key;
}

using RouteNumbers = std::map<std::string, std::uint32_t, std::less<>>;

// Where a route is among those of the keys so far, from 1; it joins them.
std::uint32_t number_of(std::string_view route, RouteNumbers& numbers,
                        std::vector<std::string>& routes) {
    const auto found = numbers.find(route);
    if (found != numbers.end()) {
        return found->second;
    }
    routes.emplace_back(route);
    const auto number = static_cast<std::uint32_t>(routes.size());
    numbers.emplace(route, number);
    return number;
}

}  // namespace

Result<std::vector<GatewayKey>> Store::gateway_keys() {
    auto query = impl_->database->prepare(
        "SELECT id, name, digest, fingerprint, created_at, expires_at, revoked_at, route "
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

Result<bool> Store::has_gateway_keys() {
    const auto found = impl_->database->integer("SELECT EXISTS (SELECT 1 FROM gateway_keys)");
    return found ? Result<bool>(*found != 0) : tl::unexpected(found.error());
}

Result<ValidGatewayKeys> Store::valid_gateway_keys() {
    // Counted first: a vector that grows would leave as much again behind, unused.
    const auto count =
        impl_->database->integer("SELECT count(*) FROM gateway_keys WHERE revoked_at IS NULL");
    if (!count) {
        return tl::unexpected(count.error());
    }
    // By itself, SQLite would walk an index and look every row up.
    auto query = impl_->database->prepare(
        "SELECT digest, expires_at, route FROM gateway_keys NOT INDEXED WHERE revoked_at IS NULL");
    if (!query) {
        return tl::unexpected(query.error());
    }
    ValidGatewayKeys valid;
    valid.keys.reserve(static_cast<std::size_t>(*count));
    RouteNumbers numbers;
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return valid;
        }
        ValidGatewayKey& key = valid.keys.emplace_back();
        key.digest = digest_of(query->view_at(0));
        key.expires_at = query->optional_at(1).value_or(ValidGatewayKey::kNever);
        if (const std::string_view route = query->view_at(2); !route.empty()) {
            key.route = number_of(route, numbers, valid.routes);
        }
    }
}

Result<std::optional<GatewayKey>> Store::gateway_key(std::string_view name_or_id) {
    auto query = impl_->database->prepare(
        "SELECT id, name, digest, fingerprint, created_at, expires_at, revoked_at, route "
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
        "(id, name, digest, fingerprint, created_at, expires_at, revoked_at, route) VALUES "
        "(:id, :name, :digest, :fingerprint, :created_at, :expires_at, :revoked_at, "
        "nullif(:route, ''))");
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
                           .text(":route", key.route)
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

Result<bool> Store::set_gateway_key_route(std::string_view id, std::string_view route) {
    auto change = impl_->database->prepare(
        "UPDATE gateway_keys SET route = nullif(:route, '') WHERE id = :id");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":id", id).text(":route", route).run_changes();
}

}  // namespace llmgw
