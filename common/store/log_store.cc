// SPDX-License-Identifier: Apache-2.0
#include "common/store/log_store.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/store/log_store_impl.h"
#include "common/store/migrations.h"

namespace llmgw {

namespace {

// As for llmgw.db, but its cache, 2 MB, holds the ends of the tables and the index while batches
// are added to them.
constexpr const char* kConnectionSettings = R"sql(
    PRAGMA synchronous = NORMAL;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -2048;
    PRAGMA journal_size_limit = 4194304;
)sql";

Result<void> prepare_connection(Database& database) {
    // Takes effect in an empty file only, before anything is written to it.
    constexpr std::int64_t kIncremental = 2;
    const auto vacuum = database.integer("PRAGMA auto_vacuum");
    if (!vacuum) {
        return tl::unexpected(vacuum.error());
    }
    if (*vacuum != kIncremental) {
        if (auto set = database.execute("PRAGMA auto_vacuum = INCREMENTAL"); !set) {
            return set;
        }
    }
    if (auto migrated = migrate(database, log_schema()); !migrated) {
        return migrated;
    }
    database.close_quickly();
    return database.execute(kConnectionSettings);
}

}  // namespace

LogStore::LogStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LogStore::~LogStore() = default;

Result<std::unique_ptr<LogStore>> LogStore::open(const std::string& path, int lock_wait_ms,
                                                 bool* damaged) {
    auto database = Database::open(path, lock_wait_ms);
    if (!database) {
        return tl::unexpected(database.error());
    }
    if (auto prepared = prepare_connection(**database); !prepared) {
        if (damaged != nullptr) {
            *damaged = (*database)->is_damaged();
        }
        return tl::unexpected(prepared.error());
    }
    auto impl = std::make_unique<Impl>(std::move(*database));
    return std::unique_ptr<LogStore>(new LogStore(std::move(impl)));
}

Result<std::string> LogStore::set_aside(const std::string& path) {
    std::string moment = rfc3339(unix_ms());
    std::erase_if(moment, [](char c) { return c == '-' || c == ':'; });
    std::string aside = path + ".damaged-" + moment;
    while (::access(aside.c_str(), F_OK) == 0) {
        aside += "+";
    }
    if (std::rename(path.c_str(), aside.c_str()) != 0) {
        return fail(Errc::failed, "the damaged log " + path + " cannot be renamed: " +
                                      std::generic_category().message(errno));
    }
    // Together with it SQLite can still make use of them; beside the new one they would harm it.
    for (const char* suffix : {"-wal", "-shm"}) {
        static_cast<void>(std::rename((path + suffix).c_str(), (aside + suffix).c_str()));
    }
    return aside;
}

bool LogStore::is_gone() const {
    return impl_->database->is_gone();
}

bool LogStore::is_damaged() const {
    return impl_->database->is_damaged();
}

void LogStore::set_lock_wait(int milliseconds) {
    impl_->database->set_lock_wait(milliseconds);
}

Result<std::int64_t> LogStore::count() {
    // Only the oldest ever go: the ids have no gaps.
    return impl_->database->integer(
        "SELECT ifnull((SELECT max(first_id) FROM call_blocks) - (SELECT min(first_id) FROM "
        "call_blocks) + "
        "(SELECT size FROM call_blocks ORDER BY first_id DESC LIMIT 1), 0)");
}

Result<std::int64_t> LogStore::newest() {
    return impl_->database->integer(
        "SELECT first_id + size - 1 FROM call_blocks ORDER BY first_id DESC LIMIT 1");
}

}  // namespace llmgw
