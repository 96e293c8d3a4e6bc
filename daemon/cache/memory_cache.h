// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "daemon/cache/cached_answer.h"

namespace llmgw {

/// Answers in memory, as many as fit: those whose last use is longest ago go. Everything takes the
/// same time however many there are; what an operation leaves to do is done bit by bit by the next
/// ones. Times are Unix milliseconds. For one thread.
class MemoryCache {
  public:
    explicit MemoryCache(std::size_t max_bytes);
    ~MemoryCache();
    MemoryCache(const MemoryCache&) = delete;
    MemoryCache& operator=(const MemoryCache&) = delete;

    /// The answer of this key unless it has expired; counts as a use.
    [[nodiscard]] SharedAnswer find(const CacheKey& key, std::int64_t now);
    /// The newest answer whose near.guard this is; counts as a use.
    [[nodiscard]] SharedAnswer find_near(const CacheKey& guard, std::int64_t now);

    /// Adds or replaces. An answer larger than all the room there is is not taken.
    void put(const CacheKey& key, SharedAnswer answer, std::int64_t now);
    void remove(const CacheKey& key);

    /// Looks at the next part of the entries and removes those that have expired or that `unwanted`
    /// names. Whether all have been looked at since `cursor` was 0.
    using Unwanted = std::function<bool(const CachedAnswer&)>;
    bool sweep(std::size_t& cursor, std::int64_t now, const Unwanted& unwanted = nullptr);

    /// With a smaller one, entries go until the rest fits.
    void set_max_bytes(std::size_t max_bytes);

    [[nodiscard]] std::size_t size() const { return size_; }
    /// With all that belongs to the entries; never more than the limit after an operation.
    [[nodiscard]] std::size_t bytes() const { return answer_bytes_ + table_bytes(); }

  private:
    struct Node;
    struct ByKey;
    struct ByGuard;
    struct Tables;

    [[nodiscard]] SharedAnswer use(Node* node, std::int64_t now);
    void drop(Node& node);
    void make_room();
    [[nodiscard]] std::size_t table_bytes() const;

    std::unique_ptr<Tables> tables_;
    std::size_t max_bytes_;
    std::size_t answer_bytes_ = 0;
    std::size_t size_ = 0;
    std::size_t cursor_ = 0;  // of the sweep that goes on with every put()
};

}  // namespace llmgw
