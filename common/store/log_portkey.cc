// SPDX-License-Identifier: Apache-2.0
#include "common/store/log_store_impl.h"

namespace llmgw {

namespace {

// What clients call themselves is up to them. Those that were seen longest ago go.
constexpr std::int64_t kMostRows = 10'000;

Result<void> add_rows(Database& database, std::span<const PortkeyHeaderUse> uses) {
    auto add = database.prepare(
        "INSERT INTO portkey_headers (key, client, header, requests, last_seen) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (key, client, header) DO UPDATE SET "
        "requests = requests + excluded.requests, "
        "last_seen = max(last_seen, excluded.last_seen)");
    if (!add) {
        return tl::unexpected(add.error());
    }
    for (const PortkeyHeaderUse& use : uses) {
        add->rewind().bind(use.key, use.client, use.header, use.requests, use.last_seen);
        if (auto added = add->run(); !added) {
            return added;
        }
    }
    return {};
}

Result<void> remove_oldest(Database& database) {
    const auto rows = database.integer("SELECT count(*) FROM portkey_headers");
    if (!rows || *rows <= kMostRows) {
        return rows ? Result<void>() : tl::unexpected(rows.error());
    }
    auto remove = database.prepare(
        "DELETE FROM portkey_headers WHERE (key, client, header) IN "
        "(SELECT key, client, header FROM portkey_headers ORDER BY last_seen LIMIT ?)");
    if (!remove) {
        return tl::unexpected(remove.error());
    }
    return remove->bind(*rows - kMostRows).run();
}

}  // namespace

Result<void> LogStore::add_portkey_headers(std::span<const PortkeyHeaderUse> uses) {
    Database& database = *impl_->database;
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    if (auto added = add_rows(database, uses); !added) {
        return added;
    }
    if (auto removed = remove_oldest(database); !removed) {
        return removed;
    }
    return transaction->commit();
}

Result<std::vector<PortkeyHeaderUse>> LogStore::portkey_headers(std::int64_t since) {
    auto query = impl_->database->prepare(
        "SELECT key, client, header, requests, last_seen FROM portkey_headers "
        "WHERE last_seen >= ? ORDER BY header, requests DESC, key, client");
    if (!query) {
        return tl::unexpected(query.error());
    }
    query->bind(since);
    std::vector<PortkeyHeaderUse> uses;
    while (true) {
        const auto found = query->step();
        if (!found) {
            return tl::unexpected(found.error());
        }
        if (!*found) {
            return uses;
        }
        PortkeyHeaderUse& use = uses.emplace_back();
        use.key = query->text_at(0);
        use.client = query->text_at(1);
        use.header = query->text_at(2);
        use.requests = query->integer_at(3);
        use.last_seen = query->integer_at(4);
    }
}

}  // namespace llmgw
