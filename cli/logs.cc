// SPDX-License-Identifier: Apache-2.0
#include "cli/logs.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/log_json.h"
#include "cli/log_rows.h"
#include "cli/output.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/base/home.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/store/database.h"
#include "common/store/settings.h"

namespace llmgw {
namespace {

constexpr int kFollowMs = 200;
constexpr std::int64_t kChunk = 1000;

CallFilter filter_of(const LogsListOptions& options) {
    CallFilter filter;
    filter.limit = options.limit;
    if (!options.since.empty()) {
        filter.since = time_ago(options.since);
    }
    filter.model = options.model;
    filter.provider = options.provider;
    filter.key = options.key;
    filter.errors = options.errors;
    return filter;
}

/// Prints rows as they come: nobody knows yet how wide the next ones are.
class Follower {
  public:
    Follower(const GlobalOptions& global, CallFilter filter)
        : global_(global), filter_(std::move(filter)) {}

    /// Never returns but with an error.
    Result<int> run() {
        while (true) {
            if (store_ == nullptr || store_->is_gone()) {
                auto opened = open_existing_log();
                if (!opened) {
                    return tl::unexpected(std::move(opened.error()));
                }
                store_ = *std::move(opened);
                filter_.after = std::nullopt;
            }
            if (store_ != nullptr) {
                if (auto printed = print_new(); !printed) {
                    return tl::unexpected(std::move(printed.error()));
                }
            }
            static_cast<void>(::poll(nullptr, 0, kFollowMs));
        }
    }

  private:
    Result<void> print_new() {
        const auto newest = store_->newest();
        if (!newest) {
            return tl::unexpected(newest.error());
        }
        if (filter_.after == *newest) {
            return {};
        }
        CallFilter wanted = filter_;
        wanted.oldest_first = filter_.after.has_value();
        wanted.limit = wanted.oldest_first ? kChunk : filter_.limit;
        auto calls = store_->calls(wanted);
        if (!calls) {
            return tl::unexpected(std::move(calls.error()));
        }
        if (!wanted.oldest_first) {
            std::reverse(calls->begin(), calls->end());
        }
        std::string text;
        for (const auto& call : *calls) {
            text += global_.json ? call_json_line(call) : line(call);
        }
        write_out(text);
        // What was written between the two looks is printed already; what did not fit is not.
        const std::int64_t last = calls->empty() ? 0 : calls->back().id;
        const bool all =
            !wanted.oldest_first || static_cast<std::int64_t>(calls->size()) < wanted.limit;
        filter_.after = all ? std::max(*newest, last) : last;
        return {};
    }

    [[nodiscard]] std::string line(const LoggedCall& call) const {
        constexpr std::array<std::size_t, 10> kWidths = {20, 3, 28, 14, 7, 7, 10, 8, 16, 0};
        const bool terminal = is_terminal(STDOUT_FILENO);
        // A time that does not get old on the screen.
        auto cells = call_cells(call, terminal);
        cells[0].text = rfc3339(call.time);
        std::string text;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            std::string cell = cells[i].text;
            const std::size_t width = display_width(cell);
            if (terminal && width < kWidths.at(i)) {
                const std::string blanks(kWidths.at(i) - width, ' ');
                cell.insert(cells[i].right ? 0 : cell.size(), blanks);
            }
            const bool color = terminal && use_color(global_, STDOUT_FILENO);
            text += i == 0 ? "" : terminal ? "  " : "\t";
            text += styled(cell, cells[i].style, color);
        }
        return text + "\n";
    }

    const GlobalOptions& global_;
    CallFilter filter_;
    std::unique_ptr<LogStore> store_;
};

Result<std::vector<LoggedCall>> list_calls(const CallFilter& filter) {
    const auto store = open_existing_log();
    if (!store) {
        return tl::unexpected(store.error());
    }
    return *store == nullptr ? std::vector<LoggedCall>() : (*store)->calls(filter);
}

Result<PruneLimits> prune_limits(const LogsPruneOptions& options) {
    PruneLimits limits;
    if (!options.older_than.empty()) {
        limits.before = time_ago(options.older_than);
        return limits;
    }
    const auto session = open_existing_session();
    std::vector<std::pair<std::string, std::string>> stored;
    if (session) {
        auto found = session->store->settings();
        if (!found) {
            return tl::unexpected(std::move(found.error()));
        }
        stored = *std::move(found);
    }
    const auto settings = read_settings(stored);
    if (!settings) {
        return tl::unexpected(settings.error());
    }
    limits.before = unix_ms() - settings->logs.keep_ms;
    limits.max_bytes = settings->logs.max_size;
    return limits;
}

Result<std::int64_t> prune_all(LogStore& store, const PruneLimits& limits) {
    auto before = store.count();
    if (!before) {
        return before;
    }
    while (true) {
        const auto more = store.prune(limits);
        if (!more) {
            return tl::unexpected(more.error());
        }
        if (!*more) {
            break;
        }
    }
    if (auto merged = store.checkpoint(); !merged) {
        return tl::unexpected(std::move(merged.error()));
    }
    const auto after = store.count();
    return after ? Result<std::int64_t>(std::max<std::int64_t>(*before - *after, 0)) : after;
}

}  // namespace

Result<std::unique_ptr<LogStore>> open_existing_log() {
    const auto home = find_home();
    if (!home) {
        return tl::unexpected(home.error());
    }
    if (::access(home->log_database().c_str(), F_OK) != 0) {
        return std::unique_ptr<LogStore>();
    }
    return LogStore::open(home->log_database(), kLockWaitMs);
}

std::int64_t time_ago(const std::string& duration) {
    return unix_ms() - parse_duration_ms(duration).value_or(0);
}

Result<int> run_logs_list(const GlobalOptions& global, const LogsListOptions& options) {
    if (options.follow) {
        return Follower(global, filter_of(options)).run();
    }
    const auto calls = list_calls(filter_of(options));
    if (!calls) {
        return tl::unexpected(calls.error());
    }
    if (global.json) {
        write_out(calls_json(*calls));
        return 0;
    }
    if (calls->empty()) {
        note(global, "no such request is in the log");
        return 0;
    }
    Table table(call_header());
    for (const auto& call : *calls) {
        table.add(call_cells(call, is_terminal(STDOUT_FILENO)));
    }
    table.print(global);
    return 0;
}

Result<int> run_logs_export(const GlobalOptions& /*global*/, const LogsExportOptions& options) {
    const auto store = open_existing_log();
    if (!store || *store == nullptr) {
        return store ? Result<int>(0) : tl::unexpected(store.error());
    }
    CallFilter filter;
    filter.limit = kChunk;
    filter.attempts = true;
    filter.oldest_first = true;
    if (!options.since.empty()) {
        filter.since = time_ago(options.since);
    }
    while (true) {
        const auto calls = (*store)->calls(filter);
        if (!calls) {
            return tl::unexpected(calls.error());
        }
        if (calls->empty()) {
            return 0;
        }
        std::string text;
        for (const auto& call : *calls) {
            const auto decision = (*store)->decision(call.id);
            if (!decision) {
                return tl::unexpected(decision.error());
            }
            text += call_json_line(call, *decision);
        }
        write_out(text);
        filter.after = calls->back().id;
    }
}

Result<int> run_logs_prune(const GlobalOptions& global, const LogsPruneOptions& options) {
    const auto limits = prune_limits(options);
    if (!limits) {
        return tl::unexpected(limits.error());
    }
    if (!options.yes) {
        const std::string which = options.older_than.empty()
                                      ? "what logs.keep and logs.max_size do not keep"
                                      : "requests older than " + options.older_than;
        const auto sure = confirm(global, "Remove " + which + " from the log?", "--yes");
        if (!sure) {
            return tl::unexpected(sure.error());
        }
        if (!*sure) {
            return fail(Errc::failed, "nothing was removed");
        }
    }
    const auto store = open_existing_log();
    if (!store) {
        return tl::unexpected(store.error());
    }
    const auto removed = *store == nullptr ? 0 : prune_all(**store, *limits);
    if (!removed) {
        return tl::unexpected(removed.error());
    }
    if (global.json) {
        write_out(print_json({{"removed", *removed}}, 2) + "\n");
    } else {
        note(global, "removed " + std::to_string(*removed) + (*removed == 1 ? " row" : " rows") +
                         " from the log");
    }
    return 0;
}

}  // namespace llmgw
