// SPDX-License-Identifier: Apache-2.0
#include "common/store/migrations.h"

#include <string>

namespace llmgw {

namespace {

bool numbered_from_one(const Schema& schema) {
    for (std::size_t i = 0; i < schema.migrations.size(); i++) {
        if (schema.migrations[i].version != static_cast<int>(i) + 1) {
            return false;
        }
    }
    return true;
}

// The schema's number in the file; 0 for an empty one. Called in a transaction: another process may
// be making the schema.
Result<std::int64_t> read_version(Database& database, const Schema& schema) {
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
    if (!empty && (*application != schema.application_id || *version <= 0)) {
        return fail(Errc::invalid_file, database.path() + " is a database of another program",
                    "move it away, or set LLMGW_HOME to another folder");
    }
    if (*version > schema.newest()) {
        return fail(Errc::invalid_file,
                    "the database " + database.path() + " was made by a newer llmgw (schema " +
                        std::to_string(*version) + ", this one knows " +
                        std::to_string(schema.newest()) + ")",
                    "upgrade llmgw, or set LLMGW_HOME to another folder");
    }
    return version;
}

Result<std::int64_t> look_at_version(Database& database, const Schema& schema) {
    const auto transaction = Transaction::begin_reading(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    return read_version(database, schema);
}

// Whether there was one to run. The version is read again under the write lock: another process
// may have been first.
Result<bool> run_next(Database& database, const Schema& schema) {
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    const auto version = read_version(database, schema);
    if (!version) {
        return tl::unexpected(version.error());
    }
    if (*version == schema.newest()) {
        return false;
    }
    const Migration& next = schema.migrations[static_cast<std::size_t>(*version)];
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

Result<void> migrate(Database& database, const Schema& schema) {
    LLMGW_ASSERT(numbered_from_one(schema));
    const auto version = look_at_version(database, schema);
    if (!version) {
        return tl::unexpected(version.error());
    }
    if (auto wal = database.use_wal(); !wal) {
        return wal;
    }
    if (*version == schema.newest()) {
        return {};
    }
    while (true) {
        const auto ran = run_next(database, schema);
        if (!ran) {
            return tl::unexpected(ran.error());
        }
        if (!*ran) {
            return {};
        }
    }
}

}  // namespace llmgw
