// SPDX-License-Identifier: Apache-2.0
#include "common/store/log_store_impl.h"

namespace llmgw {

namespace {

Result<void> add_rows(Database& database, const std::vector<HealthRow>& rows) {
    auto add = database.prepare(
        "INSERT INTO health (begin, key, model, succeeded, failed, latency_ms, latencies, "
        "output_tokens, generation_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (begin, key, model) DO UPDATE SET succeeded = succeeded + excluded.succeeded, "
        "failed = failed + excluded.failed, latency_ms = latency_ms + excluded.latency_ms, "
        "latencies = latencies + excluded.latencies, "
        "output_tokens = output_tokens + excluded.output_tokens, "
        "generation_ms = generation_ms + excluded.generation_ms");
    if (!add) {
        return tl::unexpected(add.error());
    }
    for (const HealthRow& row : rows) {
        add->rewind().bind(row.begin, row.key, row.model, row.succeeded, row.failed, row.latency_ms,
                           row.latencies, row.output_tokens, row.generation_ms);
        if (auto added = add->run(); !added) {
            return added;
        }
    }
    return {};
}

Result<void> replace_rests(Database& database, const std::vector<RestRow>& rests) {
    if (auto cleared = database.execute("DELETE FROM rests"); !cleared) {
        return cleared;
    }
    auto insert = database.prepare(
        "INSERT OR REPLACE INTO rests (key, model, reason, since, until, times, status, detail) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    if (!insert) {
        return tl::unexpected(insert.error());
    }
    for (const RestRow& rest : rests) {
        insert->rewind().bind(rest.key, rest.model, rest.reason, rest.since, rest.until, rest.times,
                              rest.status, rest.detail);
        if (auto inserted = insert->run(); !inserted) {
            return inserted;
        }
    }
    return {};
}

Result<std::vector<HealthRow>> read_rows(Database& database) {
    auto query = database.prepare(
        "SELECT begin, key, model, succeeded, failed, latency_ms, latencies, output_tokens, "
        "generation_ms FROM health");
    if (!query) {
        return tl::unexpected(query.error());
    }
    std::vector<HealthRow> rows;
    while (true) {
        const auto found = query->step();
        if (!found) {
            return tl::unexpected(found.error());
        }
        if (!*found) {
            return rows;
        }
        HealthRow& row = rows.emplace_back();
        row.begin = query->integer_at(0);
        row.key = query->text_at(1);
        row.model = query->text_at(2);
        row.succeeded = static_cast<std::uint32_t>(query->integer_at(3));
        row.failed = static_cast<std::uint32_t>(query->integer_at(4));
        row.latency_ms = query->real_at(5);
        row.latencies = static_cast<std::uint32_t>(query->integer_at(6));
        row.output_tokens = query->real_at(7);
        row.generation_ms = query->real_at(8);
    }
}

Result<std::vector<RestRow>> read_rests(Database& database) {
    auto query = database.prepare(
        "SELECT key, model, reason, since, until, times, status, detail FROM rests");
    if (!query) {
        return tl::unexpected(query.error());
    }
    std::vector<RestRow> rests;
    while (true) {
        const auto found = query->step();
        if (!found) {
            return tl::unexpected(found.error());
        }
        if (!*found) {
            return rests;
        }
        RestRow& rest = rests.emplace_back();
        rest.key = query->text_at(0);
        rest.model = query->text_at(1);
        rest.reason = query->text_at(2);
        rest.since = query->integer_at(3);
        rest.until = query->integer_at(4);
        rest.times = static_cast<int>(query->integer_at(5));
        rest.status = static_cast<int>(query->integer_at(6));
        rest.detail = query->text_at(7);
    }
}

}  // namespace

Result<void> LogStore::save_health(const SavedHealth& health) {
    Database& database = *impl_->database;
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    if (auto added = add_rows(database, health.rows); !added) {
        return added;
    }
    if (health.rests) {
        if (auto replaced = replace_rests(database, *health.rests); !replaced) {
            return replaced;
        }
    }
    {
        auto forget = database.prepare("DELETE FROM health WHERE begin < ?");
        if (!forget) {
            return tl::unexpected(forget.error());
        }
        if (auto forgotten = forget->bind(health.forget_before).run(); !forgotten) {
            return forgotten;
        }
    }
    return transaction->commit();
}

Result<SavedHealth> LogStore::health() {
    Database& database = *impl_->database;
    const auto transaction = Transaction::begin_reading(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    SavedHealth health;
    auto rows = read_rows(database);
    if (!rows) {
        return tl::unexpected(rows.error());
    }
    auto rests = read_rests(database);
    if (!rests) {
        return tl::unexpected(rests.error());
    }
    health.rows = *std::move(rows);
    health.rests = *std::move(rests);
    return health;
}

}  // namespace llmgw
