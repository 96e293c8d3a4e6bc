// SPDX-License-Identifier: Apache-2.0
#include "daemon/net/socket.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/error.hpp>
#include <asio/post.hpp>
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

Socket::Socket(Loop& loop, Fd fd) : loop_(loop) {
    open(std::move(fd));
}

Socket::~Socket() {
    LLMGW_ASSERT(wait_ == nullptr || !wait_->waiting_);
    close();
}

void Socket::open(Fd fd) {
    fd_ = std::move(fd);
    may_read_ = may_write_ = ended_ = false;
    loop_.reactor().add(fd_.get(), *this);
}

void Socket::close() noexcept {
    if (!fd_.valid()) {
        return;
    }
    loop_.reactor().remove(fd_.get(), *this);
    fd_.reset();
    if (Wait* const wait = std::exchange(wait_, nullptr)) {
        asio::post(loop_.io(), [wait] {
            wait->attempt();
            std::exchange(wait->waiting_, nullptr).resume();
        });
    }
}

void Socket::Wait::await_suspend(std::coroutine_handle<> waiting) {
    LLMGW_ASSERT(socket_.wait_ == nullptr);
    waiting_ = waiting;
    socket_.wait_ = this;
}

void Socket::ready(std::uint32_t events) {
    constexpr std::uint32_t kEnds = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    may_read_ = may_read_ || (events & (EPOLLIN | kEnds)) != 0;
    may_write_ = may_write_ || (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    ended_ = ended_ || (events & kEnds) != 0;
    if (wait_ != nullptr && wait_->attempt()) {
        // Whoever goes on may destroy this socket.
        std::exchange(std::exchange(wait_, nullptr)->waiting_, nullptr).resume();
        return;
    }
    if (may_read_ && input_callback_) {
        input_callback_();
    }
}

bool Socket::Read::attempt() {
    result_ = socket_.read_some(buffer_.data(), buffer_.size());
    return result_.state != Io::again;
}

bool Socket::Write::attempt() {
    for (;;) {
        while (!pieces_.empty() && pieces_.front().iov_len == 0) {
            pieces_ = pieces_.subspan(1);
        }
        if (pieces_.empty()) {
            state_ = Io::ok;
            return true;
        }
        const IoResult result = socket_.write_some(pieces_);
        state_ = result.state;
        if (state_ != Io::ok) {
            return state_ != Io::again;
        }
        std::size_t left = result.bytes;
        for (iovec& one : pieces_) {
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

// Waits for the end of a connect() that is under way (connect(2), EINPROGRESS).
class Socket::Connected final : public Wait {
  public:
    using Wait::Wait;
    [[nodiscard]] bool await_resume() const { return socket_.is_open(); }

  private:
    bool attempt() override { return socket_.may_write_ || !socket_.is_open(); }
};

Task<std::error_code> Socket::connect(std::vector<asio::ip::tcp::endpoint> endpoints) {
    std::error_code error = asio::error::host_not_found;
    for (const auto& endpoint : endpoints) {
        close();
        const auto& protocol = endpoint.protocol();
        Fd fd(::socket(protocol.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                       protocol.protocol()));
        if (!fd.valid()) {
            error = {errno, std::system_category()};
            continue;
        }
        const int on = 1;
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0) {
            open(std::move(fd));
            co_return std::error_code();
        }
        if (errno != EINPROGRESS) {
            error = {errno, std::system_category()};
            continue;
        }
        open(std::move(fd));
        Connected connected(*this);
        const bool still_open = co_await connected;
        if (!still_open) {
            co_return asio::error::operation_aborted;
        }
        int result = 0;
        socklen_t size = sizeof result;
        ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &result, &size);
        if (result == 0) {
            co_return std::error_code();
        }
        error = {result, std::system_category()};
    }
    co_return error;
}

// Goes on with a TLS handshake whenever the peer has said something.
class Socket::Handshake final : public Wait {
  public:
    using Wait::Wait;
    /// The SSL_get_error() of its end; SSL_ERROR_NONE: done.
    [[nodiscard]] int await_resume() const { return reason_; }

  private:
    bool attempt() override {
        if (!socket_.is_open()) {
            reason_ = SSL_ERROR_SYSCALL;
            return true;
        }
        ERR_clear_error();
        const int returned = SSL_connect(socket_.ssl_.get());
        reason_ = returned == 1 ? SSL_ERROR_NONE : SSL_get_error(socket_.ssl_.get(), returned);
        return reason_ != SSL_ERROR_WANT_READ && reason_ != SSL_ERROR_WANT_WRITE;
    }
    int reason_ = SSL_ERROR_NONE;
};

Task<Result<void>> Socket::start_tls(const std::string& host) {
    ERR_clear_error();
    ssl_.reset(SSL_new(client_context()));
    LLMGW_ASSERT(ssl_ != nullptr);
    SSL_set_fd(ssl_.get(), fd_.get());
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
    Handshake handshake(*this);
    const int reason = co_await handshake;
    if (!is_open()) {
        co_return fail(Errc::upstream, "the connection was closed during the TLS handshake");
    }
    if (reason != SSL_ERROR_NONE) {
        co_return fail(Errc::upstream, tls_failure(ssl_.get(), host));
    }
    co_return Result<void>();
}

IoResult Socket::ssl_result(int returned) {
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return {Io::again};
        case SSL_ERROR_ZERO_RETURN:
            return {Io::closed};
        default:
            return {Io::failed};
    }
}

IoResult Socket::plain_read(char* buffer, std::size_t size) {
    if (!may_read_) {
        return {Io::again};
    }
    for (;;) {
        const ssize_t got = ::recv(fd_.get(), buffer, size, 0);
        if (got > 0) {
            // All that had arrived has been read. What comes next, an end too, is a new event.
            may_read_ = static_cast<std::size_t>(got) == size || ended_;
            return {Io::ok, static_cast<std::size_t>(got)};
        }
        if (got == 0) {
            return {Io::closed};
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            may_read_ = false;
            return {Io::again};
        }
        if (errno != EINTR) {
            return {Io::failed};
        }
    }
}

IoResult Socket::read_some(char* buffer, std::size_t size) {
    if (!is_open()) {
        return {Io::failed};
    }
    if (!ssl_) {
        return plain_read(buffer, size);
    }
    ERR_clear_error();
    std::size_t bytes = 0;
    const int returned = SSL_read_ex(ssl_.get(), buffer, size, &bytes);
    return returned == 1 ? IoResult{Io::ok, bytes} : ssl_result(returned);
}

IoResult Socket::write_some(std::span<const iovec> pieces) {
    if (!is_open()) {
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
        const ssize_t sent = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
        if (sent >= 0) {
            return {Io::ok, static_cast<std::size_t>(sent)};
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            may_write_ = false;
            return {Io::again};
        }
        if (errno != EINTR) {
            return {Io::failed};
        }
    }
}

bool Socket::is_quiet() {
    if (!is_open() || ended_) {
        return false;
    }
    char byte = 0;
    if (ssl_) {
        ERR_clear_error();
        const int returned = SSL_peek(ssl_.get(), &byte, 1);
        return returned <= 0 && SSL_get_error(ssl_.get(), returned) == SSL_ERROR_WANT_READ;
    }
    return ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string Socket::peer_address() const {
    asio::ip::tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    if (::getpeername(fd_.get(), peer.data(), &size) != 0) {
        return {};
    }
    peer.resize(size);
    return peer.address().to_string();
}

void Socket::shutdown_send() {
    ::shutdown(fd_.get(), SHUT_WR);
}

}  // namespace llmgw
