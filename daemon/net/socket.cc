// SPDX-License-Identifier: Apache-2.0
#include "daemon/net/socket.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace llmgw {

namespace {

constexpr std::size_t kMaxPieces = 64;  // well under IOV_MAX

// One client context for the process: loading the trusted certificates takes milliseconds.
SSL_CTX* client_context() {
    static SSL_CTX* const context = [] {
        SSL_CTX* made = SSL_CTX_new(TLS_client_method());
        LLMGW_ASSERT(made != nullptr);
        SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
        SSL_CTX_set_default_verify_paths(made);
        SSL_CTX_set_verify(made, SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
        return made;
    }();
    return context;
}

std::string tls_failure(SSL* ssl, const std::string& host) {
    const long verify = SSL_get_verify_result(ssl);
    if (verify != X509_V_OK) {
        return "the certificate of " + host +
               " is not trusted: " + X509_verify_cert_error_string(verify);
    }
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
    return "TLS with " + host + " failed: " +
           (reason != nullptr ? reason : "the connection was closed during the handshake");
}

}  // namespace

void Socket::SslDeleter::operator()(ssl_st* ssl) const noexcept {
    SSL_free(ssl);
}

// received_ is written before it is read.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
Socket::Socket(Tcp tcp) : tcp_(std::move(tcp)) {}

Socket::~Socket() {
    close();
}

Task<std::error_code> Socket::connect(std::vector<asio::ip::tcp::endpoint> endpoints) {
    std::error_code error = asio::error::host_not_found;
    for (const auto& endpoint : endpoints) {
        std::error_code ignored;
        tcp_.close(ignored);
        tcp_.open(endpoint.protocol(), error);
        if (error) {
            continue;
        }
        tcp_.non_blocking(true, ignored);
        tcp_.set_option(asio::ip::tcp::no_delay(true), ignored);
        if (::connect(tcp_.native_handle(), endpoint.data(),
                      static_cast<socklen_t>(endpoint.size())) != 0) {
            if (errno != EINPROGRESS) {
                error = {errno, std::system_category()};
                continue;
            }
            const bool ready = co_await writable();
            if (!ready) {
                co_return asio::error::operation_aborted;
            }
            int result = 0;
            socklen_t size = sizeof result;
            ::getsockopt(tcp_.native_handle(), SOL_SOCKET, SO_ERROR, &result, &size);
            if (result != 0) {
                error = {result, std::system_category()};
                continue;
            }
        }
        co_return std::error_code();
    }
    co_return error;
}

Task<Result<void>> Socket::start_tls(const std::string& host) {
    ERR_clear_error();
    ssl_.reset(SSL_new(client_context()));
    LLMGW_ASSERT(ssl_ != nullptr);
    SSL_set_fd(ssl_.get(), tcp_.native_handle());
    std::error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (not_an_address) {
        // SSL_set_tlsext_host_name() without its C cast.
        SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(host.c_str()));
        SSL_set1_host(ssl_.get(), host.c_str());
    } else {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
    }
    for (;;) {
        ERR_clear_error();
        const int returned = SSL_connect(ssl_.get());
        if (returned == 1) {
            co_return Result<void>();
        }
        const int reason = SSL_get_error(ssl_.get(), returned);
        bool ready = false;
        if (reason == SSL_ERROR_WANT_READ) {
            ready = co_await readable();
        } else if (reason == SSL_ERROR_WANT_WRITE) {
            ready = co_await writable();
        } else {
            co_return fail(Errc::upstream, tls_failure(ssl_.get(), host));
        }
        if (!ready) {
            co_return fail(Errc::upstream, "the connection was closed during the TLS handshake");
        }
    }
}

IoResult Socket::ssl_result(int returned) {
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
            ssl_wants_write_ = false;
            return {Io::again};
        case SSL_ERROR_WANT_WRITE:
            ssl_wants_write_ = true;
            return {Io::again};
        case SSL_ERROR_ZERO_RETURN:
            return {Io::closed};
        default:
            return {Io::failed};
    }
}

IoResult Socket::read_some(char* buffer, std::size_t size) {
    if (!tcp_.is_open()) {
        return {Io::failed};
    }
    if (ssl_) {
        ERR_clear_error();
        std::size_t bytes = 0;
        const int returned = SSL_read_ex(ssl_.get(), buffer, size, &bytes);
        return returned == 1 ? IoResult{Io::ok, bytes} : ssl_result(returned);
    }
    for (;;) {
        const ssize_t got = ::recv(tcp_.native_handle(), buffer, size, 0);
        if (got > 0) {
            return {Io::ok, static_cast<std::size_t>(got)};
        }
        if (got == 0) {
            return {Io::closed};
        }
        if (errno != EINTR) {
            return {errno == EAGAIN || errno == EWOULDBLOCK ? Io::again : Io::failed};
        }
    }
}

IoResult Socket::write_some(std::span<const iovec> pieces) {
    if (!tcp_.is_open()) {
        return {Io::failed};
    }
    if (ssl_) {
        for (const iovec& one : pieces) {
            if (one.iov_len == 0) {
                continue;
            }
            ERR_clear_error();
            std::size_t bytes = 0;
            const int returned = SSL_write_ex(ssl_.get(), one.iov_base, one.iov_len, &bytes);
            return returned == 1 ? IoResult{Io::ok, bytes} : ssl_result(returned);
        }
        return {Io::ok, 0};
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = std::min(pieces.size(), kMaxPieces);
    for (;;) {
        const ssize_t sent = ::sendmsg(tcp_.native_handle(), &message, MSG_NOSIGNAL);
        if (sent >= 0) {
            return {Io::ok, static_cast<std::size_t>(sent)};
        }
        if (errno != EINTR) {
            return {errno == EAGAIN || errno == EWOULDBLOCK ? Io::again : Io::failed};
        }
    }
}

namespace {
struct ReceiveAwaiter {
    Socket& socket;
    IoResult result;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
        socket.receive([this, waiting](IoResult received) {
            result = received;
            waiting.resume();
        });
    }
    [[nodiscard]] IoResult await_resume() const noexcept { return result; }
};
}  // namespace

Task<IoResult> Socket::read(char* buffer, std::size_t size) {
    if (!ssl_) {
        ReceiveAwaiter first{*this, {Io::failed}};
        IoResult result = co_await first;
        if (result.state == Io::ok) {
            std::copy_n(received_.data(), result.bytes, buffer);
            if (result.bytes == received_.size()) {
                const IoResult more = read_some(buffer + result.bytes, size - result.bytes);
                result.bytes += more.state == Io::ok ? more.bytes : 0;
            }
        }
        co_return result;
    }
    for (;;) {
        const IoResult result = read_some(buffer, size);
        if (result.state != Io::again) {
            co_return result;
        }
        bool ready = false;
        if (ssl_wants_write_) {
            ready = co_await writable();
        } else {
            ready = co_await readable();
        }
        if (!ready) {
            co_return IoResult{Io::failed};
        }
    }
}

Io write_now(Socket& socket, std::span<iovec>& pieces) {
    for (;;) {
        while (!pieces.empty() && pieces.front().iov_len == 0) {
            pieces = pieces.subspan(1);
        }
        if (pieces.empty()) {
            return Io::ok;
        }
        const IoResult result = socket.write_some(pieces);
        if (result.state != Io::ok) {
            return result.state;
        }
        std::size_t left = result.bytes;
        for (iovec& one : pieces) {
            const std::size_t step = std::min(left, one.iov_len);
            one.iov_base = static_cast<char*>(one.iov_base) + step;
            one.iov_len -= step;
            left -= step;
            if (left == 0) {
                break;
            }
        }
    }
}

Task<bool> Socket::write(std::vector<iovec> pieces) {
    std::span<iovec> rest = pieces;
    for (;;) {
        const Io state = write_now(*this, rest);
        if (state == Io::ok) {
            co_return true;
        }
        if (state != Io::again) {
            co_return false;
        }
        bool ready = false;
        if (ssl_ && !ssl_wants_write_) {
            ready = co_await readable();
        } else {
            ready = co_await writable();
        }
        if (!ready) {
            co_return false;
        }
    }
}

bool Socket::is_quiet() {
    if (!tcp_.is_open()) {
        return false;
    }
    char byte = 0;
    if (ssl_) {
        ERR_clear_error();
        const int returned = SSL_peek(ssl_.get(), &byte, 1);
        return returned <= 0 && SSL_get_error(ssl_.get(), returned) == SSL_ERROR_WANT_READ;
    }
    return ::recv(tcp_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Socket::close() noexcept {
    std::error_code ignored;
    tcp_.close(ignored);
}

}  // namespace llmgw
