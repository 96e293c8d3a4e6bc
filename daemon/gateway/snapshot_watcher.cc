// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/snapshot_watcher.h"

#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "daemon/log.h"

namespace llmgw {

namespace {
constexpr std::chrono::milliseconds kInterval{250};
constexpr std::int64_t kUnread = -1;  // no version of a store
}  // namespace

SnapshotWatcher::SnapshotWatcher(std::unique_ptr<Store> store, const Vault& vault,
                                 const Snapshot& first, OnSnapshot on_snapshot)
    : store_(std::move(store)),
      opened_(look_at(store_->path())),
      seen_file_(opened_),
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

SnapshotWatcher::FileLook SnapshotWatcher::look_at(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return {};
    }
    return {info.st_dev, info.st_ino, info.st_size,
            info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec};
}

// The same trouble is told once, not four times a second.
void SnapshotWatcher::complain(std::string_view about, const std::string& error) {
    std::string complaint = std::string(about) + error;
    if (complaint != complaint_) {
        log(LogLevel::warn, about, {{"error", error}});
        complaint_ = std::move(complaint);
    }
}

// Whether a reload was asked for in the meantime.
bool SnapshotWatcher::wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kInterval, [this] { return reload_; });
    return std::exchange(reload_, false);
}

// Opens the file that has taken the place of the one that is open: a backup that was put back, say.
// Not before it is whole: opening one brings it up to date, and another program may still write it.
bool SnapshotWatcher::open_other() {
    const FileLook file = look_at(store_->path());
    const bool quiet = std::exchange(seen_file_, file) == file;
    if (file.same_file(opened_) || (file.number != 0 && (file.size == 0 || !quiet))) {
        return false;
    }
    if (file.number == 0) {
        complain("the database is gone; the last set-up stays in force", store_->path());
        return false;
    }
    auto store = Store::open(store_->path());
    if (!store) {
        complain("the database cannot be opened; the last set-up stays in force",
                 store.error().message);
        return false;
    }
    store_ = std::move(*store);
    opened_ = file;
    log(LogLevel::info, "another database is in the place of the last one");
    return true;
}

// False when that failed for a reason that may pass by itself, such as a lock or a full disk.
bool SnapshotWatcher::read_again() {
    auto snapshot = load_snapshot(*store_, vault_);
    if (!snapshot) {
        complain("the set-up cannot be read; the last one stays in force",
                 snapshot.error().message);
        return snapshot.error().kind != Errc::conflict && snapshot.error().kind != Errc::failed;
    }
    today_ = (*snapshot)->today;
    on_snapshot_(std::move(*snapshot));
    return true;
}

void SnapshotWatcher::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const bool forced = wait(stop);
        if (stop.stop_requested()) {
            return;
        }
        const bool other = open_other();
        bool well = seen_file_.same_file(opened_);
        // Taken before reading: a change that comes in between is read again, never missed.
        auto version = store_->data_version();
        if (!version) {
            complain("the database cannot be read; the last set-up stays in force",
                     version.error().message);
            well = false;
        }
        const bool changed = version && *version != seen_;
        const bool new_day = rfc3339(unix_ms()).compare(0, 10, today_) != 0;
        if (forced || other || changed || new_day) {
            const bool done = read_again();
            well = well && done;
            seen_ = done ? version.value_or(seen_) : kUnread;
        }
        if (well) {
            complaint_.clear();
        }
    }
}

}  // namespace llmgw
