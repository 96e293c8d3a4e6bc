// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "common/store/migrations.h"

namespace llmgw {

namespace {

// Never edited once released: a database out there has run it. Add the next number instead.
constexpr std::array kMigrations = {
    Migration{1, "settings, keys and aliases", R"sql(
        PRAGMA application_id = 1819045223;

        CREATE TABLE settings (
            name  TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE provider_keys (
            id          INTEGER PRIMARY KEY,
            label       TEXT NOT NULL UNIQUE,
            provider    TEXT NOT NULL,
            base_url    TEXT NOT NULL,
            source      TEXT NOT NULL
                        CHECK (source IN ('none', 'stored', 'env', 'file', 'command')),
            source_ref  TEXT NOT NULL,
            sealed      BLOB NOT NULL,
            fingerprint TEXT NOT NULL,
            weight      INTEGER NOT NULL,
            region      TEXT NOT NULL,
            enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
            created_at  INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE provider_key_options (
            key_id   INTEGER NOT NULL REFERENCES provider_keys (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            name     TEXT NOT NULL,
            value    TEXT NOT NULL,
            PRIMARY KEY (key_id, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE gateway_keys (
            id          TEXT PRIMARY KEY,
            name        TEXT NOT NULL,
            digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            fingerprint TEXT NOT NULL,
            created_at  INTEGER NOT NULL,
            expires_at  INTEGER,
            revoked_at  INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX gateway_keys_in_use ON gateway_keys (name) WHERE revoked_at IS NULL;
        CREATE INDEX gateway_keys_by_name ON gateway_keys (name);

        CREATE TABLE aliases (
            name   TEXT PRIMARY KEY,
            target TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
    )sql"},
    Migration{2, "renewals of provider keys", R"sql(
        CREATE TABLE provider_renewals (
            label      TEXT PRIMARY KEY,
            renewed_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
    )sql"},
    Migration{3, "routes", R"sql(
        CREATE TABLE routes (
            name        TEXT PRIMARY KEY,
            document    TEXT NOT NULL,
            created_at  INTEGER NOT NULL,
            updated_at  INTEGER NOT NULL,
            source      TEXT NOT NULL,
            import_hash TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE gateway_keys ADD COLUMN route TEXT;
    )sql"},
};

}  // namespace

const Schema& store_schema() {
    static constexpr Schema kSchema{0x6C6C6D67, kMigrations};  // "llmg" in ASCII
    return kSchema;
}

}  // namespace llmgw
