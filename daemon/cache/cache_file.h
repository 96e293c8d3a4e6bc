// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/store/cache_store.h"

namespace llmgw {

/// One thread's connection to cache.db, through all that may happen to the file: opened when it is
/// needed and again when it was deleted, replaced or found damaged (it is set aside then), tried
/// again some seconds after it could not be opened. The log is told when it begins to fail and when
/// it works again.
class CacheFile {
  public:
    CacheFile(std::string path, int lock_wait_ms, const char* purpose)
        : path_(std::move(path)), lock_wait_ms_(lock_wait_ms), purpose_(purpose) {}

    /// nullptr while it cannot be used.
    [[nodiscard]] CacheStore* store();
    /// To be called with the error of an operation, after which store() must be asked again, and
    /// after one that went well.
    void failed(const Error& error);
    void succeeded();
    void close() { store_.reset(); }

  private:
    using Clock = std::chrono::steady_clock;

    void open();
    void warn(const std::string& problem);

    std::string path_;
    int lock_wait_ms_;
    const char* purpose_;
    std::unique_ptr<CacheStore> store_;
    Clock::time_point next_try_{}, next_look_{};
    bool failing_ = false;
};

}  // namespace llmgw
