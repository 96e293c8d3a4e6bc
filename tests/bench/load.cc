// SPDX-License-Identifier: Apache-2.0

// Load for the benchmark, on one thread: N connections that each send the next request when the
// answer to the last one is complete, or one stream each. Prints one JSON object.
//
//   bench_load --port N [--conns 1] [--seconds 2] [--warmup 0.2]     plain requests,
//              [--requests N] [--body BYTES]         at most N, of about that size
//   bench_load --port N --conns 2000 --chunks 50 --interval-us 40000 one stream each
//   both:      [--model M] [--key-file F]                            F holds a gateway key

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/net.h"

namespace llmgw::bench {

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kPatience = 30 * kSecond;  // after the last request was sent
constexpr std::size_t kBurst = 64;  // new streams between two looks at what has arrived

struct Connection {
    Fd socket;
    MessageReader reader;
    std::string line;  // of a stream, not complete yet
    std::size_t sent = 0;
    std::uint64_t began = 0;
    bool busy = false;
    bool blocked = false;  // waits until the socket takes more of the request
    bool saw_done = false;
};

struct Results {
    std::uint64_t ok = 0;
    std::uint64_t failed = 0;
    std::uint64_t chunks = 0;
    std::vector<double> latency_us;
    std::vector<double> relay_us;
    std::string first_failure;
};

double percentile(std::vector<double>& values, double share) {
    if (values.empty()) {
        return 0;
    }
    const auto last = static_cast<double>(values.size() - 1);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * last);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

/// A conversation of about `size` bytes, with the escapes that real prompts have.
std::string conversation(std::size_t size) {
    constexpr std::string_view kTurn =
        R"(Read the log below and say what went wrong.\n\n\tat \"main\" (line 42): unexpected )"
        R"(token \u007b\n\n> The quick brown fox jumps over the lazy dog, na\u00efve as it is.\n)";
    std::string messages;
    for (int turn = 0; messages.size() < size; ++turn) {
        messages.append(R"({"role":")").append(turn % 2 == 0 ? "user" : "assistant");
        messages.append(R"(","content":")");
        for (int i = 0; i < 12; ++i) {
            messages.append(kTurn);
        }
        messages.append(R"("},)");
    }
    return messages;
}

std::string make_request(const Options& options) {
    std::string body = R"({"model":")" + options.text("model", "gpt-4.1") + R"(",)";
    std::string marker;
    if (options.has("chunks")) {
        body += R"("stream":true,"stream_options":{"include_usage":true},)";
        marker = "[[chunks=" + options.text("chunks", "") +
                 " interval_us=" + options.text("interval-us", "0") + "]]";
    }
    body += R"("messages":[{"role":"system","content":"You are a helpful assistant."},)" +
            conversation(options.number("body", 0)) +
            R"({"role":"user","content":"Hello, how are you today? One sentence. )" + marker +
            R"("}]})";
    std::string head =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:" + options.text("port", "") +
        "\r\nContent-Type: application/json\r\nAccept: */*\r\n";
    if (options.has("key-file")) {
        std::ifstream file(options.text("key-file", ""));
        std::string key;
        std::getline(file, key);
        head += "Authorization: Bearer " + key + "\r\n";
    }
    return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class Load {
  public:
    explicit Load(const Options& options)
        : port_(static_cast<int>(options.number("port", 0))),
          streams_(options.has("chunks")),
          duration_ns_(static_cast<std::uint64_t>(options.real("seconds", 2) * 1e9)),
          warmup_ns_(static_cast<std::uint64_t>(options.real("warmup", 0.2) * 1e9)),
          requests_left_(options.number("requests", std::numeric_limits<std::uint64_t>::max())),
          request_(make_request(options)),
          epoll_(epoll_create1(0)),
          connections_(options.number("conns", 1)) {
        if (streams_) {
            warmup_ns_ = 0;
        }
    }

    /// Returns how long the part that counts took, in seconds.
    double run() {
        const std::uint64_t start = now_ns();
        for (Connection& connection : connections_) {
            open(connection);
        }
        counted_from_ = (streams_ ? start : now_ns()) + warmup_ns_;
        deadline_ = counted_from_ + duration_ns_;
        std::array<epoll_event, 512> events{};
        std::size_t next = 0;
        while (next < connections_.size() || in_flight_ > 0) {
            for (std::size_t i = 0; i < kBurst && next < connections_.size(); ++i) {
                start_request(connections_[next++]);
            }
            const int count =
                epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                           next < connections_.size() ? 0 : 100);
            for (int i = 0; i < count; ++i) {
                handle(events[static_cast<std::size_t>(i)]);
            }
            if (now_ns() > deadline_ + kPatience) {
                give_up();
            }
        }
        return static_cast<double>(now_ns() - counted_from_) / 1e9;
    }

    Results& results() { return results_; }

  private:
    void open(Connection& connection) {
        connection.socket = connect_to(port_);
        connection.blocked = false;
        if (connection.socket.valid()) {
            const auto index = static_cast<std::size_t>(connection.socket.get());
            if (by_fd_.size() <= index) {
                by_fd_.resize(index + 1);
            }
            by_fd_[index] = &connection;
            epoll_add(epoll_, connection.socket.get(), EPOLLIN);
        }
    }

    void start_request(Connection& connection) {
        if (requests_left_ == 0) {
            return;
        }
        --requests_left_;
        if (!connection.socket.valid()) {
            open(connection);
        }
        ++in_flight_;
        connection.busy = true;
        connection.saw_done = false;
        connection.line.clear();
        connection.reader.reset();
        connection.sent = 0;
        connection.began = now_ns();
        if (!connection.socket.valid() || !send_rest(connection)) {
            finish(connection, "cannot connect or send");
        }
    }

    /// False: the connection is broken.
    bool send_rest(Connection& connection) {
        while (connection.sent < request_.size()) {
            const ssize_t size = send(connection.socket.get(), request_.data() + connection.sent,
                                      request_.size() - connection.sent, MSG_NOSIGNAL);
            if (size < 0 && errno == EAGAIN) {
                wait_to_send(connection, true);
                return true;
            }
            if (size < 0) {
                return false;
            }
            connection.sent += static_cast<std::size_t>(size);
        }
        wait_to_send(connection, false);
        return true;
    }

    void wait_to_send(Connection& connection, bool blocked) {
        if (connection.blocked != blocked) {
            connection.blocked = blocked;
            epoll_change(epoll_, connection.socket.get(), blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
        }
    }

    void handle(const epoll_event& event) {
        Connection* connection = by_fd_[static_cast<std::size_t>(event.data.fd)];
        if (connection == nullptr) {
            return;
        }
        if ((event.events & EPOLLOUT) != 0 && connection->busy && !send_rest(*connection)) {
            finish(*connection, "cannot send");
            return;
        }
        if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            read(*connection);
        }
    }

    void read(Connection& connection) {
        const ssize_t size = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
        if (size < 0 && errno == EAGAIN) {
            return;
        }
        if (size <= 0) {
            if (connection.busy) {
                finish(connection, connection.reader.started() ? "closed within an answer"
                                                               : "closed before an answer");
            } else {
                close(connection);
            }
            return;
        }
        connection.reader.feed({buffer_.data(), static_cast<std::size_t>(size)});
        if (streams_ && connection.reader.status() == 200) {
            read_events(connection);
        }
        if (connection.reader.broken()) {
            finish(connection, "broken framing");
        } else if (connection.reader.complete()) {
            finish(connection, verdict(connection));
        }
    }

    std::string verdict(Connection& connection) const {
        if (connection.reader.status() != 200) {
            return "status " + std::to_string(connection.reader.status()) + ": " +
                   connection.reader.body().substr(0, 200);
        }
        return streams_ && !connection.saw_done ? "the stream has no [DONE]" : "";
    }

    void read_events(Connection& connection) {
        const std::uint64_t now = now_ns();
        std::string& text = connection.line;
        text.append(connection.reader.body());
        connection.reader.body().clear();
        std::size_t begin = 0;
        for (;;) {
            const std::size_t end = text.find('\n', begin);
            if (end == std::string::npos) {
                break;
            }
            read_line(connection, std::string_view(text).substr(begin, end - begin), now);
            begin = end + 1;
        }
        text.erase(0, begin);
    }

    void read_line(Connection& connection, std::string_view line, std::uint64_t now) {
        const std::size_t stamp = line.find("\"@");
        if (stamp != std::string_view::npos) {
            const std::string digits(line.substr(stamp + 2, 20));
            const std::uint64_t sent = std::strtoull(digits.c_str(), nullptr, 10);
            results_.relay_us.push_back(static_cast<double>(now - sent) / 1e3);
            ++results_.chunks;
        } else if (line.rfind("data: [DONE]", 0) == 0) {
            connection.saw_done = true;
        }
    }

    /// `failure` is empty for a good answer.
    void finish(Connection& connection, const std::string& failure) {
        const std::uint64_t now = now_ns();
        --in_flight_;
        connection.busy = false;
        if (!failure.empty()) {
            ++results_.failed;
            if (results_.first_failure.empty()) {
                results_.first_failure = failure;
            }
        } else if (connection.began >= counted_from_ || streams_) {
            ++results_.ok;
            results_.latency_us.push_back(static_cast<double>(now - connection.began) / 1e3);
        }
        if (!failure.empty() || connection.reader.closes()) {
            close(connection);
        }
        // A server that fails every request would otherwise be asked without end.
        if (!streams_ && now < deadline_ && results_.failed < 100) {
            start_request(connection);
        }
    }

    void close(Connection& connection) {
        if (connection.socket.valid()) {
            by_fd_[static_cast<std::size_t>(connection.socket.get())] = nullptr;
            connection.socket.reset();
        }
    }

    void give_up() {
        results_.failed += in_flight_;
        results_.first_failure = std::to_string(in_flight_) + " requests had no answer in time";
        in_flight_ = 0;
    }

    int port_;
    bool streams_;
    std::uint64_t duration_ns_;
    std::uint64_t warmup_ns_;
    std::uint64_t requests_left_;
    std::string request_;
    Fd epoll_;
    std::vector<Connection> connections_;
    std::vector<Connection*> by_fd_;
    std::array<char, 256 * 1024> buffer_{};
    std::uint64_t counted_from_ = 0;
    std::uint64_t deadline_ = 0;
    std::size_t in_flight_ = 0;
    Results results_;
};

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out + "\"";
}

void print(Results& results, double seconds) {
    std::printf(
        "{\"ok\":%llu,\"failed\":%llu,\"seconds\":%.4f,\"rps\":%.1f,\"p50_us\":%.1f,"
        "\"p99_us\":%.1f,\"chunks\":%llu,\"relay_p50_us\":%.1f,\"relay_p99_us\":%.1f,"
        "\"first_failure\":%s}\n",
        static_cast<unsigned long long>(results.ok),
        static_cast<unsigned long long>(results.failed), seconds,
        static_cast<double>(results.ok) / seconds, percentile(results.latency_us, 0.5),
        percentile(results.latency_us, 0.99), static_cast<unsigned long long>(results.chunks),
        percentile(results.relay_us, 0.5), percentile(results.relay_us, 0.99),
        json_string(results.first_failure).c_str());
}

}  // namespace

}  // namespace llmgw::bench

int main(int argc, char** argv) {
    namespace bench = llmgw::bench;
    std::signal(SIGPIPE, SIG_IGN);
    bench::raise_descriptor_limit();
    const bench::Options options(argc, argv);
    auto load = std::make_unique<bench::Load>(options);
    const double seconds = load->run();
    bench::print(load->results(), seconds);
}
