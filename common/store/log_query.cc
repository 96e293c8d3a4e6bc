// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <limits>
#include <map>

#include "common/base/text.h"
#include "common/store/log_store_impl.h"
#include "common/store/log_sums.h"

namespace llmgw {

namespace {

constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

/// Ids from the first to the last.
struct IdRange {
    std::int64_t first = 1, last = kLatest;
};

// matches_glob() knows no classes of characters; SQLite's GLOB does.
std::string glob(std::string_view pattern) {
    std::string text;
    for (const char c : pattern) {
        text += c == '[' ? std::string("[[]") : std::string(1, c);
    }
    return text;
}

bool narrows(const CallFilter& filter) {
    return filter.since || filter.until || filter.errors || !filter.model.empty() ||
           !filter.provider.empty() || !filter.key.empty();
}

void bind_filter(Statement& query, const CallFilter& filter) {
    query.text(":model", glob(filter.model))
        .text(":provider", filter.provider)
        .text(":key", filter.key)
        .integer(":errors", std::int64_t{filter.errors});
}

// The ids of the hours in which there are such calls, by the hourly sums.
Result<std::vector<IdRange>> hours_with(Database& database, const CallFilter& filter) {
    auto query = database.prepare(
        "SELECT min(first_id), max(last_id) FROM usage "
        "WHERE hour BETWEEN :since AND :until "
        "AND (:model = '' OR model = '' OR model GLOB :model) "
        "AND (:provider = '' OR provider = :provider) AND (:key = '' OR key = :key) "
        "AND (NOT :errors OR errors + failed_attempts > 0) "
        "GROUP BY hour ORDER BY 1");
    if (!query) {
        return tl::unexpected(query.error());
    }
    bind_filter(*query, filter);
    query->integer(":since", hour_of(filter.since.value_or(0)))
        .integer(":until", hour_of(filter.until.value_or(kLatest)));
    std::vector<IdRange> ranges;
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return ranges;
        }
        const IdRange range{query->integer_at(0), query->integer_at(1)};
        // Hours overlap by the requests that end while the next one begins.
        if (!ranges.empty() && range.first <= ranges.back().last + 1) {
            ranges.back().last = std::max(ranges.back().last, range.last);
        } else {
            ranges.push_back(range);
        }
    }
}

// A query for the blocks that have calls of a range.
constexpr std::string_view kNewestFirst =
    "SELECT first_id, calls FROM call_blocks WHERE first_id <= :last AND first_id >= "
    "(SELECT ifnull(max(first_id), 0) FROM call_blocks WHERE first_id <= :first) "
    "ORDER BY first_id DESC";
constexpr std::string_view kOldestFirst =
    "SELECT first_id, calls FROM call_blocks WHERE first_id <= :last AND first_id >= "
    "(SELECT ifnull(max(first_id), 0) FROM call_blocks WHERE first_id <= :first) "
    "ORDER BY first_id";

bool passes_model(const CallFilter& filter, const CallView& call) {
    return filter.model.empty() || matches_glob(filter.model, call.model) ||
           (call.model.empty() && matches_glob(filter.model, call.requested_model));
}

bool passes(const CallFilter& filter, IdRange range, const CallView& call) {
    return call.id >= range.first && call.id <= range.last && (call.final || filter.attempts) &&
           (!filter.errors || call.failed()) && (!filter.since || call.end() >= *filter.since) &&
           (!filter.until || call.end() < *filter.until) && passes_model(filter, call) &&
           (filter.provider.empty() || call.provider == filter.provider) &&
           (filter.key.empty() || call.key == filter.key);
}

Result<void> read_range(Database& database, const CallFilter& filter, IdRange range,
                        std::vector<LoggedCall>& calls) {
    auto query = database.prepare(filter.oldest_first ? kOldestFirst : kNewestFirst);
    if (!query) {
        return tl::unexpected(query.error());
    }
    query->integer(":first", range.first).integer(":last", range.last);
    std::vector<CallView> block;
    while (static_cast<std::int64_t>(calls.size()) < filter.limit) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return {};
        }
        block.clear();
        if (auto read = read_block(query->view_at(1), query->integer_at(0), block); !read) {
            return read;
        }
        if (!filter.oldest_first) {
            std::reverse(block.begin(), block.end());
        }
        for (const CallView& call : block) {
            if (static_cast<std::int64_t>(calls.size()) == filter.limit) {
                break;
            }
            if (passes(filter, range, call)) {
                calls.push_back(copy_of(call));
            }
        }
    }
    return {};
}

}  // namespace

Result<std::vector<LoggedCall>> LogStore::calls(const CallFilter& filter) {
    Database& database = *impl_->database;
    const auto transaction = Transaction::begin_reading(database);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    Result<std::vector<IdRange>> ranges = std::vector<IdRange>(1);
    if (narrows(filter)) {
        ranges = hours_with(database, filter);
        if (!ranges) {
            return tl::unexpected(ranges.error());
        }
    }
    if (!filter.oldest_first) {
        std::reverse(ranges->begin(), ranges->end());
    }
    std::vector<LoggedCall> calls;
    for (IdRange range : *ranges) {
        range.first = std::max(range.first, filter.after.value_or(0) + 1);
        range.last = std::min(range.last, filter.before.value_or(kLatest) - 1);
        if (static_cast<std::int64_t>(calls.size()) >= filter.limit) {
            break;
        }
        if (range.first > range.last) {
            continue;
        }
        if (auto read = read_range(database, filter, range, calls); !read) {
            return tl::unexpected(read.error());
        }
    }
    return calls;
}

Result<std::vector<UsageRow>> LogStore::usage(UsageBy by, std::optional<std::int64_t> since,
                                              std::optional<std::int64_t> until) {
    auto query = impl_->database->prepare(
        "SELECT hour, model, provider, key, route, first_id, last_id, requests, errors, "
        "failed_attempts, "
        "cache_hits, input, cached_input, cache_write, output, reasoning, cost_nano, "
        "unknown_costs, "
        "duration_us, durations, first_bytes FROM usage WHERE hour BETWEEN :since AND :until");
    if (!query) {
        return tl::unexpected(query.error());
    }
    query->integer(":since", hour_of(since.value_or(0)))
        .integer(":until", hour_of(until.value_or(kLatest)));
    constexpr std::size_t kDateLength = 10;  // of "2026-11-23T09:12:31Z"
    std::map<std::string, UsageRow> sums;
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            break;
        }
        std::string name = by == UsageBy::day
                               ? rfc3339(query->integer_at(0) * kHourMs).substr(0, kDateLength)
                               : query->text_at(by == UsageBy::model      ? 1
                                                : by == UsageBy::provider ? 2
                                                : by == UsageBy::key      ? 3
                                                                          : 4);
        sums[std::move(name)] += read_usage_sums(*query, 5).sums;
    }
    std::vector<UsageRow> rows;
    for (auto& [name, row] : sums) {
        rows.push_back(std::move(row));
        rows.back().name = name;
    }
    return rows;
}

}  // namespace llmgw
