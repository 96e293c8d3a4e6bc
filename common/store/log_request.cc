// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "common/store/log_store_impl.h"
#include "common/store/request_ids.h"

namespace llmgw {

namespace {

/// A block of calls with the id of its first one.
struct StoredBlock {
    std::int64_t first_id = 0;
    std::string bytes;
};

// The block that has a call, if it is still there.
Result<std::optional<StoredBlock>> block_with(Database& database, std::int64_t id) {
    auto query = database.prepare(
        "SELECT first_id, size, calls FROM call_blocks WHERE first_id <= ? "
        "ORDER BY first_id DESC LIMIT 1");
    if (!query) {
        return tl::unexpected(query.error());
    }
    const auto row = query->bind(id).step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    if (!*row || id >= query->integer_at(0) + query->integer_at(1)) {
        return std::nullopt;
    }
    return StoredBlock{query->integer_at(0), query->text_at(2)};
}

Result<std::optional<LoggedCall>> call_at(Database& database, std::int64_t id) {
    const auto block = block_with(database, id);
    if (!block || !*block) {
        return block ? Result<std::optional<LoggedCall>>(std::nullopt)
                     : tl::unexpected(block.error());
    }
    std::vector<CallView> calls;
    if (auto read = read_block((*block)->bytes, (*block)->first_id, calls); !read) {
        return tl::unexpected(read.error());
    }
    const auto index = static_cast<std::size_t>(id - (*block)->first_id);
    return index < calls.size() ? std::optional(copy_of(calls[index])) : std::nullopt;
}

// The rows of the newest request of that id, among those up to `last`.
Result<std::vector<LoggedCall>> rows_of(Database& database, std::string_view request_id,
                                        std::int64_t last) {
    std::vector<LoggedCall> rows;  // newest first
    RequestIdSearch search(database, request_id, last);
    while (rows.empty() || static_cast<int>(rows.size()) < rows.front().attempt) {
        const auto id = search.next();
        if (!id) {
            return tl::unexpected(id.error());
        }
        auto call = *id != 0 ? call_at(database, *id) : std::nullopt;
        if (!call) {
            return tl::unexpected(call.error());
        }
        // Another final row belongs to an earlier request of the same id.
        if (*id == 0 || (*call && (*call)->final && !rows.empty())) {
            break;
        }
        if (*call && (*call)->request_id == request_id) {
            rows.push_back(**std::move(call));
        }
    }
    std::reverse(rows.begin(), rows.end());
    return rows;
}

}  // namespace

Result<std::vector<LoggedCall>> LogStore::request(std::string_view id) {
    Database& database = *impl_->database;
    const auto transaction = Transaction::begin_reading(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    const auto newest_id = newest();
    if (!newest_id) {
        return tl::unexpected(newest_id.error());
    }
    auto rows = rows_of(database, id, *newest_id);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (!rows || !rows->empty() || error != std::errc() || end != id.data() + id.size()) {
        return rows;
    }
    const auto call = call_at(database, number);
    if (!call) {
        return tl::unexpected(call.error());
    }
    if (!*call) {
        return rows;
    }
    return rows_of(database, (*call)->request_id, (*call)->final ? number : *newest_id);
}

Result<std::string> LogStore::decision(std::int64_t id) {
    auto query = impl_->database->prepare("SELECT json FROM decisions WHERE call = ?");
    if (!query) {
        return tl::unexpected(query.error());
    }
    const auto row = query->bind(id).step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    return *row ? query->text_at(0) : std::string();
}

}  // namespace llmgw
