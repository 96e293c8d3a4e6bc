// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "common/store/store_impl.h"

namespace llmgw {

namespace {

constexpr std::array<std::pair<SecretSource, std::string_view>, 5> kSources = {{
    {SecretSource::none, "none"},
    {SecretSource::stored, "stored"},
    {SecretSource::env, "env"},
    {SecretSource::file, "file"},
    {SecretSource::command, "command"},
}};

std::string_view source_name(SecretSource source) {
    for (const auto& [value, name] : kSources) {
        if (value == source) {
            return name;
        }
    }
    LLMGW_ASSERT(false);
}

SecretSource source_of(std::string_view text) {
    for (const auto& [value, name] : kSources) {
        if (name == text) {
            return value;
        }
    }
    LLMGW_ASSERT(false);  // the schema's own check
}

// A key's row number, for its options, and the key without them.
struct Row {
    std::int64_t id;
    ProviderKey key;
};

// The columns as every query below selects them.
Row read_row(const Statement& row) {
    return {.id = row.integer_at(0),
            .key = {.label = row.text_at(1),
                    .provider = row.text_at(2),
                    .base_url = row.text_at(3),
                    .source = source_of(row.text_at(4)),
                    .source_ref = row.text_at(5),
                    .sealed = row.text_at(6),
                    .fingerprint = row.text_at(7),
                    .weight = row.integer_at(8),
                    .region = row.text_at(9),
                    .enabled = row.integer_at(10) != 0,
                    .created_at = row.integer_at(11)}};
}

Result<std::optional<Row>> next_row(Statement& query) {
    const auto row = query.step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    return *row ? std::optional(read_row(query)) : std::nullopt;
}

Result<ProviderKey> with_options(Database& database, Row row) {
    auto query = database.prepare(
        "SELECT name, value FROM provider_key_options WHERE key_id = :id ORDER BY position");
    if (!query) {
        return tl::unexpected(query.error());
    }
    query->integer(":id", row.id);
    while (true) {
        const auto option = query->step();
        if (!option) {
            return tl::unexpected(option.error());
        }
        if (!*option) {
            return std::move(row.key);
        }
        row.key.options.emplace_back(query->text_at(0), query->text_at(1));
    }
}

// Adds the key's own row; whether its label was free.
Result<bool> insert_key(Database& database, const ProviderKey& key) {
    auto change = database.prepare(
        "INSERT INTO provider_keys (label, provider, base_url, source, source_ref, sealed, "
        "fingerprint, weight, region, enabled, created_at) VALUES (:label, :provider, :base_url, "
        ":source, :source_ref, :sealed, :fingerprint, :weight, :region, :enabled, :created_at)");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":label", key.label)
        .text(":provider", key.provider)
        .text(":base_url", key.base_url)
        .text(":source", source_name(key.source))
        .text(":source_ref", key.source_ref)
        .blob(":sealed", key.sealed)
        .text(":fingerprint", key.fingerprint)
        .integer(":weight", key.weight)
        .text(":region", key.region)
        .integer(":enabled", std::int64_t{key.enabled ? 1 : 0})
        .integer(":created_at", key.created_at)
        .insert();
}

Result<void> insert_options(Database& database, std::int64_t id, const ProviderKey& key) {
    std::int64_t position = 0;
    for (const auto& [name, value] : key.options) {
        auto change = database.prepare(
            "INSERT INTO provider_key_options (key_id, position, name, value) "
            "VALUES (:id, :position, :name, :value)");
        if (!change) {
            return tl::unexpected(change.error());
        }
        auto added = change->integer(":id", id)
                         .integer(":position", position++)
                         .text(":name", name)
                         .text(":value", value)
                         .run();
        if (!added) {
            return added;
        }
    }
    return {};
}

}  // namespace

std::string secret_context(const ProviderKey& key) {
    return key.label + '\n' + key.provider + '\n' + key.base_url;
}

Result<std::vector<ProviderKey>> Store::provider_keys() {
    auto query = impl_->database->prepare(
        "SELECT id, label, provider, base_url, source, source_ref, sealed, fingerprint, weight, "
        "region, enabled, created_at FROM provider_keys ORDER BY created_at, id");
    if (!query) {
        return tl::unexpected(query.error());
    }
    std::vector<ProviderKey> keys;
    while (true) {
        auto row = next_row(*query);
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return keys;
        }
        auto key = with_options(*impl_->database, std::move(**row));
        if (!key) {
            return tl::unexpected(key.error());
        }
        keys.push_back(std::move(*key));
    }
}

Result<std::optional<ProviderKey>> Store::provider_key(std::string_view label) {
    auto query = impl_->database->prepare(
        "SELECT id, label, provider, base_url, source, source_ref, sealed, fingerprint, weight, "
        "region, enabled, created_at FROM provider_keys WHERE label = :label");
    if (!query) {
        return tl::unexpected(query.error());
    }
    query->text(":label", label);
    auto row = next_row(*query);
    if (!row) {
        return tl::unexpected(row.error());
    }
    if (!*row) {
        return std::nullopt;
    }
    auto key = with_options(*impl_->database, std::move(**row));
    if (!key) {
        return tl::unexpected(key.error());
    }
    return std::optional(std::move(*key));
}

Result<void> insert_provider_key(Database& database, const ProviderKey& key) {
    const auto inserted = insert_key(database, key);
    if (!inserted) {
        return tl::unexpected(inserted.error());
    }
    if (!*inserted) {
        return fail(Errc::conflict, "a provider key labelled " + key.label + " exists already",
                    "choose another --name, or: llmgw providers remove " + key.label);
    }
    return insert_options(database, database.last_inserted(), key);
}

Result<void> Store::add_provider_key(const ProviderKey& key) {
    auto transaction = Transaction::begin(*impl_->database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    if (auto added = insert_provider_key(*impl_->database, key); !added) {
        return added;
    }
    return transaction->commit();
}

Result<bool> Store::set_provider_enabled(std::string_view label, bool enabled) {
    auto change = impl_->database->prepare(
        "UPDATE provider_keys SET enabled = :enabled WHERE label = :label");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":label", label)
        .integer(":enabled", std::int64_t{enabled ? 1 : 0})
        .run_changes();
}

Result<bool> Store::remove_provider_key(std::string_view label) {
    auto change = impl_->database->prepare("DELETE FROM provider_keys WHERE label = :label");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":label", label).run_changes();
}

}  // namespace llmgw
