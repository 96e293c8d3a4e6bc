// SPDX-License-Identifier: Apache-2.0
#include "common/store/migrations.h"

#include <array>
#include <string>

namespace llmgw {

namespace {

struct Migration {
    int version;
    const char* name;
    const char* sql;
};

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
};

// "llmg" in ASCII: tells our file from another program's (file(1) shows it, too).
constexpr std::int64_t kApplicationId = 0x6C6C6D67;

constexpr bool numbered_from_one() {
    for (std::size_t i = 0; i < kMigrations.size(); i++) {
        if (kMigrations[i].version != static_cast<int>(i) + 1) {
            return false;
        }
    }
    return true;
}
static_assert(numbered_from_one());

// The schema's number in the file; 0 for an empty one. Called in a transaction: another process may
// be making the schema.
Result<std::int64_t> read_version(Database& database) {
    auto version = database.integer("PRAGMA user_version");
    if (!version) {
        return version;
    }
    auto application = database.integer("PRAGMA application_id");
    if (!application) {
        return application;
    }
    auto objects = database.integer("SELECT count(*) FROM sqlite_schema");
    if (!objects) {
        return objects;
    }
    const bool empty = *version == 0 && *application == 0 && *objects == 0;
    if (!empty && (*application != kApplicationId || *version <= 0)) {
        return fail(Errc::invalid_file, database.path() + " is a database of another program",
                    "move it away, or set LLMGW_HOME to another folder");
    }
    if (*version > newest_schema()) {
        return fail(Errc::invalid_file,
                    "the database " + database.path() + " was made by a newer llmgw (schema " +
                        std::to_string(*version) + ", this one knows " +
                        std::to_string(newest_schema()) + ")",
                    "upgrade llmgw, or set LLMGW_HOME to another folder");
    }
    return version;
}

Result<std::int64_t> look_at_version(Database& database) {
    const auto transaction = Transaction::begin_reading(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    return read_version(database);
}

// Whether there was one to run. The version is read again under the write lock: another process
// may have been first.
Result<bool> run_next(Database& database) {
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    const auto version = read_version(database);
    if (!version) {
        return tl::unexpected(version.error());
    }
    if (*version == newest_schema()) {
        return false;
    }
    const Migration& next = kMigrations[static_cast<std::size_t>(*version)];
    if (auto ran = database.execute(next.sql); !ran) {
        Error error = ran.error();
        error.message = "the migration to schema " + std::to_string(next.version) + " (" +
                        next.name + ") failed: " + error.message;
        return tl::unexpected(std::move(error));
    }
    const std::string number = "PRAGMA user_version = " + std::to_string(next.version);
    if (auto ran = database.execute(number.c_str()); !ran) {
        return tl::unexpected(ran.error());
    }
    if (auto committed = transaction->commit(); !committed) {
        return tl::unexpected(committed.error());
    }
    return true;
}

}  // namespace

int newest_schema() {
    return kMigrations.back().version;
}

Result<void> migrate(Database& database) {
    const auto version = look_at_version(database);
    if (!version) {
        return tl::unexpected(version.error());
    }
    if (auto wal = database.use_wal(); !wal) {
        return wal;
    }
    if (*version == newest_schema()) {
        return {};
    }
    while (true) {
        const auto ran = run_next(database);
        if (!ran) {
            return tl::unexpected(ran.error());
        }
        if (!*ran) {
            return {};
        }
    }
}

}  // namespace llmgw
