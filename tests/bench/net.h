// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the two tools of the benchmark share: sockets, HTTP/1.1 framing, options.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace llmgw::bench {

/// Nanoseconds of the monotonic clock, which all processes of a machine share: the upstream stamps
/// each chunk with it and the load generator subtracts.
[[nodiscard]] std::uint64_t now_ns();

/// Thousands of connections need more descriptors than the usual soft limit of 1024.
void raise_descriptor_limit();

/// Prints `what` and errno's text on stderr and exits 1.
[[noreturn]] void fail(std::string_view what);

/// Owns one descriptor.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd() { reset(); }
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool valid() const { return fd_ >= 0; }
    void reset();

  private:
    int release();

    int fd_ = -1;
};

/// Sets what every socket here has: non-blocking, no delay.
void tune_socket(const Fd& socket);

/// A listening, non-blocking socket on 127.0.0.1; port 0 takes any.
[[nodiscard]] Fd listen_on(int port);
[[nodiscard]] int port_of(const Fd& socket);

/// A connected, non-blocking socket, or an invalid one.
[[nodiscard]] Fd connect_to(int port);

/// Adds a descriptor to an epoll set, or changes what it waits for (EPOLLIN, EPOLLOUT).
void epoll_add(const Fd& epoll, int fd, std::uint32_t events);
void epoll_change(const Fd& epoll, int fd, std::uint32_t events);

/// Takes HTTP/1.1 messages (requests or answers) apart as their bytes arrive. Knows
/// Content-Length and chunked; a message with neither has no body.
class MessageReader {
  public:
    /// Returns how many of the bytes belong to the current message; stops at its end.
    std::size_t feed(std::string_view bytes);

    [[nodiscard]] bool complete() const { return phase_ == Phase::complete; }
    [[nodiscard]] bool broken() const { return phase_ == Phase::broken; }
    [[nodiscard]] bool started() const { return !head_.empty(); }
    /// The head so far, in lower case.
    [[nodiscard]] std::string_view head() const { return head_; }
    /// The status code of an answer; 0 before its head is complete.
    [[nodiscard]] int status() const { return status_; }
    /// Whether the sender closes the connection after this message.
    [[nodiscard]] bool closes() const { return closes_; }
    /// What of the body has arrived and was not taken yet; the caller may clear it at any time.
    std::string& body() { return body_; }
    /// Ready for the next message.
    void reset();

  private:
    enum class Phase { head, body, chunk_size, chunk_data, chunk_end, trailer, complete, broken };

    std::size_t read_head(std::string_view bytes);
    std::size_t read_body(std::string_view bytes, Phase next);
    std::size_t read_line(std::string_view bytes);
    void end_head();
    void end_line();
    [[nodiscard]] std::string_view header(std::string_view lower_name) const;

    Phase phase_ = Phase::head;
    std::string head_;  // lower case
    std::string line_;
    std::string body_;
    std::size_t left_ = 0;
    int status_ = 0;
    bool closes_ = false;
};

/// "--name value" and "--name" arguments.
class Options {
  public:
    Options(int argc, char** argv);
    [[nodiscard]] bool has(const std::string& name) const { return values_.count(name) != 0; }
    [[nodiscard]] std::string text(const std::string& name, const std::string& fallback) const;
    [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t fallback) const;
    [[nodiscard]] double real(const std::string& name, double fallback) const;

  private:
    std::map<std::string, std::string> values_;
};

}  // namespace llmgw::bench
