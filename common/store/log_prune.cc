// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <utility>

#include "common/store/log_store_impl.h"
#include "common/store/request_ids.h"

namespace llmgw {

namespace {

// A step takes some 10 ms: the writer's next batch does not wait longer. It is more than a batch
// has, so that pruning keeps up with writing.
constexpr std::int64_t kStepCalls = 5000;
constexpr const char* kStepVacuum = "PRAGMA incremental_vacuum(256)";

struct Pages {
    std::int64_t all = 0, unused = 0, size = 0;

    [[nodiscard]] std::int64_t used_bytes() const { return (all - unused) * size; }
    [[nodiscard]] std::int64_t bytes() const { return all * size; }
};

Result<Pages> count_pages(Database& database) {
    Pages pages;
    const std::pair<const char*, std::int64_t*> pragmas[] = {
        {"PRAGMA page_count", &pages.all},
        {"PRAGMA freelist_count", &pages.unused},
        {"PRAGMA page_size", &pages.size},
    };
    for (const auto& [pragma, target] : pragmas) {
        const auto number = database.integer(pragma);
        if (!number) {
            return tl::unexpected(number.error());
        }
        *target = *number;
    }
    return pages;
}

// How many calls have to go for the file to become a tenth smaller than it may be.
std::int64_t calls_too_many(std::int64_t count, const Pages& pages, std::int64_t max_bytes) {
    const double wanted = 0.9 * static_cast<double>(max_bytes);
    const double part = 1 - wanted / static_cast<double>(pages.used_bytes());
    return static_cast<std::int64_t>(static_cast<double>(count) * part) + 1;
}

// The last of the oldest `count` calls, or somewhat more, that ended before a time; 0: none did.
Result<std::int64_t> last_before(Database& database, std::int64_t before, std::int64_t count) {
    auto query =
        database.prepare("SELECT first_id, size, last_end FROM call_blocks ORDER BY first_id");
    if (!query) {
        return tl::unexpected(query.error());
    }
    std::int64_t last = 0;
    while (count > 0) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row || query->integer_at(2) >= before) {
            break;
        }
        last = query->integer_at(0) + query->integer_at(1) - 1;
        count -= query->integer_at(1);
    }
    return last;
}

Result<void> remove(Database& database, std::string_view sql, std::int64_t limit) {
    auto statement = database.prepare(sql);
    if (!statement) {
        return tl::unexpected(statement.error());
    }
    return statement->bind(limit).run();
}

Result<void> remove_to(Database& database, std::int64_t last, std::int64_t usage_before) {
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    for (const std::string_view sql :
         {"DELETE FROM call_blocks WHERE first_id <= ?", "DELETE FROM decisions WHERE call <= ?"}) {
        if (auto removed = remove(database, sql, last); !removed) {
            return removed;
        }
    }
    if (auto removed =
            remove(database, "DELETE FROM request_ids WHERE block < ?", last / kRequestIdBlock);
        !removed) {
        return removed;
    }
    if (auto removed = remove(database, "DELETE FROM usage WHERE hour < ?", hour_of(usage_before));
        !removed) {
        return removed;
    }
    return transaction->commit();
}

}  // namespace

Result<bool> LogStore::prune(const PruneLimits& limits) {
    Database& database = *impl_->database;
    auto pages = count_pages(database);
    if (!pages) {
        return tl::unexpected(pages.error());
    }
    const bool too_large = limits.max_bytes > 0 && pages->used_bytes() > limits.max_bytes;
    std::int64_t before = limits.before;
    std::int64_t count = kStepCalls;
    if (too_large) {
        const auto all = this->count();
        if (!all) {
            return tl::unexpected(all.error());
        }
        before = std::numeric_limits<std::int64_t>::max();
        count = std::min(count, calls_too_many(*all, *pages, limits.max_bytes));
    }
    const auto last = last_before(database, before, count);
    if (!last) {
        return tl::unexpected(last.error());
    }
    if (*last > 0) {
        if (auto removed = remove_to(database, *last, limits.usage_before); !removed) {
            return tl::unexpected(removed.error());
        }
        return true;
    }
    // New calls take unused pages first; more than a few of them go back to the file system.
    const bool roomy = pages->unused > pages->all / 16 + 64;
    if (pages->unused > 0 &&
        (roomy || (limits.max_bytes > 0 && pages->bytes() > limits.max_bytes))) {
        if (auto shrunk = database.execute(kStepVacuum); !shrunk) {
            return tl::unexpected(shrunk.error());
        }
        return true;
    }
    return false;
}

Result<void> LogStore::checkpoint() {
    return impl_->database->execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace llmgw
