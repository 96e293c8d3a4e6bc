// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "common/store/log_store_impl.h"
#include "common/store/log_sums.h"
#include "common/store/request_ids.h"

namespace llmgw {

namespace {

Result<void> insert_call(Statement& insert, std::int64_t id, const LoggedCall& call) {
    const std::optional<std::int64_t> cost =
        call.cost ? std::optional(call.cost->nano) : std::nullopt;
    return insert.rewind()
        .bind(id, call.time, call.request_id, call.attempt, call.final, call.endpoint,
              call.requested_model, call.model, call.provider, call.key, call.region, call.streamed,
              call.status, call.error, call.usage_source, call.input, call.cached_input,
              call.cache_write, call.output, call.reasoning, cost, call.first_byte_us,
              call.duration_us, call.cached)
        .run();
}

Result<void> insert_decision(Database& database, std::int64_t id, const std::string& decision) {
    auto insert = database.prepare("INSERT INTO decisions (call, json) VALUES (?, ?)");
    if (!insert) {
        return tl::unexpected(insert.error());
    }
    return insert->bind(id, decision).run();
}

/// The sums of a batch: most of its calls belong to the same few groups.
class BatchSums {
  public:
    void count(const LoggedCall& call, std::int64_t id) {
        const UsageGroup group{hour_of(end_of(call)), call.model, call.provider, call.key};
        if (last_ == groups_.end() || last_->first != group) {
            last_ = groups_.try_emplace(group).first;
        }
        last_->second.count(call, id);
    }
    [[nodiscard]] Result<void> store(Database& database) const {
        for (const auto& [group, sums] : groups_) {
            if (auto added = add_usage(database, group, sums); !added) {
                return added;
            }
        }
        return {};
    }

  private:
    std::map<UsageGroup, UsageSums> groups_;  // the names are views into the batch
    std::map<UsageGroup, UsageSums>::iterator last_ = groups_.end();
};

// Inserts them under the ids behind `id`, which becomes the last of them.
Result<void> insert_calls(Database& database, std::span<const LoggedCall> calls, std::int64_t& id,
                          BatchSums& sums) {
    auto insert = database.prepare(
        "INSERT INTO calls (id, time, request_id, attempt, final, endpoint, requested_model, "
        "model, provider, key, region, streamed, status, error, usage_source, input, "
        "cached_input, cache_write, output, reasoning, cost_nano, first_byte_us, duration_us, "
        "cached) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    if (!insert) {
        return tl::unexpected(insert.error());
    }
    for (const LoggedCall& call : calls) {
        id++;
        if (auto inserted = insert_call(*insert, id, call); !inserted) {
            return inserted;
        }
        if (!call.decision.empty()) {
            if (auto inserted = insert_decision(database, id, call.decision); !inserted) {
                return inserted;
            }
        }
        sums.count(call, id);
    }
    return {};
}

}  // namespace

Result<void> LogStore::append(std::span<const LoggedCall> calls) {
    Database& database = *impl_->database;
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    auto last = database.integer("SELECT id FROM log_end");
    if (!last) {
        return tl::unexpected(last.error());
    }
    if (auto added = add_request_ids(database, *last + 1, calls); !added) {
        return added;
    }
    BatchSums sums;
    if (auto inserted = insert_calls(database, calls, *last, sums); !inserted) {
        return inserted;
    }
    if (auto stored = sums.store(database); !stored) {
        return stored;
    }
    {
        auto end = database.prepare("UPDATE log_end SET id = ?");
        if (!end) {
            return tl::unexpected(end.error());
        }
        if (auto moved = end->bind(*last).run(); !moved) {
            return moved;
        }
    }
    return transaction->commit();
}

}  // namespace llmgw
