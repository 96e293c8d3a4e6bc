// SPDX-License-Identifier: Apache-2.0

// A provider for the benchmark: answers every request with one chat completion, or, at
// /v1/messages, with a message of Anthropic's, on one thread.
// A marker near the end of the request body, such as "[[chunks=50 interval_us=40000]]", asks for a
// stream instead; it travels in the prompt, so that it passes any gateway. Every chunk carries the
// time it was sent ("@NANOSECONDS@").
//
//   bench_upstream [--port N]      prints the port it listens on

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/net.h"

namespace llmgw::bench {

namespace {

constexpr std::string_view kAnswer =
    R"({"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion",)"
    R"("created":1741569952,"model":"gpt-4.1-2025-04-14","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"Hello! How can I assist you today?","refusal":null,)"
    R"("annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":19,)"
    R"("completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":0,)"
    R"("audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,)"
    R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},)"
    R"("service_tier":"default"})";

// The same in Anthropic's format.
constexpr std::string_view kMessage =
    R"({"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant",)"
    R"("model":"claude-haiku-4-5-20251001","content":[{"type":"text","text":)"
    R"("Hello! How can I assist you today?"}],"stop_reason":"end_turn","stop_sequence":null,)"
    R"("usage":{"input_tokens":19,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,)"
    R"("cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},)"
    R"("output_tokens":10,"service_tier":"standard"}})";

constexpr std::string_view kChunkStart =
    R"({"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk",)"
    R"("created":1741569952,"model":"gpt-4.1-2025-04-14",)";

constexpr std::size_t kMarkerReach = 512;  // how far from the end of the body a marker may be

struct Connection {
    Fd socket;
    std::uint64_t serial = 0;  // tells a timer of an earlier connection with the same descriptor
    MessageReader reader;
    std::string out;
    bool blocked = false;  // waits until the socket takes more of `out`
    bool streaming = false;
    std::uint64_t chunks_left = 0;
    std::uint64_t interval_ns = 0;
};

struct Timer {
    std::uint64_t when;
    std::uint64_t serial;
    int fd;
    bool operator>(const Timer& other) const { return when > other.when; }
};

/// The number after `name=` in the marker, or 0.
std::uint64_t marker_value(std::string_view body, std::string_view name) {
    const std::string_view tail = body.substr(body.size() - std::min(body.size(), kMarkerReach));
    const std::size_t begin = tail.find("[[");
    if (begin == std::string_view::npos) {
        return 0;
    }
    const std::string_view marker = tail.substr(begin, tail.find("]]", begin) - begin);
    const std::size_t at = marker.find(std::string(name) + "=");
    if (at == std::string_view::npos) {
        return 0;
    }
    return std::strtoull(std::string(marker.substr(at + name.size() + 1)).c_str(), nullptr, 10);
}

void append_event(std::string& out, std::string_view data) {
    std::array<char, 24> size{};
    constexpr std::size_t kFraming = 8;  // "data: " and the blank line
    std::snprintf(size.data(), size.size(), "%zx\r\n", data.size() + kFraming);
    out.append(size.data()).append("data: ").append(data).append("\n\n\r\n");
}

class Upstream {
  public:
    explicit Upstream(Fd listener) : listener_(std::move(listener)), epoll_(epoll_create1(0)) {
        epoll_add(epoll_, listener_.get(), EPOLLIN);
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 512> events{};
        for (;;) {
            const int count =
                epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
            for (int i = 0; i < count; ++i) {
                handle(events[static_cast<std::size_t>(i)]);
            }
            run_timers();
        }
    }

  private:
    /// Rounded up: a chunk is stamped when it is sent, so being late costs nothing, while spinning
    /// would take the CPU away from what is measured.
    [[nodiscard]] int wait_ms() const {
        if (timers_.empty()) {
            return -1;
        }
        const std::uint64_t now = now_ns();
        const std::uint64_t when = timers_.top().when;
        return when <= now ? 0 : static_cast<int>((when - now + 999'999) / 1'000'000);
    }

    void handle(const epoll_event& event) {
        if (event.data.fd == listener_.get()) {
            accept_all();
            return;
        }
        Connection* connection = find(event.data.fd);
        if (connection == nullptr) {
            return;
        }
        bool alive = true;
        if ((event.events & EPOLLOUT) != 0) {
            alive = flush(*connection);
        }
        if (alive && (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            alive = read(*connection);
        }
        if (!alive) {
            drop(event.data.fd);
        }
    }

    void accept_all() {
        for (;;) {
            Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!socket.valid()) {
                return;
            }
            tune_socket(socket);
            const auto index = static_cast<std::size_t>(socket.get());
            epoll_add(epoll_, socket.get(), EPOLLIN);
            if (connections_.size() <= index) {
                connections_.resize(index + 1);
            }
            connections_[index] = std::make_unique<Connection>();
            connections_[index]->socket = std::move(socket);
            connections_[index]->serial = ++last_serial_;
        }
    }

    Connection* find(int fd) {
        const auto index = static_cast<std::size_t>(fd);
        return index < connections_.size() ? connections_[index].get() : nullptr;
    }

    void drop(int fd) { connections_[static_cast<std::size_t>(fd)].reset(); }

    /// False: the connection is over.
    bool read(Connection& connection) {
        for (;;) {
            const ssize_t size = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
            if (size <= 0) {
                return size < 0 && errno == EAGAIN;
            }
            std::string_view bytes(buffer_.data(), static_cast<std::size_t>(size));
            while (!bytes.empty()) {
                if (connection.streaming) {
                    return false;  // no client here sends a request during an answer
                }
                bytes.remove_prefix(connection.reader.feed(bytes));
                if (connection.reader.broken() ||
                    (connection.reader.complete() && !answer(connection))) {
                    return false;
                }
            }
        }
    }

    bool answer(Connection& connection) {
        const std::string& body = connection.reader.body();
        connection.chunks_left = marker_value(body, "chunks");
        connection.interval_ns = marker_value(body, "interval_us") * 1000;
        const bool is_message = connection.reader.head().starts_with("post /v1/messages ");
        connection.reader.reset();
        if (connection.chunks_left == 0) {
            const std::string_view document = is_message ? kMessage : kAnswer;
            connection.out.append("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                .append("Content-Length: " + std::to_string(document.size()) + "\r\n\r\n")
                .append(document);
            return flush(connection);
        }
        connection.streaming = true;
        connection.out.append(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
        timers_.push(
            {now_ns() + connection.interval_ns, connection.serial, connection.socket.get()});
        return flush(connection);
    }

    void run_timers() {
        while (!timers_.empty() && timers_.top().when <= now_ns()) {
            const Timer timer = timers_.top();
            timers_.pop();
            Connection* connection = find(timer.fd);
            if (connection != nullptr && connection->serial == timer.serial &&
                !send_next(*connection, timer.when)) {
                drop(timer.fd);
            }
        }
    }

    bool send_next(Connection& connection, std::uint64_t due) {
        if (connection.chunks_left > 0) {
            --connection.chunks_left;
            std::string chunk(kChunkStart);
            chunk.append(R"("choices":[{"index":0,"delta":{"content":"@)")
                .append(std::to_string(now_ns()))
                .append(R"(@ some words"},"finish_reason":null}],"usage":null})");
            append_event(connection.out, chunk);
            timers_.push(
                {due + connection.interval_ns, connection.serial, connection.socket.get()});
            return flush(connection);
        }
        const std::string start(kChunkStart);
        append_event(connection.out,
                     start + R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}],)"
                             R"("usage":null})");
        append_event(connection.out, start + R"("choices":[],"usage":{"prompt_tokens":19,)"
                                             R"("completion_tokens":10,"total_tokens":29}})");
        append_event(connection.out, "[DONE]");
        connection.out.append("0\r\n\r\n");
        connection.streaming = false;
        return flush(connection);
    }

    bool flush(Connection& connection) {
        while (!connection.out.empty()) {
            const ssize_t size = send(connection.socket.get(), connection.out.data(),
                                      connection.out.size(), MSG_NOSIGNAL);
            if (size < 0) {
                if (errno != EAGAIN) {
                    return false;
                }
                break;
            }
            connection.out.erase(0, static_cast<std::size_t>(size));
        }
        if (connection.out.empty() == connection.blocked) {
            connection.blocked = !connection.blocked;
            epoll_change(epoll_, connection.socket.get(),
                         connection.blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
        }
        return true;
    }

    Fd listener_;
    Fd epoll_;
    std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    std::array<char, 256 * 1024> buffer_{};
    std::uint64_t last_serial_ = 0;
};

}  // namespace

}  // namespace llmgw::bench

int main(int argc, char** argv) {
    namespace bench = llmgw::bench;
    std::signal(SIGPIPE, SIG_IGN);
    bench::raise_descriptor_limit();
    const bench::Options options(argc, argv);
    bench::Fd listener = bench::listen_on(static_cast<int>(options.number("port", 0)));
    std::printf("%d\n", bench::port_of(listener));
    std::fflush(stdout);
    auto upstream = std::make_unique<bench::Upstream>(std::move(listener));
    upstream->run();
}
