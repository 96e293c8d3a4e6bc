// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace llmgw::bench {

namespace {

constexpr int kBacklog = 4096;

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void control_epoll(const Fd& epoll, int operation, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll.get(), operation, fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

}  // namespace

std::uint64_t now_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void fail(std::string_view what) {
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(),
                 std::strerror(errno));
    std::exit(1);
}

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

void Fd::reset() {
    if (fd_ >= 0) {
        close(fd_);
        fd_ = -1;
    }
}

int Fd::release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
}

void tune_socket(const Fd& socket) {
    fcntl(socket.get(), F_SETFL, fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Fd listen_on(int port) {
    Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener.get(), kBacklog) != 0) {
        fail("listen");
    }
    return listener;
}

int port_of(const Fd& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        fail("getsockname");
    }
    return ntohs(address.sin_port);
}

Fd connect_to(int port) {
    Fd connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
        return {};
    }
    tune_socket(connection);
    return connection;
}

void epoll_add(const Fd& epoll, int fd, std::uint32_t events) {
    control_epoll(epoll, EPOLL_CTL_ADD, fd, events);
}

void epoll_change(const Fd& epoll, int fd, std::uint32_t events) {
    control_epoll(epoll, EPOLL_CTL_MOD, fd, events);
}

std::size_t MessageReader::feed(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && !complete() && !broken()) {
        const std::string_view rest = bytes.substr(used);
        switch (phase_) {
            case Phase::head:
                used += read_head(rest);
                break;
            case Phase::body:
                used += read_body(rest, Phase::complete);
                break;
            case Phase::chunk_data:
                used += read_body(rest, Phase::chunk_end);
                break;
            default:
                used += read_line(rest);
                break;
        }
    }
    return used;
}

void MessageReader::reset() {
    phase_ = Phase::head;
    head_.clear();
    line_.clear();
    body_.clear();
    left_ = 0;
    status_ = 0;
    closes_ = false;
}

std::size_t MessageReader::read_head(std::string_view bytes) {
    constexpr std::string_view kEnd = "\r\n\r\n";
    const std::size_t before = head_.size();
    head_.append(bytes);
    const std::size_t end = head_.find(kEnd, before < kEnd.size() ? 0 : before - (kEnd.size() - 1));
    if (end == std::string::npos) {
        return bytes.size();
    }
    head_.resize(end + 2);  // every line keeps its end
    end_head();
    return end + kEnd.size() - before;
}

std::size_t MessageReader::read_body(std::string_view bytes, Phase next) {
    const std::size_t size = std::min(left_, bytes.size());
    body_.append(bytes.substr(0, size));
    left_ -= size;
    if (left_ == 0) {
        phase_ = next;
    }
    return size;
}

std::size_t MessageReader::read_line(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
        line_.append(bytes);
        return bytes.size();
    }
    line_.append(bytes.substr(0, end));
    end_line();
    line_.clear();
    return end + 1;
}

void MessageReader::end_head() {
    std::transform(head_.begin(), head_.end(), head_.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (head_.rfind("http/1.", 0) == 0 && head_.size() > 12) {
        std::from_chars(head_.data() + 9, head_.data() + 12, status_);
    }
    closes_ = header("connection") == "close";
    if (header("transfer-encoding") == "chunked") {
        phase_ = Phase::chunk_size;
        return;
    }
    const std::string_view length = header("content-length");
    std::from_chars(length.data(), length.data() + length.size(), left_);
    phase_ = left_ == 0 ? Phase::complete : Phase::body;
}

void MessageReader::end_line() {
    if (!line_.empty() && line_.back() == '\r') {
        line_.pop_back();
    }
    if (phase_ == Phase::chunk_size) {
        const auto parsed = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
        if (parsed.ec != std::errc{}) {
            phase_ = Phase::broken;
        } else {
            phase_ = left_ == 0 ? Phase::trailer : Phase::chunk_data;
        }
    } else if (phase_ == Phase::chunk_end) {
        phase_ = line_.empty() ? Phase::chunk_size : Phase::broken;
    } else if (line_.empty()) {
        phase_ = Phase::complete;
    }
}

std::string_view MessageReader::header(std::string_view lower_name) const {
    const std::string key = "\r\n" + std::string(lower_name) + ":";
    const std::size_t at = head_.find(key);
    if (at == std::string::npos) {
        return {};
    }
    const std::size_t begin = head_.find_first_not_of(' ', at + key.size());
    const std::size_t end = head_.find('\r', begin);
    return std::string_view(head_).substr(begin, end - begin);
}

Options::Options(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name.rfind("--", 0) != 0) {
            std::fprintf(stderr, "unexpected argument: %s\n", argv[i]);
            std::exit(2);
        }
        const bool has_value = i + 1 < argc && std::strncmp(argv[i + 1], "--", 2) != 0;
        values_[std::string(name.substr(2))] = has_value ? argv[++i] : "";
    }
}

std::string Options::text(const std::string& name, const std::string& fallback) const {
    const auto found = values_.find(name);
    return found == values_.end() ? fallback : found->second;
}

std::uint64_t Options::number(const std::string& name, std::uint64_t fallback) const {
    return has(name) ? std::strtoull(values_.at(name).c_str(), nullptr, 10) : fallback;
}

double Options::real(const std::string& name, double fallback) const {
    return has(name) ? std::strtod(values_.at(name).c_str(), nullptr) : fallback;
}

}  // namespace llmgw::bench
