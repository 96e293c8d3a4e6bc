// SPDX-License-Identifier: Apache-2.0
#include "daemon/net/loop.h"

#include <time.h>

#include <asio/executor_work_guard.hpp>
#include <utility>

namespace llmgw {

namespace {
constexpr std::chrono::milliseconds kSweepInterval{100};
}

Deadline::Deadline(Loop& loop, std::function<void()> on_expire)
    : loop_(loop), on_expire_(std::move(on_expire)) {
    next_ = loop_.first_;
    if (next_ != nullptr) {
        next_->previous_ = this;
    }
    loop_.first_ = this;
}

Deadline::~Deadline() {
    if (loop_.sweep_next_ == this) {
        loop_.sweep_next_ = next_;
    }
    (previous_ != nullptr ? previous_->next_ : loop_.first_) = next_;
    if (next_ != nullptr) {
        next_->previous_ = previous_;
    }
}

// steady_clock is CLOCK_MONOTONIC; this is the same clock, as of the kernel's last tick.
Deadline::Clock::time_point Deadline::now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return Clock::time_point(std::chrono::seconds(time.tv_sec) +
                             std::chrono::nanoseconds(time.tv_nsec));
}

void Deadline::set(std::chrono::milliseconds from_now) {
    at_ = now() + from_now;
    loop_.sweep_later();
}

Loop::Loop() : io_(1), reactor_(io_), sweep_timer_(io_) {}

Loop::~Loop() = default;

void Loop::run() {
    const auto guard = asio::make_work_guard(io_);
    io_.run();
}

void Loop::sweep_later() {
    if (sweeping_) {
        return;
    }
    sweeping_ = true;
    sweep_timer_.expires_after(kSweepInterval);
    sweep_timer_.async_wait([this](const std::error_code& error) {
        sweeping_ = false;
        if (!error) {
            sweep();
        }
    });
}

void Loop::sweep() {
    const auto now = Deadline::Clock::now();
    bool any_left = false;
    for (Deadline* deadline = first_; deadline != nullptr; deadline = sweep_next_) {
        sweep_next_ = deadline->next_;
        if (deadline->at_ <= now) {
            deadline->clear();
            deadline->on_expire_();
        } else if (deadline->at_ != Deadline::Clock::time_point::max()) {
            any_left = true;
        }
    }
    sweep_next_ = nullptr;
    if (any_left) {
        sweep_later();
    }
}

}  // namespace llmgw
