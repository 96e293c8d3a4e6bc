// SPDX-License-Identifier: Apache-2.0
#include "common/store/log_sums.h"

#include <algorithm>
#include <limits>

#include "common/store/database.h"

namespace llmgw {

namespace {

// Sums of what providers send stop at the end of SQLite's integers.
constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

void grow(std::uint64_t& sum, std::uint64_t by) {
    sum = by > kMost - std::min(sum, kMost) ? kMost : sum + by;
}

std::uint64_t count_at(const Statement& row, int column) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer_at(column), 0));
}

}  // namespace

UsageRow& UsageRow::operator+=(const UsageRow& other) {
    for (auto UsageRow::*field :
         {&UsageRow::requests, &UsageRow::errors, &UsageRow::failed_attempts, &UsageRow::cache_hits,
          &UsageRow::input, &UsageRow::cached_input, &UsageRow::cache_write, &UsageRow::output,
          &UsageRow::reasoning, &UsageRow::unknown_costs, &UsageRow::duration_us}) {
        grow(this->*field, other.*field);
    }
    cost += other.cost;
    durations += other.durations;
    first_bytes += other.first_bytes;
    return *this;
}

void UsageSums::count(const CallView& call) {
    first_id = first_id == 0 ? call.id : first_id;
    last_id = call.id;
    // Of a stream that failed, what was estimated is shown with the request but counts for nothing.
    const bool counts = !call.failed() || call.usage_source != "estimated";
    if (counts) {
        sums.cost += call.cost.value_or(Money{});
        grow(sums.input, call.input);
        grow(sums.cached_input, call.cached_input);
        grow(sums.cache_write, call.cache_write);
        grow(sums.output, call.output);
        grow(sums.reasoning, call.reasoning);
    }
    if (!call.final) {
        sums.failed_attempts++;
        return;
    }
    sums.requests++;
    sums.cache_hits += call.cached ? 1 : 0;
    // An answer that was cut off has cost something; one that never began has not.
    const bool answered = call.status > 0 && call.status < 400;
    sums.unknown_costs += answered && !(call.cost && counts) ? 1 : 0;
    if (call.failed()) {
        sums.errors++;
        return;
    }
    const auto duration = static_cast<std::uint64_t>(std::max<std::int64_t>(call.duration_us, 0));
    grow(sums.duration_us, duration);
    sums.durations.add(duration);
    if (call.first_byte_us && *call.first_byte_us >= 0) {
        sums.first_bytes.add(static_cast<std::uint64_t>(*call.first_byte_us));
    }
}

UsageSums read_usage_sums(const Statement& row, int column) {
    UsageSums read;
    read.first_id = row.integer_at(column++);
    read.last_id = row.integer_at(column++);
    for (auto UsageRow::*field :
         {&UsageRow::requests, &UsageRow::errors, &UsageRow::failed_attempts, &UsageRow::cache_hits,
          &UsageRow::input, &UsageRow::cached_input, &UsageRow::cache_write, &UsageRow::output,
          &UsageRow::reasoning}) {
        read.sums.*field = count_at(row, column++);
    }
    read.sums.cost.nano = row.integer_at(column++);
    read.sums.unknown_costs = count_at(row, column++);
    read.sums.duration_us = count_at(row, column++);
    read.sums.durations = Histogram::decode(row.view_at(column++)).value_or(Histogram());
    read.sums.first_bytes = Histogram::decode(row.view_at(column)).value_or(Histogram());
    return read;
}

Result<void> add_usage(Database& database, const UsageGroup& group, const UsageSums& added) {
    UsageSums total = added;
    {
        auto stored = database.prepare(
            "SELECT first_id, last_id, requests, errors, failed_attempts, cache_hits, input, "
            "cached_input, "
            "cache_write, output, reasoning, cost_nano, unknown_costs, duration_us, durations, "
            "first_bytes FROM usage "
            "WHERE hour = ?1 AND model = ?2 AND provider = ?3 AND key = ?4 AND route = ?5");
        if (!stored) {
            return tl::unexpected(stored.error());
        }
        const auto row =
            stored->bind(group.hour, group.model, group.provider, group.key, group.route).step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (*row) {
            const UsageSums before = read_usage_sums(*stored, 0);
            total.sums += before.sums;
            total.first_id = before.first_id;
        }
    }
    auto store = database.prepare(
        "INSERT OR REPLACE INTO usage (hour, model, provider, key, route, first_id, last_id, "
        "requests, "
        "errors, failed_attempts, cache_hits, input, cached_input, cache_write, output, reasoning, "
        "cost_nano, "
        "unknown_costs, duration_us, durations, first_bytes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, :durations, "
        ":first_bytes)");
    if (!store) {
        return tl::unexpected(store.error());
    }
    const UsageRow& sums = total.sums;
    const std::string durations = sums.durations.encode();
    const std::string first_bytes = sums.first_bytes.encode();
    store->bind(group.hour, group.model, group.provider, group.key, group.route, total.first_id,
                total.last_id, sums.requests, sums.errors, sums.failed_attempts, sums.cache_hits,
                sums.input, sums.cached_input, sums.cache_write, sums.output, sums.reasoning,
                sums.cost.nano, sums.unknown_costs, sums.duration_us);
    return store->blob(":durations", durations).blob(":first_bytes", first_bytes).run();
}

}  // namespace llmgw
