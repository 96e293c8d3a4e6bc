// SPDX-License-Identifier: Apache-2.0
#pragma once

// A server with TLS on this machine, and the certificate that makes llmgw trust it.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/base/fd.h"
#include "common/secrets/crypto.h"
#include "tests/unit/scratch.h"

namespace llmgw::test {

/// A certificate for "localhost", signed by itself, and trusted by this process: OpenSSL looks at
/// SSL_CERT_FILE when the first connection with TLS is made, so there is one for all tests.
class LocalCertificate {
  public:
    static const LocalCertificate& get() {
        static const LocalCertificate one;
        return one;
    }
    void use(SSL_CTX* context) const {
        REQUIRE(SSL_CTX_use_certificate(context, certificate_.get()) == 1);
        REQUIRE(SSL_CTX_use_PrivateKey(context, key_.get()) == 1);
    }

  private:
    LocalCertificate() : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
        X509* const made = certificate_.get();
        X509_set_version(made, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
        X509_gmtime_adj(X509_getm_notBefore(made), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made), 3600);
        X509_set_pubkey(made, key_.get());
        X509_NAME* const name = X509_get_subject_name(made);
        const auto* const text = reinterpret_cast<const unsigned char*>("localhost");
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
        X509_set_issuer_name(made, name);
        const std::unique_ptr<X509_EXTENSION, OpensslDeleter<X509_EXTENSION_free>> names(
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost"));
        X509_add_ext(made, names.get(), -1);
        REQUIRE(X509_sign(made, key_.get(), EVP_sha256()) > 0);

        const std::unique_ptr<BIO, OpensslDeleter<BIO_free_all>> out(BIO_new(BIO_s_mem()));
        REQUIRE(PEM_write_bio_X509(out.get(), made) == 1);
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(out.get(), &bytes);
        put_file(folder_ / "ca.pem", std::string(bytes, static_cast<std::size_t>(size)), 0600);
    }

    Scratch folder_;
    Variable trusted_{"SSL_CERT_FILE", folder_ / "ca.pem"};
    std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>> key_;
    std::unique_ptr<X509, OpensslDeleter<X509_free>> certificate_;
};

/// Gives every connection the same answer and closes it; with an empty one, it waits for the
/// client to close.
class TlsServer {
  public:
    explicit TlsServer(std::string answer)
        : answer_(std::move(answer)),
          context_(SSL_CTX_new(TLS_server_method())),
          listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        LocalCertificate::get().use(context_.get());
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(listener_.get(), generic, size) == 0);
        REQUIRE(::listen(listener_.get(), 16) == 0);
        REQUIRE(::getsockname(listener_.get(), generic, &size) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~TlsServer() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(std::string_view path) const {
        return "https://localhost:" + std::to_string(port_) + std::string(path);
    }
    /// Every connection's request; empty when TLS or the request failed.
    [[nodiscard]] std::vector<std::string> requests() {
        const std::lock_guard<std::mutex> hold(mutex_);
        return requests_;
    }

  private:
    void serve() {
        for (;;) {
            const Fd client(::accept(listener_.get(), nullptr, nullptr));
            if (!client.valid()) {
                return;
            }
            const std::unique_ptr<SSL, OpensslDeleter<SSL_free>> ssl(SSL_new(context_.get()));
            SSL_set_fd(ssl.get(), client.get());
            std::string request = SSL_accept(ssl.get()) == 1 ? read_request(ssl.get()) : "";
            const bool asked = !request.empty();
            {
                const std::lock_guard<std::mutex> hold(mutex_);
                requests_.push_back(std::move(request));
            }
            char byte = 0;
            if (asked && answer_.empty()) {
                SSL_read(ssl.get(), &byte, 1);
            } else if (asked) {
                SSL_write(ssl.get(), answer_.data(), static_cast<int>(answer_.size()));
                SSL_shutdown(ssl.get());
            }
        }
    }
    // How long a request is, as far as it has come; npos while its head has not.
    static std::size_t size_of(const std::string& request) {
        constexpr std::string_view kLength = "Content-Length: ";
        const std::size_t end = request.find("\r\n\r\n");
        const std::size_t length = request.find(kLength);
        if (end == std::string::npos || length > end) {
            return end == std::string::npos ? end : end + 4;
        }
        return end + 4 + std::stoul(request.substr(length + kLength.size()));
    }
    static std::string read_request(SSL* ssl) {
        std::string request;
        char bytes[4096];
        while (request.size() < size_of(request)) {
            const int got = SSL_read(ssl, bytes, sizeof bytes);
            if (got <= 0) {
                return {};
            }
            request.append(bytes, static_cast<std::size_t>(got));
        }
        return request;
    }

    std::string answer_;
    std::unique_ptr<SSL_CTX, OpensslDeleter<SSL_CTX_free>> context_;
    Fd listener_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::vector<std::string> requests_;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace llmgw::test
