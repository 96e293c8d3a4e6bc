// SPDX-License-Identifier: Apache-2.0
#include "daemon/net/reactor.h"

#include <system_error>
#include <utility>

#include "common/base/error.h"

namespace llmgw {

Reactor::Reactor(asio::io_context& io) : epoll_(io) {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    LLMGW_ASSERT(fd >= 0);
    epoll_.assign(fd);
    wait();
}

Reactor::~Reactor() = default;

void Reactor::wait() {
    epoll_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [this](const std::error_code& error) {
                          if (!error) {
                              dispatch();
                              wait();
                          }
                      });
}

void Reactor::dispatch() {
    const int found =
        ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
    count_ = found > 0 ? static_cast<std::size_t>(found) : 0;
    for (next_ = 0; next_ < count_;) {
        const epoll_event event = events_[next_++];
        if (event.data.ptr != nullptr) {
            static_cast<Watch*>(event.data.ptr)->ready(event.events);
        }
    }
    count_ = 0;
}

void Reactor::add(int fd, Watch& watch) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &watch;
    const int added = ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event);
    LLMGW_ASSERT(added == 0);
}

void Reactor::remove(int fd, Watch& watch) {
    ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
    for (std::size_t i = next_; i < count_; i++) {
        if (events_[i].data.ptr == &watch) {
            events_[i].data.ptr = nullptr;
        }
    }
}

}  // namespace llmgw
