// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "common/store/migrations.h"

namespace llmgw {

namespace {

// Never edited once released: a database out there has run it. Add the next number instead.
// The value is last: SQLite then reads the other columns without it. `counters` has sums that would
// otherwise need a walk through the table.
constexpr std::array kMigrations = {
    Migration{1, "entries, counters and clearings", R"sql(
        PRAGMA application_id = 1819045219;

        CREATE TABLE entries (
            id          INTEGER PRIMARY KEY,
            key         BLOB NOT NULL UNIQUE CHECK (length(key) = 32),
            guard       BLOB CHECK (length(guard) = 32),
            created     INTEGER NOT NULL,
            expires     INTEGER NOT NULL,
            used        INTEGER NOT NULL,
            model       TEXT NOT NULL,
            gateway_key TEXT NOT NULL,
            tokens      INTEGER NOT NULL,
            cost_nano   INTEGER,
            value       BLOB NOT NULL
        ) STRICT;
        CREATE INDEX entries_by_guard ON entries (guard) WHERE guard IS NOT NULL;
        CREATE INDEX entries_by_expiry ON entries (expires);
        CREATE INDEX entries_by_use ON entries (used);

        CREATE TABLE counters (
            entries      INTEGER NOT NULL,
            hits         INTEGER NOT NULL,
            misses       INTEGER NOT NULL,
            coalesced    INTEGER NOT NULL,
            tokens_saved INTEGER NOT NULL,
            saved_nano   INTEGER NOT NULL
        ) STRICT;
        INSERT INTO counters VALUES (0, 0, 0, 0, 0, 0);

        CREATE TABLE clearings (
            id             INTEGER PRIMARY KEY AUTOINCREMENT,
            time           INTEGER NOT NULL,
            model          TEXT NOT NULL,
            gateway_key    TEXT NOT NULL,
            created_before INTEGER NOT NULL
        ) STRICT;
    )sql"},
};

// "llmc" in ASCII.
constexpr std::int64_t kApplicationId = 0x6C6C6D63;

}  // namespace

const Schema& cache_schema() {
    static constexpr Schema kSchema{kApplicationId, kMigrations};
    return kSchema;
}

}  // namespace llmgw
