// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "common/store/log_store_impl.h"
#include "common/store/log_sums.h"
#include "common/store/request_ids.h"

namespace llmgw {

namespace {

Result<void> insert_blocks(Database& database, std::int64_t first_id,
                           const std::vector<CallBatch::Block>& blocks) {
    auto insert = database.prepare(
        "INSERT INTO call_blocks (first_id, size, last_end, calls) VALUES (?, ?, ?, ?)");
    if (!insert) {
        return tl::unexpected(insert.error());
    }
    for (const CallBatch::Block& block : blocks) {
        insert->rewind().bind(first_id, block.size, block.last_end, Blob{block.bytes});
        if (auto inserted = insert->run(); !inserted) {
            return inserted;
        }
        first_id += static_cast<std::int64_t>(block.size);
    }
    return {};
}

Result<void> insert_decisions(Database& database, std::int64_t first_id,
                              std::span<const LoggedDecision> decisions) {
    auto insert = database.prepare("INSERT INTO decisions (call, json) VALUES (?, ?)");
    if (!insert) {
        return tl::unexpected(insert.error());
    }
    for (const LoggedDecision& decision : decisions) {
        insert->rewind().bind(first_id + static_cast<std::int64_t>(decision.call), decision.json);
        if (auto inserted = insert->run(); !inserted) {
            return inserted;
        }
    }
    return {};
}

// Adds calls to the sums of their groups; most of a batch belong to the same few.
Result<void> add_sums(Database& database, const std::vector<CallView>& calls) {
    std::map<UsageGroup, UsageSums> groups;  // the names are those of the calls
    auto last = groups.end();
    for (const CallView& call : calls) {
        const UsageGroup group{hour_of(call.end()), call.model, call.provider, call.key,
                               call.route};
        if (last == groups.end() || last->first != group) {
            last = groups.try_emplace(group).first;
        }
        last->second.count(call);
    }
    for (const auto& [group, sums] : groups) {
        if (auto added = add_usage(database, group, sums); !added) {
            return added;
        }
    }
    return {};
}

Result<void> move_end(Database& database, std::int64_t last_id) {
    auto end = database.prepare("UPDATE log_end SET id = ?");
    if (!end) {
        return tl::unexpected(end.error());
    }
    return end->bind(last_id).run();
}

}  // namespace

Result<void> LogStore::append(const CallBatch& batch, std::span<const LoggedDecision> decisions) {
    Database& database = *impl_->database;
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    const auto last = database.integer("SELECT id FROM log_end");
    if (!last) {
        return tl::unexpected(last.error());
    }
    const std::int64_t first_id = *last + 1;
    const auto blocks = batch.blocks();
    std::vector<CallView> calls;
    calls.reserve(batch.size());
    for (const CallBatch::Block& block : blocks) {
        const auto id = first_id + static_cast<std::int64_t>(calls.size());
        if (auto read = read_block(block.bytes, id, calls); !read) {
            return read;
        }
    }
    if (auto added = insert_blocks(database, first_id, blocks); !added) {
        return added;
    }
    if (auto added = insert_decisions(database, first_id, decisions); !added) {
        return added;
    }
    if (auto added = add_request_ids(database, first_id, calls); !added) {
        return added;
    }
    if (auto added = add_sums(database, calls); !added) {
        return added;
    }
    if (auto moved = move_end(database, *last + static_cast<std::int64_t>(batch.size())); !moved) {
        return moved;
    }
    return transaction->commit();
}

}  // namespace llmgw
