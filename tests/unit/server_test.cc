// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <asio/post.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "common/base/fd.h"

using namespace llmgw;
using namespace std::chrono_literals;

namespace {

constexpr auto kIdle = 300ms;
constexpr auto kSlow = 3 * kIdle;  // longer than a connection may be idle, deadlines being lazy

// Answers "/slow" after a while, and everything else at once.
class FixedService : public Service {
  public:
    explicit FixedService(Loop& loop) : loop_(loop) {}
    std::optional<LocalAnswer> screen(const RequestHead& /*head*/) override { return std::nullopt; }
    Task<void> handle(const RequestHead& head, std::string /*body*/, Client& client) override {
        if (head.target == "/slow") {
            co_await loop_.sleep(kSlow);
        }
        const AnswerHead answer;
        std::vector<std::string_view> body = {"{}"};
        co_await client.answer(answer, std::move(body));
    }
    LocalAnswer refuse(const HttpRefusal& refusal) override { return {refusal.status, "{}", ""}; }
    [[nodiscard]] std::uint64_t max_body() const override { return 1024; }
    [[nodiscard]] std::size_t max_connections() const override { return 10; }

  private:
    Loop& loop_;
};

// A server on this machine, for as long as it lives.
class Serving {
  public:
    Serving() {
        const auto port = server_.listen("127.0.0.1", 0);
        REQUIRE(port);
        port_ = *port;
        server_.start();
        thread_ = std::thread([this] { loop_.run(); });
    }
    // As the daemon does: everybody is let go before the loop ends.
    ~Serving() {
        asio::post(loop_.io(), [this] { server_.drain(1s, [this](bool) { loop_.stop(); }); });
        thread_.join();
    }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

    [[nodiscard]] Fd connect() const {
        Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port_);
        REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) ==
                0);
        const timeval patience{20, 0};
        ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return client;
    }

  private:
    Loop loop_;
    FixedService service_{loop_};
    Server server_{loop_, service_, kIdle};
    std::uint16_t port_ = 0;
    std::thread thread_;
};

// The answer to one request.
std::string ask(const Fd& client, const std::string& target) {
    const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    REQUIRE(::write(client.get(), request.data(), request.size()) ==
            static_cast<ssize_t>(request.size()));
    std::string answer;
    char bytes[4096];
    while (!answer.ends_with("{}")) {
        const ssize_t got = ::read(client.get(), bytes, sizeof bytes);
        REQUIRE(got > 0);
        answer.append(bytes, static_cast<std::size_t>(got));
    }
    return answer;
}

// How long it takes until the server closes the connection.
std::chrono::steady_clock::duration time_until_closed(const Fd& client) {
    const auto begin = std::chrono::steady_clock::now();
    char byte = 0;
    CHECK(::read(client.get(), &byte, 1) == 0);
    return std::chrono::steady_clock::now() - begin;
}

}  // namespace

TEST_CASE("server: a connection is closed when no request comes for long") {
    const Serving serving;
    const Fd client = serving.connect();
    CHECK(time_until_closed(client) > kIdle / 2);  // deadlines look at the kernel's last tick
    const Fd another = serving.connect();
    CHECK(ask(another, "/").starts_with("HTTP/1.1 200"));
    CHECK(ask(another, "/").starts_with("HTTP/1.1 200"));
    CHECK(time_until_closed(another) > kIdle / 2);
}

TEST_CASE("server: a connection that waits for its answer is not idle") {
    const Serving serving;
    const Fd client = serving.connect();
    CHECK(ask(client, "/slow").starts_with("HTTP/1.1 200"));
    CHECK(ask(client, "/").starts_with("HTTP/1.1 200"));
}

TEST_CASE("server: users' connections may be idle for two minutes") {
    CHECK(Server::kIdleTime == 120s);
}
