// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <functional>

#include "daemon/net/reactor.h"

namespace llmgw {

class Loop;

/// Calls `on_expire` on the loop's thread once its time has passed, at most 100 ms late: one timer
/// of the loop looks after all of them, so that setting and clearing one costs no system call.
class Deadline {
  public:
    using Clock = std::chrono::steady_clock;

    Deadline(Loop& loop, std::function<void()> on_expire);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    /// The time to a few milliseconds, for what needs no more: a fifth of Clock::now()'s cost.
    [[nodiscard]] static Clock::time_point now();

    /// Replaces the time that was set before.
    void set(std::chrono::milliseconds from_now);
    void clear() { at_ = Clock::time_point::max(); }

  private:
    friend class Loop;
    Loop& loop_;
    std::function<void()> on_expire_;
    Clock::time_point at_ = Clock::time_point::max();
    Deadline* previous_ = nullptr;
    Deadline* next_ = nullptr;
};

/// The event loop of one thread: Asio's, the deadlines, and a buffer that whoever reads may use
/// until its next suspension.
class Loop {
  public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    asio::io_context& io() { return io_; }
    Reactor& reactor() { return reactor_; }
    /// Shared by everything on the loop: its content is gone after the next co_await.
    std::array<char, 128 * 1024>& scratch() { return scratch_; }

    /// Runs until stop() is called.
    void run();
    /// Any thread may call it.
    void stop() { io_.stop(); }

    /// Suspends for a time.
    struct SleepAwaiter {
        asio::steady_timer timer;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) {
            timer.async_wait([waiting](const std::error_code&) { waiting.resume(); });
        }
        void await_resume() const noexcept {}
    };
    SleepAwaiter sleep(std::chrono::milliseconds time) { return {asio::steady_timer(io_, time)}; }

  private:
    friend class Deadline;
    void sweep_later();
    void sweep();

    asio::io_context io_;
    Reactor reactor_;
    asio::steady_timer sweep_timer_;
    bool sweeping_ = false;
    Deadline* first_ = nullptr;
    Deadline* sweep_next_ = nullptr;  // the one to look at next, kept right when one is removed
    std::array<char, 128 * 1024> scratch_;
};

}  // namespace llmgw
