// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "daemon/gateway/snapshot.h"

namespace llmgw {

/// A thread that looks whether the database has changed, four times a second, and reads it again
/// when it has, so that no request ever waits for SQLite. Takes over the store. A database that is
/// gone or broken changes nothing; another one that is put in its place is read.
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
    // What stands at a path. Two looks that are alike: the same file, and nobody writes it.
    struct FileLook {
        dev_t device = 0;
        ino_t number = 0;  // 0: there is none
        off_t size = 0;
        std::int64_t changed_ns = 0;
        [[nodiscard]] bool same_file(const FileLook& other) const {
            return device == other.device && number == other.number;
        }
        bool operator==(const FileLook&) const = default;
    };
    [[nodiscard]] static FileLook look_at(const std::string& path);

    void run(const std::stop_token& stop);
    [[nodiscard]] bool wait(const std::stop_token& stop);
    [[nodiscard]] bool open_other();
    [[nodiscard]] bool read_again();
    void complain(std::string_view about, const std::string& error);

    std::unique_ptr<Store> store_;
    FileLook opened_;        // what store_ has open
    FileLook seen_file_;     // the last look
    std::string complaint_;  // the last one; empty: all is well
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
