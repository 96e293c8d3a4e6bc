// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/store/settings.h"
#include "daemon/cache/cache_disk.h"
#include "daemon/cache/cached_answer.h"
#include "daemon/cache/memory_cache.h"
#include "daemon/net/loop.h"
#include "daemon/net/task.h"

namespace llmgw {

/// An answer to a request that is nearly the same.
struct NearAnswer {
    SharedAnswer answer;  ///< nullptr: none
    double similarity = 0;
};

/// The response cache: answers in memory in front of cache.db. Owned by the gateway; only for the
/// loop's thread. While it is off it holds and opens nothing, and it has no threads until it has
/// been on.
class ResponseCache {
  public:
    ResponseCache(Loop& loop, std::string path);
    ~ResponseCache();
    ResponseCache(const ResponseCache&) = delete;
    ResponseCache& operator=(const ResponseCache&) = delete;

    /// To be called with the settings at the start and whenever they have changed.
    void configure(const CacheSettings& settings);
    [[nodiscard]] bool enabled() const { return settings_.enabled; }
    [[nodiscard]] const CacheSettings& settings() const { return settings_; }

    /// What is in memory, at once.
    [[nodiscard]] SharedAnswer peek(const CacheKey& key);
    /// The stored answer, or nullptr. Asks cache.db when it is not in memory, for kMaxWait at most.
    /// Counts nothing: see hit() and missed().
    Task<SharedAnswer> lookup(CacheKey key);
    /// The same for an answer whose similarity to `print` is at least the threshold.
    Task<NearAnswer> lookup_near(NearPrint print);
    static constexpr std::chrono::milliseconds kMaxWait{200};

    /// Stores an answer that is_storable(): sets stored_at, and expires_at by `ttl_ms` (default:
    /// the setting). Not one over cache.max_entry.
    void put(const CacheKey& key, std::shared_ptr<CachedAnswer> answer,
             std::optional<std::int64_t> ttl_ms = std::nullopt);

    // What has come of a request.
    void hit(const CacheKey& key, const CachedAnswer& answer);
    void missed();
    void coalesced(const CachedAnswer& answer);  ///< it shared the call that brought this answer

    /// Removes what matches, from memory soon and from cache.db a little later.
    void clear(const CacheFilter& filter);

    /// Since the start.
    [[nodiscard]] const CacheCounts& counts() const { return counts_; }
    [[nodiscard]] std::size_t memory_bytes() const { return memory_ ? memory_->bytes() : 0; }
    [[nodiscard]] std::size_t memory_entries() const { return memory_ ? memory_->size() : 0; }

  private:
    struct Question;

    Task<SharedAnswer> ask_disk(CacheKey key, CacheDisk::By by);
    void sweep(std::shared_ptr<const std::vector<CacheClearing>> clearings, std::size_t cursor);
    void count(const CacheCounts& more);

    Loop& loop_;
    std::string path_;
    CacheSettings settings_{};
    CacheCounts counts_;
    std::shared_ptr<ResponseCache*> self_;  // what is posted to the loop knows when this has ended
    std::unique_ptr<MemoryCache> memory_;
    std::unique_ptr<CacheDisk> disk_;
};

}  // namespace llmgw
