// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/net/loop.h"
#include "daemon/net/socket.h"

namespace llmgw {

/// Idle connections to upstreams, kept for the next request to the same origin, and the addresses
/// their names resolved to. Owned by the gateway; only for the loop's thread.
class UpstreamPool {
  public:
    explicit UpstreamPool(Loop& loop);

    /// The most recently used idle connection that still looks alive, or nullptr.
    std::unique_ptr<Socket> take(const std::string& origin);
    void give_back(const std::string& origin, std::unique_ptr<Socket> socket);
    /// Closes all idle connections.
    void clear() { idle_.clear(); }

    using Endpoints = std::vector<asio::ip::tcp::endpoint>;
    /// Addresses found at most 30 s ago, or an empty list.
    [[nodiscard]] Endpoints known_addresses(const std::string& origin) const;
    void remember_addresses(const std::string& origin, Endpoints endpoints);

    Loop& loop() { return loop_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Idle {
        std::unique_ptr<Socket> socket;
        Clock::time_point since;
    };
    struct Addresses {
        Endpoints endpoints;
        Clock::time_point since;
    };
    void close_old();

    Loop& loop_;
    Deadline sweep_;
    std::unordered_map<std::string, std::vector<Idle>> idle_;
    std::unordered_map<std::string, Addresses> addresses_;
};

}  // namespace llmgw
