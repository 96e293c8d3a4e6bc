// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace llmgw {

/// Shows on stderr, from 300 ms on, that an answer is being waited for and for how long. Erases
/// itself when it stops. Owned and stopped by one thread.
class Spinner {
  public:
    /// Does nothing at all unless `enabled`.
    explicit Spinner(bool enabled);
    ~Spinner();
    Spinner(const Spinner&) = delete;
    Spinner& operator=(const Spinner&) = delete;

    /// Returns when nothing of it is on the screen any more. May be called again.
    void stop();

  private:
    void run();

    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace llmgw
