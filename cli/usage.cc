// SPDX-License-Identifier: Apache-2.0
#include "cli/usage.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/log_rows.h"
#include "cli/logs.h"
#include "cli/output.h"
#include "cli/usage_portkey.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

constexpr double kMedian = 0.5;
constexpr double kTail = 0.95;

UsageBy by_of(const std::string& name) {
    return name == "provider" ? UsageBy::provider
           : name == "key"    ? UsageBy::key
           : name == "day"    ? UsageBy::day
           : name == "route"  ? UsageBy::route
                              : UsageBy::model;
}

// Nothing is known of the cost when no request's is.
std::optional<Money> known_cost(const UsageRow& row) {
    return row.cost.nano == 0 && row.unknown_costs > 0 ? std::nullopt : std::optional(row.cost);
}

std::optional<std::int64_t> mean_us(const UsageRow& row) {
    const std::uint64_t count = row.durations.count();
    return count == 0 ? std::nullopt
                      : std::optional(static_cast<std::int64_t>(row.duration_us / count));
}

std::optional<std::int64_t> quantile_us(const Histogram& histogram, double part) {
    const auto value = histogram.quantile(part);
    return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

Json usd_json(const std::optional<Money>& cost) {
    constexpr double kNano = 1e9;
    return cost ? Json(static_cast<double>(cost->nano) / kNano) : Json();
}

Json ms_json(std::optional<std::int64_t> microseconds) {
    constexpr std::int64_t kMilli = 1000;
    return microseconds ? Json((*microseconds + kMilli / 2) / kMilli) : Json();
}

Json row_json(const std::string& by, const UsageRow& row) {
    return {{by, row.name.empty() ? Json() : Json(row.name)},
            {"requests", row.requests},
            {"errors", row.errors},
            {"failed_attempts", row.failed_attempts},
            {"cache_hits", row.cache_hits},
            {"input_tokens", row.input},
            {"cached_input_tokens", row.cached_input},
            {"cache_write_tokens", row.cache_write},
            {"output_tokens", row.output},
            {"reasoning_tokens", row.reasoning},
            {"cost_usd", usd_json(known_cost(row))},
            {"unknown_costs", row.unknown_costs},
            {"mean_ms", ms_json(mean_us(row))},
            {"p50_ms", ms_json(quantile_us(row.durations, kMedian))},
            {"p95_ms", ms_json(quantile_us(row.durations, kTail))},
            {"first_byte_p50_ms", ms_json(quantile_us(row.first_bytes, kMedian))},
            {"first_byte_p95_ms", ms_json(quantile_us(row.first_bytes, kTail))}};
}

// How many of the requests the response cache has answered.
std::string hit_rate(const UsageRow& row) {
    const std::uint64_t requests = std::max<std::uint64_t>(row.requests, 1);
    return std::to_string((row.cache_hits * 100 + requests / 2) / requests) + "%";
}

std::vector<Cell> row_cells(const UsageRow& row, bool terminal, Style style) {
    const auto right = [style](std::string text) {
        return Cell{.text = std::move(text), .style = style, .right = true};
    };
    const auto time = [&](std::optional<std::int64_t> microseconds) {
        return right(microseconds ? show_micros(*microseconds, terminal) : "-");
    };
    return {{row.name.empty() ? "-" : printable(row.name), style},
            right(std::to_string(row.requests)),
            right(std::to_string(row.errors)),
            right(hit_rate(row)),
            right(std::to_string(row.input + row.cached_input + row.cache_write)),
            right(std::to_string(row.cached_input)),
            right(std::to_string(row.output + row.reasoning)),
            right(show_cost(known_cost(row))),
            right(std::to_string(row.unknown_costs)),
            time(mean_us(row)),
            time(quantile_us(row.durations, kMedian)),
            time(quantile_us(row.durations, kTail))};
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    return text;
}

Result<std::vector<UsageRow>> read_usage(const UsageOptions& options) {
    const auto store = open_existing_log();
    if (!store) {
        return tl::unexpected(store.error());
    }
    if (*store == nullptr) {
        return std::vector<UsageRow>();
    }
    auto rows = (*store)->usage(by_of(options.by), time_ago(options.since), std::nullopt);
    if (rows && options.by != "day") {
        std::stable_sort(rows->begin(), rows->end(), [](const UsageRow& a, const UsageRow& b) {
            return std::pair(a.cost.nano, a.requests) > std::pair(b.cost.nano, b.requests);
        });
    }
    return rows;
}

}  // namespace

Result<int> run_usage(const GlobalOptions& global, const UsageOptions& options) {
    if (options.by == "portkey-header") {
        return run_portkey_usage(global, options);
    }
    const auto rows = read_usage(options);
    if (!rows) {
        return tl::unexpected(rows.error());
    }
    if (global.json) {
        Json list = Json::array();
        for (const auto& row : *rows) {
            list.push_back(row_json(options.by, row));
        }
        write_out(print_json(list, 2) + "\n");
        return 0;
    }
    if (rows->empty()) {
        note(global, "there were no requests in the last " + options.since);
        return 0;
    }
    const bool terminal = is_terminal(STDOUT_FILENO);
    Table table({upper(options.by), "REQUESTS", "ERRORS", "HITS", "INPUT", "CACHED", "OUTPUT",
                 "COST", "UNKNOWN", "MEAN", "P50", "P95"});
    UsageRow total;
    for (const auto& row : *rows) {
        table.add(row_cells(row, terminal, Style::plain));
        total += row;
    }
    if (terminal && rows->size() > 1) {
        total.name = "total";
        table.add(row_cells(total, terminal, Style::bold));
    }
    table.print(global);
    return 0;
}

}  // namespace llmgw
