// SPDX-License-Identifier: Apache-2.0
#include "common/store/cache_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <system_error>

#include "common/base/text.h"
#include "common/store/cache_store_impl.h"
#include "common/store/migrations.h"

namespace llmgw {

namespace {

// As for llmgw.db, with 2 MB for the upper part of the indexes. The write-ahead log is merged often
// and cut back, for it counts as a part of what the cache may take.
constexpr const char* kConnectionSettings = R"sql(
    PRAGMA synchronous = NORMAL;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -2048;
    PRAGMA wal_autocheckpoint = 500;
    PRAGMA journal_size_limit = 2097152;
)sql";

// A use that is told this long after the last one makes an entry younger.
constexpr std::int64_t kUseInterval = 60'000;

Result<void> prepare_connection(Database& database) {
    // Takes effect in an empty file only, and only before anything is written to it.
    if (auto set = database.execute("PRAGMA auto_vacuum = INCREMENTAL"); !set) {
        return set;
    }
    if (auto migrated = migrate(database, cache_schema()); !migrated) {
        return migrated;
    }
    database.close_quickly();
    return database.execute(kConnectionSettings);
}

// Files come and go under one name, and SQLite tells two openings of one -shm file in a process
// apart only by their databases: it would cut back a -shm that an earlier database still has
// mapped, which ends the process. So a new database never meets an old -shm, whichever thread makes
// it.
std::mutex& naming_mutex() {
    static std::mutex mutex;
    return mutex;
}

void remove_leftovers(const std::string& path) {
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
        for (const char* suffix : {"-wal", "-shm"}) {
            ::unlink((path + suffix).c_str());
        }
    }
}

Result<std::optional<std::string>> read_value(Statement& query) {
    const auto row = query.step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    return *row ? decompress(query.view_at(0), CacheStore::kMaxValue) : std::nullopt;
}

Result<void> add_counts(const CacheStore::Impl& impl, const CacheCounts& counts) {
    auto change = impl.database->prepare(
        "UPDATE counters SET hits = hits + ?, misses = misses + ?, coalesced = coalesced + ?, "
        "tokens_saved = tokens_saved + ?, saved_nano = saved_nano + ?");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change
        ->bind(counts.hits, counts.misses, counts.coalesced, counts.tokens_saved, counts.saved.nano)
        .run();
}

Result<void> note_uses(const CacheStore::Impl& impl, const CacheBatch& batch) {
    auto change = impl.database->prepare(
        "UPDATE entries SET used = :now WHERE key = :key AND used < :before");
    if (!change) {
        return tl::unexpected(change.error());
    }
    for (const CacheKey& key : batch.used) {
        change->rewind();
        auto ran = change->integer(":now", batch.now)
                       .blob(":key", key.view())
                       .integer(":before", batch.now - kUseInterval)
                       .run();
        if (!ran) {
            return ran;
        }
    }
    return {};
}

}  // namespace

CacheCounts& CacheCounts::operator+=(const CacheCounts& other) {
    hits += other.hits;
    misses += other.misses;
    coalesced += other.coalesced;
    tokens_saved += other.tokens_saved;
    saved += other.saved;
    return *this;
}

CacheStore::CacheStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

CacheStore::~CacheStore() = default;

Result<std::unique_ptr<CacheStore>> CacheStore::open(const std::string& path, int lock_wait_ms,
                                                     bool* damaged) {
    const std::lock_guard<std::mutex> hold(naming_mutex());
    remove_leftovers(path);
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
    return std::unique_ptr<CacheStore>(new CacheStore(std::move(impl)));
}

Result<void> CacheStore::set_aside(const std::string& path) {
    const std::lock_guard<std::mutex> hold(naming_mutex());
    const std::string aside = path + ".damaged";
    for (const char* suffix : {"", "-wal", "-shm"}) {
        if (std::rename((path + suffix).c_str(), (aside + suffix).c_str()) != 0 &&
            errno != ENOENT) {
            return fail(Errc::failed, "the damaged cache " + path + " cannot be renamed: " +
                                          std::generic_category().message(errno));
        }
    }
    return {};
}

bool CacheStore::is_gone() const {
    return impl_->database->is_gone();
}

bool CacheStore::is_damaged() const {
    return impl_->database->is_damaged();
}

Result<std::optional<std::string>> CacheStore::find(const CacheKey& key, std::int64_t now) {
    auto query =
        impl_->database->prepare("SELECT value FROM entries WHERE key = :key AND expires > :now");
    if (!query) {
        return tl::unexpected(query.error());
    }
    return read_value(query->blob(":key", key.view()).integer(":now", now));
}

Result<std::optional<std::string>> CacheStore::find_near(const CacheKey& guard, std::int64_t now) {
    auto query = impl_->database->prepare(
        "SELECT value FROM entries WHERE guard = :guard AND expires > :now "
        "ORDER BY id DESC LIMIT 1");
    if (!query) {
        return tl::unexpected(query.error());
    }
    return read_value(query->blob(":guard", guard.view()).integer(":now", now));
}

Result<void> CacheStore::Impl::put(const CacheEntry& entry) {
    auto removal = database->prepare("DELETE FROM entries WHERE key = :key");
    auto insertion = database->prepare(
        "INSERT INTO entries (key, guard, created, expires, used, model, gateway_key, tokens, "
        "cost_nano, value) VALUES (:key, nullif(:guard, x''), :created, :expires, :created, "
        ":model, :gateway_key, :tokens, :cost, :value)");
    if (!removal || !insertion) {
        return tl::unexpected(!removal ? removal.error() : insertion.error());
    }
    const auto removed = removal->blob(":key", entry.key.view()).run_changes();
    if (!removed) {
        return tl::unexpected(removed.error());
    }
    if (compressor == nullptr) {
        compressor = std::make_unique<Compressor>();
    }
    auto inserted =
        insertion->blob(":key", entry.key.view())
            .blob(":guard", entry.guard ? entry.guard->view() : std::string_view())
            .integer(":created", entry.created)
            .integer(":expires", entry.expires)
            .text(":model", entry.model)
            .text(":gateway_key", entry.gateway_key)
            .integer(":tokens", static_cast<std::int64_t>(entry.tokens))
            .integer(":cost", entry.cost ? std::optional(entry.cost->nano) : std::nullopt)
            .blob(":value", compressor->compress(entry.value))
            .run();
    return inserted && !*removed ? count(1) : inserted;
}

Result<void> CacheStore::write(const CacheBatch& batch) {
    auto transaction = Transaction::begin(*impl_->database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    // Read under the write lock: whoever tells of one later also removes what is written now.
    const auto clearings = this->clearings(0);
    if (!clearings) {
        return tl::unexpected(clearings.error());
    }
    for (const CacheEntry& entry : batch.entries) {
        const bool cleared =
            std::any_of(clearings->begin(), clearings->end(), [&](const CacheClearing& clearing) {
                return clearing.filter.matches(entry.model, entry.gateway_key, entry.created);
            });
        if (cleared) {
            continue;
        }
        if (auto put = impl_->put(entry); !put) {
            return put;
        }
    }
    if (auto noted = note_uses(*impl_, batch); !noted) {
        return noted;
    }
    if (batch.counts != CacheCounts{}) {
        if (auto added = add_counts(*impl_, batch.counts); !added) {
            return added;
        }
    }
    return transaction->commit();
}

Result<CacheStatus> CacheStore::status() {
    const auto transaction = Transaction::begin_reading(*impl_->database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    auto query = impl_->database->prepare(
        "SELECT entries, hits, misses, coalesced, tokens_saved, saved_nano, "
        "(SELECT created FROM entries ORDER BY id LIMIT 1) FROM counters");
    if (!query) {
        return tl::unexpected(query.error());
    }
    const auto row = query->step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    const auto number = [&](int column) {
        return static_cast<std::uint64_t>(query->integer_at(column));
    };
    CacheStatus status;
    status.entries = number(0);
    status.counts = {number(1), number(2), number(3), number(4), Money{query->integer_at(5)}};
    status.oldest = query->optional_at(6);
    const auto room = impl_->room();
    if (!room) {
        return tl::unexpected(room.error());
    }
    status.bytes = static_cast<std::uint64_t>(room->bytes - room->unused);
    return status;
}

}  // namespace llmgw
