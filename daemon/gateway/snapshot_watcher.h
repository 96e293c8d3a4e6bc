// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "daemon/gateway/snapshot.h"

namespace llmgw {

/// A thread that looks whether the database has changed, four times a second, and reads it again
/// when it has, so that no request ever waits for SQLite. Takes over the store.
class SnapshotWatcher {
  public:
    using OnSnapshot = std::function<void(std::shared_ptr<const Snapshot>)>;

    /// Looks for what has changed since `first` was read from the same store. `on_snapshot` is
    /// called on the watcher's thread. A set-up that cannot be read is logged, and the last good
    /// one stays. `vault` outlives the watcher.
    SnapshotWatcher(std::unique_ptr<Store> store, const Vault& vault, const Snapshot& first,
                    OnSnapshot on_snapshot);
    ~SnapshotWatcher();
    SnapshotWatcher(const SnapshotWatcher&) = delete;
    SnapshotWatcher& operator=(const SnapshotWatcher&) = delete;

    /// Reads everything again soon, whether or not the database changed. Any thread.
    void reload();

  private:
    void run(const std::stop_token& stop);

    std::unique_ptr<Store> store_;
    const Vault& vault_;
    std::string today_;
    std::int64_t seen_;  // the database's version that is in force
    OnSnapshot on_snapshot_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    bool reload_ = false;  // guarded by mutex_
    std::jthread thread_;
};

}  // namespace llmgw
