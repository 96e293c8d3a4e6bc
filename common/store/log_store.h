// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/histogram.h"
#include "common/base/money.h"
#include "common/store/call_batch.h"
#include "common/store/logged_call.h"

namespace llmgw {

/// Why a call went where it went, for append().
struct LoggedDecision {
    std::size_t call = 0;  ///< which of the batch, counted from 0
    std::string json;      ///< decision_json()
};

/// Health of one key and model in one span of time.
struct HealthRow {
    std::string key, model;
    std::int64_t begin = 0;  ///< of the span
    std::uint32_t succeeded = 0, failed = 0;
    double latency_ms = 0;  ///< sum
    std::uint32_t latencies = 0;
    double output_tokens = 0;
    double generation_ms = 0;
};

/// A pause of a key; of all its models when `model` is empty.
struct RestRow {
    std::string key, model;
    std::string reason;  ///< "rate_limited", "refused", "failing"
    std::int64_t since = 0, until = 0;
    int times = 0;
    int status = 0;
    std::string detail;
};

/// Health as it is saved: what is to be added to earlier rows of the same key, model and span, and
/// all rests there are, unless they are as they were.
struct SavedHealth {
    std::vector<HealthRow> rows;
    std::optional<std::vector<RestRow>> rests;
    std::int64_t forget_before = 0;  ///< spans that began earlier are no longer of use
};

/// Which calls are wanted; what is not set lets everything pass.
struct CallFilter {
    std::int64_t limit = 20;
    std::optional<std::int64_t> before = {};  ///< an id: those logged before it
    std::optional<std::int64_t> after = {};   ///< an id: those logged after it
    std::optional<std::int64_t> since = {};   ///< those that ended then or later
    std::optional<std::int64_t> until = {};   ///< those that ended before
    std::string model = {};                   ///< a pattern: * is any run of characters, ? any one
    std::string provider = {}, key = {};
    bool errors = false;    ///< only those that failed()
    bool attempts = false;  ///< failed attempts too, not only requests
    bool oldest_first = false;
};

/// What usage is summed up by; days are UTC's.
enum class UsageBy { model, provider, key, day, route };

/// Requests summed up. Costs that are not known are counted, never taken for zero.
struct UsageRow {
    std::string name;  ///< the model, provider, key, route or day ("2026-11-23")
    std::uint64_t requests = 0, errors = 0;
    std::uint64_t failed_attempts = 0;  ///< calls to providers that another one made up for
    std::uint64_t cache_hits = 0;       ///< requests that the response cache has answered
    std::uint64_t input = 0, cached_input = 0, cache_write = 0, output = 0, reasoning = 0;
    Money cost;  ///< of the requests whose cost is known
    std::uint64_t unknown_costs = 0;
    std::uint64_t duration_us = 0;  ///< sum over those that succeeded
    Histogram durations;            ///< microseconds, of the same
    Histogram first_bytes;          ///< of those where it is known

    UsageRow& operator+=(const UsageRow& other);
};

/// How often a client has sent a header of Portkey's.
struct PortkeyHeaderUse {
    std::string key;     ///< Vault::short_id() of its gateway key; empty without one
    std::string client;  ///< its User-Agent
    std::string header;  ///< the name behind "x-portkey-"
    std::int64_t requests = 0;
    std::int64_t last_seen = 0;
};

/// What LogStore::prune() removes.
struct PruneLimits {
    std::int64_t before = 0;        ///< calls that ended before this time
    std::int64_t usage_before = 0;  ///< sums of hours before this time
    std::int64_t max_bytes = 0;     ///< of the file; the oldest calls go; 0: any size
};

/// log.db: the calls, hourly sums of them, and the health of keys. The sums are written with the
/// calls and are their index, too: they know the range of ids of each hour, model, provider and
/// key, so that nothing ever reads through the log. One LogStore is one connection, used by one
/// thread at a time; any number of processes may have the log open.
class LogStore {
  public:
    /// Opens the log, creating it (0600) and bringing it to the newest schema. A lock is waited for
    /// at most `lock_wait_ms`, now and later. Errors as Store::open(); `damaged` gets whether the
    /// file is damaged.
    [[nodiscard]] static Result<std::unique_ptr<LogStore>> open(const std::string& path,
                                                                int lock_wait_ms,
                                                                bool* damaged = nullptr);
    /// Renames a log, with its write-ahead log, so that another can be begun: the new name.
    [[nodiscard]] static Result<std::string> set_aside(const std::string& path);
    ~LogStore();
    LogStore(const LogStore&) = delete;
    LogStore& operator=(const LogStore&) = delete;

    /// Whether the file was deleted or replaced since it was opened.
    [[nodiscard]] bool is_gone() const;
    /// Whether the file has turned out to be damaged.
    [[nodiscard]] bool is_damaged() const;
    /// Changes the wait for locks.
    void set_lock_wait(int milliseconds);

    /// All of them, or none.
    [[nodiscard]] Result<void> append(const CallBatch& calls,
                                      std::span<const LoggedDecision> decisions);

    /// Newest first.
    [[nodiscard]] Result<std::vector<LoggedCall>> calls(const CallFilter& filter);
    /// A request's failed attempts and then its outcome, by the id of any of these rows or by its
    /// request id (clients may send one twice: the newest). Empty when there is none.
    [[nodiscard]] Result<std::vector<LoggedCall>> request(std::string_view id);
    /// The decision of a call; empty without one.
    [[nodiscard]] Result<std::string> decision(std::int64_t id);
    [[nodiscard]] Result<std::int64_t> count();
    /// The id of the newest call; 0 without one.
    [[nodiscard]] Result<std::int64_t> newest();

    /// By name; `since` and `until` as of whole hours.
    [[nodiscard]] Result<std::vector<UsageRow>> usage(UsageBy by, std::optional<std::int64_t> since,
                                                      std::optional<std::int64_t> until);

    [[nodiscard]] Result<void> save_health(const SavedHealth& health);
    [[nodiscard]] Result<SavedHealth> health();

    /// Adds to what is known of the same keys, clients and headers.
    [[nodiscard]] Result<void> add_portkey_headers(std::span<const PortkeyHeaderUse> uses);
    /// Those seen then or later, by header, the most frequent first.
    [[nodiscard]] Result<std::vector<PortkeyHeaderUse>> portkey_headers(std::int64_t since);

    /// Removes a small part of what is over a limit, oldest first and in whole blocks of calls, and
    /// gives a part of the room back to the file system. Whether there is more to do.
    [[nodiscard]] Result<bool> prune(const PruneLimits& limits);
    /// Merges the write-ahead log into the file, which has its final size then.
    [[nodiscard]] Result<void> checkpoint();

  private:
    class Impl;
    explicit LogStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace llmgw
