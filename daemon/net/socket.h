// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <asio/ip/tcp.hpp>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/base/error.h"
#include "common/base/fd.h"
#include "daemon/net/loop.h"
#include "daemon/net/reactor.h"
#include "daemon/net/task.h"

struct ssl_st;

namespace llmgw {

enum class Io {
    ok,
    again,   // nothing to read, or no room to write, at the moment
    closed,  // the peer has ended its side
    failed,  // reset, or closed by us
};

struct IoResult {
    Io state;
    std::size_t bytes = 0;
};

/// A non-blocking TCP connection, with TLS on it or not. read_some() and write_some() never wait;
/// the awaiters do. At most one coroutine waits at a time. Only for the loop's thread.
class Socket : private Reactor::Watch {
  public:
    /// One to be connected.
    explicit Socket(Loop& loop) : loop_(loop) {}
    /// One that was accepted, already non-blocking.
    Socket(Loop& loop, Fd fd);
    ~Socket() override;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// A coroutine's wait until attempt() says that there is nothing more to wait for. It is tried
    /// at once, then whenever the socket has become ready, and a last time when it was closed.
    class Wait {
      public:
        explicit Wait(Socket& socket) : socket_(socket) {}
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;
        virtual ~Wait() = default;
        [[nodiscard]] bool await_ready() { return attempt(); }
        void await_suspend(std::coroutine_handle<> waiting);

      protected:
        virtual bool attempt() = 0;
        Socket& socket_;

      private:
        friend class Socket;
        std::coroutine_handle<> waiting_;
    };

    /// Reads into a buffer; `again` is never the result. The buffer is filled right before the
    /// coroutine goes on, so the loop's scratch may be used.
    class Read final : public Wait {
      public:
        Read(Socket& socket, std::span<char> buffer) : Wait(socket), buffer_(buffer) {}
        [[nodiscard]] IoResult await_resume() const { return result_; }

      private:
        bool attempt() override;
        std::span<char> buffer_;
        IoResult result_{Io::again};
    };

    /// Writes all pieces, and changes them on the way; false when the connection broke.
    class Write final : public Wait {
      public:
        Write(Socket& socket, std::span<iovec> pieces) : Wait(socket), pieces_(pieces) {}
        [[nodiscard]] bool await_resume() const { return state_ == Io::ok; }

      private:
        bool attempt() override;
        std::span<iovec> pieces_;
        Io state_ = Io::again;
    };

    /// Connects to the first of the endpoints that answers.
    Task<std::error_code> connect(std::vector<asio::ip::tcp::endpoint> endpoints);
    /// TLS as a client; the certificate must be for `host`. The message says what was wrong.
    Task<Result<void>> start_tls(const std::string& host);

    IoResult read_some(char* buffer, std::size_t size);
    IoResult write_some(std::span<const iovec> pieces);
    /// Whether a coroutine waits for it.
    [[nodiscard]] bool is_awaited() const { return wait_ != nullptr; }
    /// Whether read_some() may have something, as far as is known.
    [[nodiscard]] bool may_read() const { return may_read_ || !is_open(); }

    /// Called, from now on, when there is input or an end and no coroutine waits for it.
    void on_input(std::function<void()> callback) { input_callback_ = std::move(callback); }

    /// Whether an idle connection can still be used: no byte and no end has arrived.
    bool is_quiet();
    /// The same, as far as the loop has been told; costs nothing.
    [[nodiscard]] bool seems_quiet() const { return is_open() && !ended_ && (ssl_ || !may_read_); }
    void shutdown_send();
    /// Ends both directions; whoever waits goes on a moment later.
    void close() noexcept;
    [[nodiscard]] bool is_open() const { return fd_.valid(); }
    /// The peer's IP address as text; empty when there is none.
    [[nodiscard]] std::string peer_address() const;
    [[nodiscard]] int native_handle() const { return fd_.get(); }

  private:
    struct SslDeleter {
        void operator()(ssl_st* ssl) const noexcept;
    };
    class Connected;
    class Handshake;
    void ready(std::uint32_t events) override;
    void open(Fd fd);
    IoResult plain_read(char* buffer, std::size_t size);
    IoResult ssl_result(int returned);

    Loop& loop_;
    Fd fd_;
    Wait* wait_ = nullptr;
    std::function<void()> input_callback_;
    std::unique_ptr<ssl_st, SslDeleter> ssl_;
    bool may_read_ = false;
    bool may_write_ = false;
    bool ended_ = false;  // the peer's end, or an error, is behind what is left to read
};

inline iovec piece(std::string_view bytes) {
    return {const_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace llmgw
