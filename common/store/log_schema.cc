// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "common/store/migrations.h"

namespace llmgw {

namespace {

// Never edited once released: a database out there has run it. Add the next number instead.
// Calls are kept in blocks (call_batch.h): a row for each would cost ten times the time and thrice
// the room. Decisions are many times as large: in a table of their own they are not in the way of
// what reads calls. `usage` has the sums of the calls that ended in an hour, and the ids of the
// first and the last of them. `log_end` has the highest id ever given, also after that call is
// gone.
constexpr std::array kMigrations = {
    Migration{1, "calls, usage and health", R"sql(
        PRAGMA application_id = 1819045228;

        CREATE TABLE calls (
            id              INTEGER PRIMARY KEY,
            time            INTEGER NOT NULL,
            request_id      TEXT NOT NULL,
            attempt         INTEGER NOT NULL,
            final           INTEGER NOT NULL,
            endpoint        TEXT NOT NULL,
            requested_model TEXT NOT NULL,
            model           TEXT NOT NULL,
            provider        TEXT NOT NULL,
            key             TEXT NOT NULL,
            region          TEXT NOT NULL,
            streamed        INTEGER NOT NULL,
            status          INTEGER NOT NULL,
            error           TEXT NOT NULL,
            usage_source    TEXT NOT NULL,
            input           INTEGER NOT NULL,
            cached_input    INTEGER NOT NULL,
            cache_write     INTEGER NOT NULL,
            output          INTEGER NOT NULL,
            reasoning       INTEGER NOT NULL,
            cost_nano       INTEGER,
            first_byte_us   INTEGER,
            duration_us     INTEGER NOT NULL,
            cached          INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE request_ids (
            block  INTEGER PRIMARY KEY,
            hashes BLOB NOT NULL
        ) STRICT;

        CREATE TABLE decisions (
            call INTEGER PRIMARY KEY,
            json TEXT NOT NULL
        ) STRICT;

        CREATE TABLE log_end (id INTEGER NOT NULL) STRICT;
        INSERT INTO log_end (id) VALUES (0);

        CREATE TABLE usage (
            hour            INTEGER NOT NULL,
            model           TEXT NOT NULL,
            provider        TEXT NOT NULL,
            key             TEXT NOT NULL,
            first_id        INTEGER NOT NULL,
            last_id         INTEGER NOT NULL,
            requests        INTEGER NOT NULL,
            errors          INTEGER NOT NULL,
            failed_attempts INTEGER NOT NULL,
            cache_hits      INTEGER NOT NULL,
            input           INTEGER NOT NULL,
            cached_input    INTEGER NOT NULL,
            cache_write     INTEGER NOT NULL,
            output          INTEGER NOT NULL,
            reasoning       INTEGER NOT NULL,
            cost_nano       INTEGER NOT NULL,
            unknown_costs   INTEGER NOT NULL,
            duration_us     INTEGER NOT NULL,
            durations       BLOB NOT NULL,
            first_bytes     BLOB NOT NULL,
            PRIMARY KEY (hour, model, provider, key)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE health (
            begin         INTEGER NOT NULL,
            key           TEXT NOT NULL,
            model         TEXT NOT NULL,
            succeeded     INTEGER NOT NULL,
            failed        INTEGER NOT NULL,
            latency_ms    REAL NOT NULL,
            latencies     INTEGER NOT NULL,
            output_tokens REAL NOT NULL,
            generation_ms REAL NOT NULL,
            PRIMARY KEY (begin, key, model)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE rests (
            key    TEXT NOT NULL,
            model  TEXT NOT NULL,
            reason TEXT NOT NULL,
            since  INTEGER NOT NULL,
            until  INTEGER NOT NULL,
            times  INTEGER NOT NULL,
            status INTEGER NOT NULL,
            detail TEXT NOT NULL,
            PRIMARY KEY (key, model)
        ) STRICT, WITHOUT ROWID;
    )sql"},
    Migration{2, "calls in blocks", R"sql(
        CREATE TABLE call_blocks (
            first_id INTEGER PRIMARY KEY,
            size     INTEGER NOT NULL,
            last_end INTEGER NOT NULL,
            calls    BLOB NOT NULL
        ) STRICT;

        DROP TABLE calls;
        DELETE FROM decisions;
        DELETE FROM request_ids;

        ALTER TABLE usage RENAME TO usage_without_route;
        CREATE TABLE usage (
            hour            INTEGER NOT NULL,
            model           TEXT NOT NULL,
            provider        TEXT NOT NULL,
            key             TEXT NOT NULL,
            route           TEXT NOT NULL,
            first_id        INTEGER NOT NULL,
            last_id         INTEGER NOT NULL,
            requests        INTEGER NOT NULL,
            errors          INTEGER NOT NULL,
            failed_attempts INTEGER NOT NULL,
            cache_hits      INTEGER NOT NULL,
            input           INTEGER NOT NULL,
            cached_input    INTEGER NOT NULL,
            cache_write     INTEGER NOT NULL,
            output          INTEGER NOT NULL,
            reasoning       INTEGER NOT NULL,
            cost_nano       INTEGER NOT NULL,
            unknown_costs   INTEGER NOT NULL,
            duration_us     INTEGER NOT NULL,
            durations       BLOB NOT NULL,
            first_bytes     BLOB NOT NULL,
            PRIMARY KEY (hour, model, provider, key, route)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO usage
            SELECT hour, model, provider, key, '', first_id, last_id, requests, errors,
                   failed_attempts, cache_hits, input, cached_input, cache_write, output, reasoning,
                   cost_nano, unknown_costs, duration_us, durations, first_bytes
            FROM usage_without_route;
        DROP TABLE usage_without_route;
    )sql"},
    Migration{3, "headers of Portkey's", R"sql(
        CREATE TABLE portkey_headers (
            key       TEXT NOT NULL,
            client    TEXT NOT NULL,
            header    TEXT NOT NULL,
            requests  INTEGER NOT NULL,
            last_seen INTEGER NOT NULL,
            PRIMARY KEY (key, client, header)
        ) STRICT, WITHOUT ROWID;
    )sql"},
};

}  // namespace

const Schema& log_schema() {
    static constexpr Schema kSchema{0x6C6C6D6C, kMigrations};  // "llml" in ASCII
    return kSchema;
}

}  // namespace llmgw
