// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/cache_file.h"

#include <utility>

#include "daemon/log.h"

namespace llmgw {

namespace {
constexpr std::chrono::seconds kRetryPause{5};
constexpr std::chrono::milliseconds kLookPause{250};  // between looks whether it is still there
}  // namespace

CacheStore* CacheFile::store() {
    const auto now = Clock::now();
    if (store_ != nullptr && now >= next_look_) {
        next_look_ = now + kLookPause;
        if (store_->is_gone()) {
            store_.reset();
        }
    }
    if (store_ == nullptr && now >= next_try_) {
        open();
    }
    return store_.get();
}

void CacheFile::open() {
    bool damaged = false;
    auto opened = CacheStore::open(path_, lock_wait_ms_, &damaged);
    if (!opened && damaged) {
        warn(opened.error().message + "; it is set aside");
        if (const auto aside = CacheStore::set_aside(path_)) {
            opened = CacheStore::open(path_, lock_wait_ms_);
        }
    }
    if (!opened) {
        next_try_ = Clock::now() + kRetryPause;
        warn(opened.error().message);
        return;
    }
    store_ = std::move(*opened);
    next_look_ = Clock::now() + kLookPause;
}

void CacheFile::failed(const Error& error) {
    if (store_ != nullptr && store_->is_damaged()) {
        warn(error.message + "; it is set aside");
        // Another thread may have done so already, and begun a new one.
        if (!store_->is_gone()) {
            if (const auto aside = CacheStore::set_aside(path_); !aside) {
                next_try_ = Clock::now() + kRetryPause;
            }
        }
        store_.reset();
        return;
    }
    warn(error.message);
}

void CacheFile::succeeded() {
    if (failing_) {
        log(LogLevel::info, "the response cache's file can be used again",
            {{"for", purpose_}, {"file", path_}});
    }
    failing_ = false;
}

void CacheFile::warn(const std::string& problem) {
    if (!failing_) {
        log(LogLevel::warn, "the response cache's file cannot be used; requests go on without it",
            {{"for", purpose_}, {"error", problem}});
    }
    failing_ = true;
}

}  // namespace llmgw
