// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/cache_key.h"
#include "common/base/error.h"
#include "common/base/money.h"

namespace llmgw {

/// An answer as it is stored. Times are Unix milliseconds.
struct CacheEntry {
    CacheKey key;
    std::optional<CacheKey> guard;  ///< by which near-duplicates find it
    std::int64_t created = 0, expires = 0;
    std::string model;
    std::string gateway_key;  ///< id of the key it was made for
    std::uint64_t tokens = 0;
    std::optional<Money> cost;
    std::string value;  ///< not looked into; stored compressed
};

/// What has come of the cache.
struct CacheCounts {
    std::uint64_t hits = 0, misses = 0;
    std::uint64_t coalesced = 0;  ///< requests that shared another one's call
    std::uint64_t tokens_saved = 0;
    Money saved;  ///< as far as prices are known

    CacheCounts& operator+=(const CacheCounts& other);
    bool operator==(const CacheCounts&) const = default;
};

/// What is written in one transaction.
struct CacheBatch {
    std::vector<CacheEntry> entries;
    std::vector<CacheKey> used;  ///< of entries that have been served since
    CacheCounts counts;          ///< to be added
    std::int64_t now = 0;
};

struct CacheStatus {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;             ///< of the file that are in use
    std::optional<std::int64_t> oldest;  ///< when the oldest entry was created
    CacheCounts counts;
};

/// Which entries are to be removed; what is not set lets everything pass.
struct CacheFilter {
    std::string model;  ///< a pattern as of matches_glob()
    std::string gateway_key;
    std::optional<std::int64_t> created_before;

    [[nodiscard]] bool matches(std::string_view entry_model, std::string_view entry_key,
                               std::int64_t created) const;
    /// Nothing is set.
    [[nodiscard]] bool all() const;
};

/// A removal that some process has asked for: others drop from their memory what it matches.
struct CacheClearing {
    std::int64_t id = 0;  ///< grows
    CacheFilter filter;   ///< created_before is always set
};

/// cache.db: answers, deletable at any time. One CacheStore is one connection, used by one thread
/// at a time; any number of processes may have the file open. All that is done to it is done in
/// small steps, so that nobody waits for a lock for long, and nothing reads through the table.
class CacheStore {
  public:
    /// Opens the file, creating it (0600) and bringing it to the newest schema. A lock is waited
    /// for at most `lock_wait_ms`, now and later. Errors as Store::open(); `damaged` gets whether
    /// the file is damaged.
    [[nodiscard]] static Result<std::unique_ptr<CacheStore>> open(const std::string& path,
                                                                  int lock_wait_ms,
                                                                  bool* damaged = nullptr);
    /// Renames a damaged file to `….damaged`, in place of an earlier one, so that another can be
    /// begun.
    [[nodiscard]] static Result<void> set_aside(const std::string& path);
    ~CacheStore();
    CacheStore(const CacheStore&) = delete;
    CacheStore& operator=(const CacheStore&) = delete;

    /// Whether the file was deleted or replaced since it was opened.
    [[nodiscard]] bool is_gone() const;
    [[nodiscard]] bool is_damaged() const;

    /// The value stored under a key, unless it has expired. A damaged value is none.
    [[nodiscard]] Result<std::optional<std::string>> find(const CacheKey& key, std::int64_t now);
    /// That of the newest entry with this guard.
    [[nodiscard]] Result<std::optional<std::string>> find_near(const CacheKey& guard,
                                                               std::int64_t now);
    static constexpr std::size_t kMaxValue = 256 * 1024 * 1024;

    /// All of it, or nothing; but for entries that a clearing matches, told since they were
    /// created.
    [[nodiscard]] Result<void> write(const CacheBatch& batch);

    /// Removes some of what has expired, or was used longest ago while the file holds more than
    /// `max_bytes`, and gives some of the room back to the file system. Whether there is more to
    /// do.
    [[nodiscard]] Result<bool> trim(std::int64_t max_bytes, std::int64_t now);

    /// Removes what matches, step by step: how many entries. Without created_before, now's.
    [[nodiscard]] Result<std::uint64_t> clear(CacheFilter filter, std::int64_t now);
    /// The clearings after the one with that id, oldest first. Those of the last day are known.
    [[nodiscard]] Result<std::vector<CacheClearing>> clearings(std::int64_t after);
    [[nodiscard]] Result<std::int64_t> last_clearing();

    [[nodiscard]] Result<CacheStatus> status();

    class Impl;

  private:
    explicit CacheStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace llmgw
