// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <asio/post.hpp>
#include <cerrno>
#include <coroutine>
#include <ctime>
#include <utility>

#include "daemon/http/connection.h"

namespace llmgw {

namespace {

constexpr int kBacklog = 4096;                         // the kernel lowers it to net.core.somaxconn
constexpr std::chrono::milliseconds kAcceptPause{50};  // when the process is out of descriptors

struct ClientWaits {
    asio::ip::tcp::acceptor& acceptor;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
        acceptor.async_wait(asio::ip::tcp::acceptor::wait_read,
                            [waiting](const std::error_code&) { waiting.resume(); });
    }
    void await_resume() const noexcept {}
};

}  // namespace

Server::Server(Loop& loop, Service& service, std::chrono::milliseconds idle_time)
    : loop_(loop),
      service_(service),
      idle_time_(idle_time),
      acceptor_(loop.io()),
      grace_(loop, [this] { cut(); }) {}

Server::~Server() = default;

Result<std::uint16_t> Server::listen(const std::string& host, int port) {
    std::error_code error;
    const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
    if (error) {
        return fail(Errc::usage, "\"" + host + "\" is not an IP address to listen on",
                    "llmgw serve --host 127.0.0.1");
    }
    const asio::ip::tcp::endpoint endpoint(address, static_cast<std::uint16_t>(port));
    acceptor_.open(endpoint.protocol(), error);
    if (!error) {
        // Not SO_REUSEPORT: a second daemon on the same port has to fail.
        acceptor_.set_option(asio::ip::tcp::acceptor::reuse_address(true), error);
        acceptor_.bind(endpoint, error);
    }
    if (!error) {
        acceptor_.listen(kBacklog, error);
    }
    if (error) {
        const std::string where = host + ":" + std::to_string(port);
        if (error == asio::error::address_in_use) {
            return fail(Errc::conflict, "cannot listen on " + where + ": the address is in use",
                        "llmgw serve --port 0, or stop the program that holds the port");
        }
        return fail(Errc::failed, "cannot listen on " + where + ": " + error.message(),
                    "llmgw serve --host 127.0.0.1 --port 0");
    }
    acceptor_.non_blocking(true, error);
    return acceptor_.local_endpoint().port();
}

void Server::start() {
    spawn(accept());
}

Task<void> Server::accept() {
    while (!draining_) {
        Fd fd(::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd.valid()) {
            const bool none = errno == EAGAIN || errno == EWOULDBLOCK;
            // ECONNABORTED, EMFILE and their like pass; a listener never ends by itself.
            if (none) {
                ClientWaits waits{acceptor_};
                co_await waits;
            } else if (errno != EINTR) {
                co_await loop_.sleep(kAcceptPause);
            }
            continue;
        }
        const int on = 1;
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const bool full = connections_.size() >= service_.max_connections();
        auto connection = std::make_shared<Connection>(*this, std::move(fd));
        spawn(full ? turn_away(std::move(connection)) : Connection::run(std::move(connection)));
    }
}

Task<void> Server::turn_away(std::shared_ptr<Connection> connection) {
    LocalAnswer answer = service_.refuse(
        {503, "the daemon is at its limit of connections (limits.connections)", "overloaded"});
    answer.fields += "retry-after: 1\r\n";
    co_await connection->refuse(answer);
    connection->close();
}

void Server::closed(Connection& connection) {
    connections_.erase(&connection);
    if (draining_ && connections_.empty() && drained_) {
        grace_.clear();
        asio::post(loop_.io(),
                   [callback = std::exchange(drained_, nullptr), cut = cut_] { callback(cut); });
    }
}

void Server::drain(std::chrono::milliseconds grace, std::function<void(bool cut)> drained) {
    draining_ = true;
    drained_ = std::move(drained);
    std::error_code ignored;
    acceptor_.close(ignored);
    grace_.set(grace);
    // Closing resumes the connections' coroutines later, never in here.
    for (Connection* connection : connections_) {
        connection->close_if_idle();
    }
    if (connections_.empty() && drained_) {
        asio::post(loop_.io(), [callback = std::exchange(drained_, nullptr)] { callback(false); });
    }
}

void Server::cut() {
    cut_ = true;
    for (Connection* connection : connections_) {
        connection->close();
    }
}

std::string_view Server::date() {
    const std::time_t now = std::time(nullptr);
    if (now != date_second_) {
        date_second_ = now;
        std::tm parts{};
        ::gmtime_r(&now, &parts);
        char text[40];
        const std::size_t size =
            std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        date_.assign(text, size);
    }
    return date_;
}

}  // namespace llmgw
