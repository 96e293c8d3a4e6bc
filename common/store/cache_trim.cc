// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/store/cache_store_impl.h"

namespace llmgw {

namespace {

// Steps take some milliseconds, which is as long as others may have to wait for the lock.
constexpr std::int64_t kStepEntries = 200;
constexpr std::int64_t kStepScanned = 2000;
constexpr const char* kStepVacuum = "PRAGMA incremental_vacuum(256)";

// Beside the tables there are the write-ahead log and what a batch brings before the next step.
constexpr std::int64_t kMaxHeadroom = 16LL * 1024 * 1024;

constexpr std::int64_t kKeptRoom = 256LL * 1024;
constexpr std::int64_t kDay = 24LL * 3'600'000;

// Removes the entries of one step in one transaction.
Result<std::int64_t> remove_rows(const CacheStore::Impl& impl, std::string_view sql,
                                 std::int64_t until, std::int64_t limit) {
    auto transaction = Transaction::begin(*impl.database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    auto removal = impl.database->prepare(sql);
    if (!removal) {
        return tl::unexpected(removal.error());
    }
    const std::int64_t before = impl.database->total_changes();
    if (auto ran = removal->bind(until, limit).run(); !ran) {
        return tl::unexpected(ran.error());
    }
    const std::int64_t removed = impl.database->total_changes() - before;
    if (removed == 0) {
        return 0;
    }
    if (auto counted = impl.count(-removed); !counted) {
        return tl::unexpected(counted.error());
    }
    if (auto committed = transaction->commit(); !committed) {
        return tl::unexpected(committed.error());
    }
    return removed;
}

Result<std::int64_t> remove_expired(const CacheStore::Impl& impl, std::int64_t now) {
    auto query = impl.database->prepare("SELECT expires FROM entries ORDER BY expires LIMIT 1");
    if (!query) {
        return tl::unexpected(query.error());
    }
    const auto row = query->step();
    if (!row || !*row || query->integer_at(0) > now) {
        return row ? Result<std::int64_t>(0) : tl::unexpected(row.error());
    }
    query->rewind();  // a read that goes on would keep the write-ahead log from being cut back
    return remove_rows(impl,
                       "DELETE FROM entries WHERE id IN (SELECT id FROM entries "
                       "WHERE expires <= ? ORDER BY expires LIMIT ?)",
                       now, kStepEntries);
}

// As many of those used longest ago as hold what is too much, if all are of one size.
Result<std::int64_t> remove_least_used(const CacheStore::Impl& impl, std::int64_t used,
                                       std::int64_t wanted) {
    const auto count = impl.database->integer("SELECT entries FROM counters");
    if (!count) {
        return count;
    }
    const double part = static_cast<double>(used - wanted) / static_cast<double>(used);
    const auto too_many = static_cast<std::int64_t>(static_cast<double>(*count) * part) + 1;
    return remove_rows(impl,
                       "DELETE FROM entries WHERE id IN (SELECT id FROM entries "
                       "WHERE used <= ? ORDER BY used LIMIT ?)",
                       INT64_MAX, std::min(too_many, kStepEntries));
}

// One step of a clearing: the last id that was looked at, 0 at the end.
struct ClearStep {
    std::int64_t last = 0;
    std::int64_t removed = 0;
};

Result<std::vector<std::int64_t>> find_matching(Database& database, const CacheFilter& filter,
                                                std::int64_t after, std::int64_t& last) {
    auto query = database.prepare(
        "SELECT id, model, gateway_key, created FROM entries WHERE id > ? ORDER BY id LIMIT ?");
    if (!query) {
        return tl::unexpected(query.error());
    }
    query->bind(after, kStepScanned);
    std::vector<std::int64_t> matching;
    for (std::int64_t scanned = 0; std::ssize(matching) < kStepEntries; scanned++) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            last = scanned < kStepScanned ? 0 : last;
            return matching;
        }
        last = query->integer_at(0);
        if (filter.matches(query->view_at(1), query->view_at(2), query->integer_at(3))) {
            matching.push_back(last);
        }
    }
    return matching;
}

Result<ClearStep> clear_step(const CacheStore::Impl& impl, const CacheFilter& filter,
                             std::int64_t after) {
    auto transaction = Transaction::begin(*impl.database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    ClearStep step;
    const auto matching = find_matching(*impl.database, filter, after, step.last);
    if (!matching) {
        return tl::unexpected(matching.error());
    }
    for (const std::int64_t id : *matching) {
        if (auto removed = impl.run("DELETE FROM entries WHERE id = ?", id); !removed) {
            return tl::unexpected(removed.error());
        }
    }
    step.removed = std::ssize(*matching);
    if (auto counted = impl.count(-step.removed); !counted) {
        return tl::unexpected(counted.error());
    }
    if (auto committed = transaction->commit(); !committed) {
        return tl::unexpected(committed.error());
    }
    return step;
}

// So that other processes know of it. Told first: what they put in the meantime is younger.
Result<void> tell_others(Database& database, const CacheFilter& filter, std::int64_t now) {
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    auto forget = database.prepare("DELETE FROM clearings WHERE time < ?");
    auto tell = database.prepare(
        "INSERT INTO clearings (time, model, gateway_key, created_before) VALUES (?, ?, ?, ?)");
    if (!forget || !tell) {
        return tl::unexpected(!forget ? forget.error() : tell.error());
    }
    if (auto ran = forget->bind(now - kDay).run(); !ran) {
        return ran;
    }
    if (auto ran =
            tell->bind(now, std::string_view(filter.model), std::string_view(filter.gateway_key),
                       filter.created_before.value_or(now))
                .run();
        !ran) {
        return ran;
    }
    return transaction->commit();
}

// All entries at once: SQLite frees the pages without a look into them.
Result<std::uint64_t> remove_all(Database& database) {
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    const auto count = database.integer("SELECT entries FROM counters");
    if (!count) {
        return tl::unexpected(count.error());
    }
    for (const char* sql : {"DELETE FROM entries", "UPDATE counters SET entries = 0"}) {
        if (auto ran = database.execute(sql); !ran) {
            return tl::unexpected(ran.error());
        }
    }
    if (auto committed = transaction->commit(); !committed) {
        return tl::unexpected(committed.error());
    }
    return static_cast<std::uint64_t>(*count);
}

}  // namespace

bool CacheFilter::matches(std::string_view entry_model, std::string_view entry_key,
                          std::int64_t created) const {
    return (model.empty() || matches_glob(model, entry_model)) &&
           (gateway_key.empty() || gateway_key == entry_key) &&
           (!created_before || created < *created_before);
}

bool CacheFilter::all() const {
    return model.empty() && gateway_key.empty() && !created_before;
}

Result<CacheStore::Impl::Room> CacheStore::Impl::room() const {
    const auto all = database->integer("PRAGMA page_count");
    const auto unused = database->integer("PRAGMA freelist_count");
    const auto size = database->integer("PRAGMA page_size");
    for (const auto* number : {&all, &unused, &size}) {
        if (!*number) {
            return tl::unexpected(number->error());
        }
    }
    return Room{*all * *size, *unused * *size};
}

Result<bool> CacheStore::trim(std::int64_t max_bytes, std::int64_t now) {
    auto removed = remove_expired(*impl_, now);
    if (!removed || *removed == kStepEntries) {
        return removed ? Result<bool>(true) : tl::unexpected(removed.error());
    }
    const auto room = impl_->room();
    if (!room) {
        return tl::unexpected(room.error());
    }
    const std::int64_t wanted = max_bytes - std::min(max_bytes / 8, kMaxHeadroom);
    if (room->bytes - room->unused > wanted) {
        removed = remove_least_used(*impl_, room->bytes - room->unused, wanted);
        if (!removed || *removed > 0) {
            return removed ? Result<bool>(true) : tl::unexpected(removed.error());
        }
    }
    // New entries take unused pages first; more than a few of them go back to the file system.
    const bool roomy = room->unused > room->bytes / 16 + kKeptRoom;
    if (room->unused == 0 || (!roomy && room->bytes <= wanted)) {
        return false;
    }
    if (auto shrunk = impl_->database->execute(kStepVacuum); !shrunk) {
        return tl::unexpected(shrunk.error());
    }
    return true;
}

Result<std::uint64_t> CacheStore::clear(CacheFilter filter, std::int64_t now) {
    if (auto told = tell_others(*impl_->database, filter, now); !told) {
        return tl::unexpected(told.error());
    }
    if (filter.all()) {
        return remove_all(*impl_->database);
    }
    std::uint64_t removed = 0;
    std::int64_t after = 0;
    do {
        const auto step = clear_step(*impl_, filter, after);
        if (!step) {
            return tl::unexpected(step.error());
        }
        removed += static_cast<std::uint64_t>(step->removed);
        after = step->last;
    } while (after != 0);
    return removed;
}

Result<std::int64_t> CacheStore::last_clearing() {
    return impl_->database->integer("SELECT ifnull(max(id), 0) FROM clearings");
}

Result<std::vector<CacheClearing>> CacheStore::clearings(std::int64_t after) {
    auto query = impl_->database->prepare(
        "SELECT id, model, gateway_key, created_before FROM clearings WHERE id > ? ORDER BY id");
    if (!query) {
        return tl::unexpected(query.error());
    }
    query->bind(after);
    std::vector<CacheClearing> clearings;
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return clearings;
        }
        clearings.push_back(
            {query->integer_at(0), {query->text_at(1), query->text_at(2), query->integer_at(3)}});
    }
}

}  // namespace llmgw
