// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>

namespace llmgw {

/// Tells connections when they become ready: an epoll(7) of its own that lives on Asio's loop as
/// one descriptor. Asio's sockets try, or register anew, for each wait, which is one more system
/// call for each; here a descriptor is registered once, edge-triggered, and whoever uses it
/// remembers what it was told. Only for the loop's thread.
class Reactor {
  public:
    /// Who is told. It stays until remove().
    class Watch {
      public:
        Watch() = default;
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        virtual ~Watch() = default;
        virtual void ready(std::uint32_t events) = 0;  ///< EPOLLIN, EPOLLOUT, EPOLLRDHUP…
    };

    explicit Reactor(asio::io_context& io);
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    void add(int fd, Watch& watch);
    /// Before `fd` is closed.
    void remove(int fd, Watch& watch);

  private:
    void wait();
    void dispatch();

    asio::posix::stream_descriptor epoll_;
    std::array<epoll_event, 256> events_{};
    std::size_t next_ = 0;   // the event to look at next
    std::size_t count_ = 0;  // of this round
};

}  // namespace llmgw
