// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/steady_timer.hpp>
#include <chrono>

#include "daemon/net/loop.h"

namespace llmgw {

/// A sleep that can be ended early. Only for the loop's thread.
class Nap {
  public:
    explicit Nap(Loop& loop) : timer_(loop.io()) {}

    struct Awaiter {
        asio::steady_timer& timer;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) {
            timer.async_wait([waiting](const std::error_code&) { waiting.resume(); });
        }
        void await_resume() const noexcept {}
    };
    Awaiter sleep(std::chrono::milliseconds time) {
        timer_.expires_after(time);
        return {timer_};
    }
    /// Whoever sleeps goes on a little later.
    void wake() { timer_.cancel(); }

  private:
    asio::steady_timer timer_;
};

}  // namespace llmgw
