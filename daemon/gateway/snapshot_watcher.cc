// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/snapshot_watcher.h"

#include <chrono>
#include <utility>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "daemon/log.h"

namespace llmgw {

namespace {
constexpr std::chrono::milliseconds kInterval{250};
}

SnapshotWatcher::SnapshotWatcher(std::unique_ptr<Store> store, const Vault& vault,
                                 const Snapshot& first, OnSnapshot on_snapshot)
    : store_(std::move(store)),
      vault_(vault),
      today_(first.today),
      seen_(first.data_version),
      on_snapshot_(std::move(on_snapshot)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

SnapshotWatcher::~SnapshotWatcher() = default;

void SnapshotWatcher::reload() {
    {
        const std::lock_guard lock(mutex_);
        reload_ = true;
    }
    wake_.notify_one();
}

void SnapshotWatcher::run(const std::stop_token& stop) {
    bool failing = false;
    while (!stop.stop_requested()) {
        bool forced = false;
        {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, stop, kInterval, [this] { return reload_; });
            forced = std::exchange(reload_, false);
        }
        if (stop.stop_requested()) {
            return;
        }
        // Taken before reading: a change that comes in between is read again, never missed.
        auto version = store_->data_version();
        const bool changed = version && *version != seen_;
        const bool new_day = rfc3339(unix_ms()).compare(0, 10, today_) != 0;
        if (!version && !failing) {
            log(LogLevel::warn, "the database cannot be read; the last set-up stays in force",
                {{"error", version.error().message}});
        }
        failing = !version;
        if (!forced && !changed && !new_day) {
            continue;
        }
        auto snapshot = load_snapshot(*store_, vault_);
        if (!snapshot) {
            log(LogLevel::warn, "the set-up cannot be read; the last one stays in force",
                {{"error", snapshot.error().message}});
        } else {
            today_ = (*snapshot)->today;
            on_snapshot_(std::move(*snapshot));
        }
        seen_ = version.value_or(seen_);
    }
}

}  // namespace llmgw
