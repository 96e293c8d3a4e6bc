// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/base/error.h"
#include "daemon/net/loop.h"
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

/// A non-blocking TCP connection, with TLS on it or not. Reading and writing never wait; the
/// awaiters do. At most one coroutine waits for each direction. Only for the loop's thread.
class Socket {
  public:
    using Tcp = asio::ip::tcp::socket;

    explicit Socket(Loop& loop) : tcp_(loop.io()) {}
    explicit Socket(Tcp tcp);
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// Suspends until the socket is ready in one direction; resumes with false when it was closed.
    struct ReadyAwaiter {
        Tcp& tcp;
        Tcp::wait_type direction;
        bool ok = false;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) {
            tcp.async_wait(direction, [this, waiting](const std::error_code& error) {
                ok = !error;
                waiting.resume();
            });
        }
        [[nodiscard]] bool await_resume() const noexcept { return ok; }
    };
    ReadyAwaiter readable() { return {tcp_, Tcp::wait_read}; }
    ReadyAwaiter writable() { return {tcp_, Tcp::wait_write}; }

    /// Waits for input and takes the first of it into received(), then calls `callback(IoResult)`.
    /// Asio then needs one system call for the wait and one for the bytes; waiting for readiness
    /// alone would need a third. Not for TLS.
    template <typename Callback>
    void receive(Callback callback) {
        tcp_.async_receive(
            asio::buffer(received_), [callback = std::move(callback)](const std::error_code& error,
                                                                      std::size_t bytes) mutable {
                const Io state =
                    !error ? Io::ok : (error == asio::error::eof ? Io::closed : Io::failed);
                callback(IoResult{state, bytes});
            });
    }
    /// The bytes of the last receive(). When it is full there may be more to read at once.
    using Received = std::array<char, 2048>;
    [[nodiscard]] const Received& received() const { return received_; }

    /// Connects to the first of the endpoints that answers.
    Task<std::error_code> connect(std::vector<asio::ip::tcp::endpoint> endpoints);
    /// TLS as a client; the certificate must be for `host`. The message says what was wrong.
    Task<Result<void>> start_tls(const std::string& host);

    IoResult read_some(char* buffer, std::size_t size);
    IoResult write_some(std::span<const iovec> pieces);

    /// Waits and reads; `size` is at least that of Received. `again` is never returned.
    Task<IoResult> read(char* buffer, std::size_t size);
    /// Waits until all pieces are written; false when the connection broke.
    Task<bool> write(std::vector<iovec> pieces);

    /// Whether an idle connection can still be used: no byte and no end has arrived.
    bool is_quiet();
    /// Ends both directions and wakes whoever waits.
    void close() noexcept;
    [[nodiscard]] bool is_open() const { return tcp_.is_open(); }
    Tcp& tcp() { return tcp_; }

  private:
    struct SslDeleter {
        void operator()(ssl_st* ssl) const noexcept;
    };
    IoResult ssl_result(int returned);

    Tcp tcp_;
    Received received_;
    std::unique_ptr<ssl_st, SslDeleter> ssl_;
    bool ssl_wants_write_ = false;
};

/// Writes what it can at once and leaves in `pieces` what is still to be written; `ok` when all is
/// out. Changes the pieces.
Io write_now(Socket& socket, std::span<iovec>& pieces);

inline iovec piece(std::string_view bytes) {
    return {const_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace llmgw
