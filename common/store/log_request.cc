// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "common/store/log_store_impl.h"
#include "common/store/request_ids.h"

namespace llmgw {

LoggedCall read_call(const Statement& row) {
    const auto count_at = [&row](int column) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer_at(column), 0));
    };
    LoggedCall call;
    call.id = row.integer_at(0);
    call.time = row.integer_at(1);
    call.request_id = row.text_at(2);
    call.attempt = static_cast<int>(row.integer_at(3));
    call.final = row.integer_at(4) != 0;
    call.endpoint = row.text_at(5);
    call.requested_model = row.text_at(6);
    call.model = row.text_at(7);
    call.provider = row.text_at(8);
    call.key = row.text_at(9);
    call.region = row.text_at(10);
    call.streamed = row.integer_at(11) != 0;
    call.status = static_cast<int>(row.integer_at(12));
    call.error = row.text_at(13);
    call.usage_source = row.text_at(14);
    call.input = count_at(15);
    call.cached_input = count_at(16);
    call.cache_write = count_at(17);
    call.output = count_at(18);
    call.reasoning = count_at(19);
    if (const auto cost = row.optional_at(20)) {
        call.cost = Money{*cost};
    }
    call.first_byte_us = row.optional_at(21);
    call.duration_us = row.integer_at(22);
    call.cached = row.integer_at(23) != 0;
    return call;
}

namespace {

Result<std::optional<LoggedCall>> call_at(Database& database, std::int64_t id) {
    auto query = database.prepare(
        "SELECT id, time, request_id, attempt, final, endpoint, requested_model, model, provider, "
        "key, region, streamed, status, error, usage_source, input, cached_input, cache_write, "
        "output, reasoning, cost_nano, first_byte_us, duration_us, cached FROM calls WHERE id = ?");
    if (!query) {
        return tl::unexpected(query.error());
    }
    const auto row = query->bind(id).step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    return *row ? std::optional(read_call(*query)) : std::nullopt;
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
