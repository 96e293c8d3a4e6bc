// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/url.h"
#include "daemon/http/chunked.h"
#include "daemon/upstream/answer.h"
#include "daemon/upstream/pool.h"

namespace llmgw {

/// How long each phase of a call may take; zero: without bound.
struct CallTimeouts {
    std::chrono::milliseconds connect{10'000};      ///< DNS, TCP and TLS together
    std::chrono::milliseconds first_byte{600'000};  ///< from sent to head, and to the body
    std::chrono::milliseconds idle{300'000};        ///< between two pieces of the body
    std::chrono::milliseconds total{1'800'000};
};

/// One HTTP/1.1 request to an upstream and its answer. A connection from the pool is used when
/// there is one; one that turns out to be dead before a byte of the answer came is replaced once.
/// Only for the loop's thread; destroying it closes a connection that is still in use.
class HttpCall : public UpstreamAnswer {
  public:
    /// Says which addresses may be connected to.
    using AddressFilter = bool (*)(const asio::ip::address& address);

    HttpCall(UpstreamPool& pool, const CallTimeouts& timeouts);
    /// One that connects only when all addresses of its host pass the filter, and then to one of
    /// these. `pool` must not have connections that were made without it.
    HttpCall(UpstreamPool& pool, const CallTimeouts& timeouts, AddressFilter filter);
    ~HttpCall() override;

    /// Sends the request and waits for the answer's head. `head` ends with its empty line; it and
    /// what `body` points to must stay until then. Errors: Errc::upstream (DNS, connect, TLS,
    /// broken answer), Errc::timeout, Errc::interrupted after cancel().
    Task<Result<void>> start(const BaseUrl& url, std::string_view head,
                             const std::vector<std::string_view>& body);

    [[nodiscard]] const ResponseHead& head() const override { return head_; }
    Task<BodyPart> next() override;
    std::optional<std::string_view> take_whole() override;
    void cancel() override;

    /// Microseconds that each phase took, for a diagnosis; a reused connection has only the last.
    struct Phases {
        std::optional<std::int64_t> dns, connect, tls, first_byte;
        std::string address;
    };
    [[nodiscard]] const Phases& phases() const { return phases_; }
    /// Whether the whole request went out, so that the provider may have worked on it.
    [[nodiscard]] bool sent() const { return sent_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Resolving;

    Task<Result<void>> open(const BaseUrl& url);
    Task<Result<UpstreamPool::Endpoints>> resolve(const BaseUrl& url);
    Task<Result<void>> exchange(std::string_view head, const std::vector<std::string_view>& body);
    Result<bool> take_head(std::string_view bytes);
    std::string_view take_content(char* bytes, std::size_t size);
    void finish();
    void limit(std::chrono::milliseconds phase);
    Error failure(std::string message) const;

    UpstreamPool& pool_;
    CallTimeouts timeouts_;
    AddressFilter filter_;
    Deadline deadline_;
    Clock::time_point started_ = Deadline::now();
    std::string origin_;
    std::unique_ptr<Socket> socket_;
    std::shared_ptr<Resolving> resolving_;
    bool reused_ = false;
    bool cancelled_ = false;
    bool timed_out_ = false;
    bool sent_ = false;
    bool got_bytes_ = false;  // of the answer's head
    bool got_body_ = false;
    const char* phase_ = "connecting";
    Phases phases_;

    std::string head_bytes_;      // the head, and what came with it
    std::size_t body_begin_ = 0;  // where the body begins in head_bytes_
    ResponseHead head_;
    ChunkedDecoder chunked_;
    std::uint64_t left_ = 0;  // of a body with a length
    bool complete_ = false;
    bool broken_ = false;
};

}  // namespace llmgw
