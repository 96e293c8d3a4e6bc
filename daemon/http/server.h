// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "common/base/error.h"
#include "daemon/http/service.h"
#include "daemon/net/loop.h"

namespace llmgw {

class Connection;

/// Accepts connections and runs a coroutine for each. Only for the loop's thread.
class Server {
  public:
    /// A connection is closed after this long without a request.
    static constexpr std::chrono::milliseconds kIdleTime{120'000};

    Server(Loop& loop, Service& service, std::chrono::milliseconds idle_time = kIdleTime);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds; port 0 takes any. Errc::conflict when the address is in use. Returns the port.
    [[nodiscard]] Result<std::uint16_t> listen(const std::string& host, int port);
    void start();

    /// Stops accepting, closes idle connections, lets requests in flight finish, and calls
    /// `drained` (once) when no connection is left. After `grace`, what is left is cut off.
    void drain(std::chrono::milliseconds grace, std::function<void(bool cut)> drained);
    /// Cuts everything off now.
    void cut();

    [[nodiscard]] bool draining() const { return draining_; }
    [[nodiscard]] std::size_t connections() const { return connections_.size(); }
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
    /// The current value of the Date header, made once a second.
    [[nodiscard]] std::string_view date();

    [[nodiscard]] std::chrono::milliseconds idle_time() const { return idle_time_; }
    Loop& loop() { return loop_; }
    Service& service() { return service_; }

  private:
    friend class Connection;
    Task<void> accept();
    Task<void> turn_away(std::shared_ptr<Connection> connection);
    void closed(Connection& connection);

    Loop& loop_;
    Service& service_;
    std::chrono::milliseconds idle_time_;
    asio::ip::tcp::acceptor acceptor_;
    std::unordered_set<Connection*> connections_;
    std::size_t in_flight_ = 0;
    bool draining_ = false;
    bool cut_ = false;
    Deadline grace_;
    std::function<void(bool)> drained_;
    std::string date_;
    std::int64_t date_second_ = -1;
};

}  // namespace llmgw
