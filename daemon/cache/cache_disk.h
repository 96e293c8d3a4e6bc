// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/store/cache_store.h"
#include "daemon/cache/cached_answer.h"

namespace llmgw {

/// cache.db as the event loop sees it: a thread that reads and one that writes, so that nothing
/// waits for SQLite. Whatever is wrong with the file (locked, full, damaged, deleted) is a miss and
/// a warning in the log; a damaged one is set aside and begun anew. Every function may be called by
/// any thread and returns at once.
class CacheDisk {
  public:
    /// Called by the writer's thread: other processes, or clear(), have removed entries.
    using OnClearings = std::function<void(std::vector<CacheClearing>)>;
    /// Called by the reader's thread with what was found, or nullptr.
    using OnRead = std::function<void(SharedAnswer)>;

    CacheDisk(std::string path, OnClearings on_clearings);
    /// Writes what is left, for at most a second.
    ~CacheDisk();
    CacheDisk(const CacheDisk&) = delete;
    CacheDisk& operator=(const CacheDisk&) = delete;

    /// Nothing is open, and nothing is done, until it is called with true.
    void use(bool enabled, std::int64_t max_bytes);

    enum class By { key, guard };
    /// False, and nothing is called, when too many wait already.
    [[nodiscard]] bool read(const CacheKey& key, By by, OnRead on_read);
    /// Dropped and counted when too much waits to be written.
    void write(const CacheKey& key, SharedAnswer answer);
    void note(const CacheCounts& more);
    void note_use(const CacheKey& key);
    void clear(CacheFilter filter);

    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    struct Question {
        CacheKey key;
        By by;
        OnRead on_read;
    };
    struct Writer;

    void run_reader(const std::stop_token& stop);
    void run_writer(const std::stop_token& stop);
    void write_step(Writer& writer);
    void take_work(Writer& writer);
    void tell_clearings(Writer& writer);
    void trim(Writer& writer);

    const std::string path_;
    const OnClearings on_clearings_;
    std::atomic<std::uint64_t> dropped_ = 0;

    std::mutex mutex_;
    std::condition_variable_any reader_wake_, writer_wake_;
    // All of these are guarded by mutex_.
    bool enabled_ = false;
    std::int64_t max_bytes_ = 0;
    std::deque<Question> questions_;
    std::deque<std::pair<CacheKey, SharedAnswer>> answers_;
    std::size_t answer_bytes_ = 0;
    std::vector<CacheKey> used_;
    CacheCounts counts_;
    std::vector<CacheFilter> filters_;

    std::jthread reader_, writer_;  // last: they use everything above
};

}  // namespace llmgw
