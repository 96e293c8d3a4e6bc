// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "common/store/log_store.h"
#include "common/store/settings.h"
#include "daemon/portkey/header_counts.h"
#include "daemon/routing/decision.h"

namespace llmgw {

/// The log's writer: takes rows from the loop's thread without ever making it wait, and writes them
/// in batches on a thread of its own. What cannot be written (a full disk, a locked or damaged
/// file) is kept for a while, then dropped and counted; it is never an error of a request. It also
/// removes what is too old or too much.
class RequestLog {
  public:
    /// Reads the health in the log, if there is one; a log that cannot be opened now is tried again
    /// later. Takes milliseconds.
    RequestLog(std::string path, const LogSettings& settings);
    /// Writes what is left.
    ~RequestLog();
    RequestLog(const RequestLog&) = delete;
    RequestLog& operator=(const RequestLog&) = delete;

    /// The health that the last gateway saved.
    [[nodiscard]] const SavedHealth& saved_health() const { return saved_health_; }

    /// A request's call, or a failed attempt's. The decision (of a request; attempts have none) is
    /// turned into text on the writer's thread. Takes no memory but for more calls than ever
    /// waited before. Any thread.
    void add(CallView call, std::shared_ptr<const Decision> decision);
    /// Has what a request sent of Portkey's headers counted. Any thread.
    void count_portkey(const std::vector<PortkeyHeaderUse>& uses);
    /// Has health written soon. Any thread.
    void save_health(SavedHealth health);
    /// Any thread.
    void configure(const LogSettings& settings);

    // Rows since the start. Any thread.
    [[nodiscard]] std::uint64_t logged() const { return logged_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    /// What waits for the writer.
    struct Work {
        struct Reason {
            std::size_t call = 0;  // as of LoggedDecision
            std::shared_ptr<const Decision> decision;
        };
        CallBatch calls;
        std::vector<Reason> reasons;
        SavedHealth health;
        PortkeyHeaderCounts portkey;
        [[nodiscard]] bool empty() const {
            return calls.empty() && health.rows.empty() && !health.rests && portkey.empty();
        }
    };

    // On the writer's thread, but for the first opening.
    void run(const std::stop_token& stop);
    void collect(const std::stop_token& stop);
    [[nodiscard]] std::chrono::milliseconds patience() const;
    bool open(int lock_wait_ms);
    bool begin_anew();
    void write(bool last);
    bool write_all(bool last);
    bool write_calls();
    bool write_health();
    bool write_portkey();
    bool done(const Result<void>& result);
    bool prune(bool last);
    void give_up();

    const std::string path_;
    std::atomic<std::uint64_t> logged_ = 0;
    std::atomic<std::uint64_t> dropped_ = 0;
    SavedHealth saved_health_;

    // The writer's own.
    std::unique_ptr<LogStore> store_;
    std::deque<Work> batches_;  // whose writing failed, or that are being written
    SavedHealth unsaved_health_;
    PortkeyHeaderCounts unsaved_portkey_;
    bool failing_ = false;
    bool damaged_ = false;   // to be renamed before anything else
    bool prunable_ = false;  // there is more to prune at once
    bool busy_ = false;      // the last batch was a large one
    std::chrono::steady_clock::time_point next_prune_;

    std::mutex mutex_;
    std::condition_variable_any wake_;
    Work work_;                  // guarded by mutex_
    LogSettings settings_;       // guarded by mutex_
    CallBatch spare_;            // written, for its memory; guarded by mutex_
    std::size_t unwritten_ = 0;  // calls, also of the batches; guarded by mutex_
    std::jthread thread_;        // the last member: it uses the others
};

}  // namespace llmgw
