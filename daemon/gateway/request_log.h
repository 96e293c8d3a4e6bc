// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "common/store/log_store.h"
#include "common/store/settings.h"
#include "daemon/routing/score.h"

namespace llmgw {

/// The log's writer: takes rows from the loop's thread without ever making it wait, and writes them
/// in batches on a thread of its own. What cannot be written (a full disk, a locked or damaged
/// file) is kept for a while, then dropped and counted; it is never an error of a request.
class RequestLog {
  public:
    /// Opens the log and reads the health in it; a log that cannot be opened now is tried again
    /// later. Takes milliseconds.
    RequestLog(std::string path, const LogSettings& settings);
    /// Writes what is left, for at most a second.
    ~RequestLog();
    RequestLog(const RequestLog&) = delete;
    RequestLog& operator=(const RequestLog&) = delete;

    /// The health that the last gateway saved.
    [[nodiscard]] const SavedHealth& saved_health() const { return saved_health_; }

    /// A request's row, or a failed attempt's. The decision (of a request; attempts have none) is
    /// turned into text on the writer's thread. Costs the loop some 100 ns.
    void add(LoggedCall call, std::shared_ptr<const Decision> decision);
    /// Has health written soon.
    void save_health(SavedHealth health);
    void configure(const LogSettings& settings);

    // Rows since the start. Any thread.
    [[nodiscard]] std::uint64_t logged() const { return logged_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    std::atomic<std::uint64_t> logged_ = 0;
    std::atomic<std::uint64_t> dropped_ = 0;
    SavedHealth saved_health_;
};

}  // namespace llmgw
