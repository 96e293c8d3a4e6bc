// SPDX-License-Identifier: Apache-2.0
#include "daemon/upstream/http_call.h"

#include <algorithm>
#include <asio/post.hpp>
#include <cstring>
#include <utility>

namespace llmgw {

namespace {

constexpr std::size_t kMaxHead = 64 * 1024;

std::int64_t micros_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 start)
        .count();
}

}  // namespace

// A lookup that can be given up at once: getaddrinfo() itself cannot be interrupted, so its late
// answer finds nobody waiting.
struct HttpCall::Resolving {
    explicit Resolving(Loop& loop) : resolver(loop.io()) {}
    asio::ip::tcp::resolver resolver;
    std::coroutine_handle<> waiting;
    std::error_code error;
    UpstreamPool::Endpoints endpoints;

    void resume() {
        if (waiting) {
            std::exchange(waiting, nullptr).resume();
        }
    }
};

namespace {

template <typename Resolving>
struct ResolveAwaiter {
    std::shared_ptr<Resolving> state;
    const std::string& host;
    std::string port;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
        state->waiting = waiting;
        state->resolver.async_resolve(
            host, port,
            [kept = state](const std::error_code& error,
                           const asio::ip::tcp::resolver::results_type& results) {
                kept->error = error;
                kept->endpoints.assign(results.begin(), results.end());
                kept->resume();
            });
    }
    void await_resume() const noexcept {}
};

}  // namespace

HttpCall::HttpCall(UpstreamPool& pool, const CallTimeouts& timeouts)
    : HttpCall(pool, timeouts, nullptr) {}

HttpCall::HttpCall(UpstreamPool& pool, const CallTimeouts& timeouts, AddressFilter filter)
    : pool_(pool), timeouts_(timeouts), filter_(filter), deadline_(pool.loop(), [this] {
          timed_out_ = true;
          cancel();
      }) {}

HttpCall::~HttpCall() = default;

void HttpCall::cancel() {
    cancelled_ = true;
    if (socket_) {
        socket_->close();
    }
    if (resolving_ && resolving_->waiting) {
        resolving_->error = asio::error::operation_aborted;
        asio::post(pool_.loop().io(), [kept = resolving_] { kept->resume(); });
    }
}

void HttpCall::limit(std::chrono::milliseconds phase) {
    using std::chrono::milliseconds;
    milliseconds left = phase.count() > 0 ? phase : milliseconds::max();
    if (timeouts_.total.count() > 0) {
        const auto spent = std::chrono::duration_cast<milliseconds>(Deadline::now() - started_);
        left = std::min(left, std::max(timeouts_.total - spent, milliseconds(1)));
    }
    if (left == milliseconds::max()) {
        deadline_.clear();
    } else {
        deadline_.set(left);
    }
}

Error HttpCall::failure(std::string message) const {
    Error error;
    if (timed_out_) {
        error.kind = Errc::timeout;
        error.message = std::string("the provider took too long (") + phase_ + ")";
    } else if (cancelled_) {
        error.kind = Errc::interrupted;
        error.message = "the call was cancelled";
    } else {
        error.kind = Errc::upstream;
        error.message = std::move(message);
    }
    return error;
}

Task<Result<UpstreamPool::Endpoints>> HttpCall::resolve(const BaseUrl& url) {
    UpstreamPool::Endpoints endpoints = pool_.known_addresses(origin_);
    if (!endpoints.empty()) {
        co_return endpoints;
    }
    std::error_code not_an_address;
    const auto address = asio::ip::make_address(url.host, not_an_address);
    if (!not_an_address) {
        endpoints.emplace_back(address, url.port);
        co_return endpoints;
    }
    if (url.host == "localhost") {
        endpoints.emplace_back(asio::ip::address_v4::loopback(), url.port);
        endpoints.emplace_back(asio::ip::address_v6::loopback(), url.port);
        co_return endpoints;
    }
    phase_ = "looking up its address";
    const auto begun = Clock::now();
    resolving_ = std::make_shared<Resolving>(pool_.loop());
    ResolveAwaiter<Resolving> resolved{resolving_, url.host, std::to_string(url.port)};
    co_await resolved;
    const auto done = std::exchange(resolving_, nullptr);
    if (done->error || done->endpoints.empty()) {
        co_return tl::unexpected(failure("the name " + url.host + " cannot be resolved (" +
                                         done->error.message() + ")"));
    }
    phases_.dns = micros_since(begun);
    pool_.remember_addresses(origin_, done->endpoints);
    co_return std::move(done->endpoints);
}

Task<Result<void>> HttpCall::open(const BaseUrl& url) {
    limit(timeouts_.connect);
    reused_ = false;
    auto endpoints = co_await resolve(url);
    if (!endpoints) {
        co_return tl::unexpected(std::move(endpoints.error()));
    }
    if (filter_ != nullptr &&
        !std::all_of(endpoints->begin(), endpoints->end(),
                     [this](const auto& endpoint) { return filter_(endpoint.address()); })) {
        co_return tl::unexpected(
            failure(std::string(url.host_header()) + " has an address that is not allowed"));
    }
    phase_ = "connecting";
    auto begun = Clock::now();
    socket_ = std::make_unique<Socket>(pool_.loop());
    const std::error_code error = co_await socket_->connect(*endpoints);
    if (error) {
        co_return tl::unexpected(failure("cannot connect to " + std::string(url.host_header()) +
                                         " (" + error.message() + ")"));
    }
    phases_.connect = micros_since(begun);
    phases_.address = socket_->peer_address();
    if (url.tls) {
        phase_ = "TLS handshake";
        begun = Clock::now();
        auto secured = co_await socket_->start_tls(url.host);
        if (!secured) {
            co_return tl::unexpected(failure(std::move(secured.error().message)));
        }
        phases_.tls = micros_since(begun);
    }
    co_return Result<void>();
}

Task<Result<void>> HttpCall::start(const BaseUrl& url, std::string_view head,
                                   const std::vector<std::string_view>& body) {
    origin_ = url.origin();
    started_ = Deadline::now();
    socket_ = pool_.take(origin_);
    reused_ = socket_ != nullptr;
    for (;;) {
        if (!socket_) {
            auto opened = co_await open(url);
            if (!opened) {
                co_return opened;
            }
        }
        if (cancelled_) {
            co_return tl::unexpected(failure({}));
        }
        auto exchanged = co_await exchange(head, body);
        // The upstream may close a kept connection at the moment we use it again (RFC 9112 §9.3.1).
        if (!exchanged && reused_ && !got_bytes_ && !cancelled_) {
            socket_.reset();
            continue;
        }
        co_return exchanged;
    }
}

Task<Result<void>> HttpCall::exchange(std::string_view head,
                                      const std::vector<std::string_view>& body) {
    phase_ = "waiting for the first byte";
    limit(timeouts_.first_byte);
    const auto begun = Clock::now();
    std::vector<iovec> pieces;
    pieces.reserve(body.size() + 1);
    pieces.push_back(piece(head));
    for (const std::string_view part : body) {
        pieces.push_back(piece(part));
    }
    Socket::Write writing(*socket_, pieces);
    const bool written = co_await writing;
    sent_ = sent_ || written;
    // A provider that refuses a request before it has read it all has answered all the same.
    head_bytes_.clear();
    auto& scratch = pool_.loop().scratch();
    for (;;) {
        Socket::Read reading(*socket_, scratch);
        const IoResult got = co_await reading;
        if (got.state != Io::ok) {
            co_return tl::unexpected(failure(head_bytes_.empty()
                                                 ? "the provider closed the connection without an "
                                                   "answer"
                                                 : "the provider's answer ended in its head"));
        }
        got_bytes_ = true;
        auto complete = take_head({scratch.data(), got.bytes});
        if (!complete) {
            co_return tl::unexpected(std::move(complete.error()));
        }
        if (*complete) {
            phases_.first_byte = micros_since(begun);
            co_return Result<void>();
        }
    }
}

// Adds to what has come of the head, and of the body behind it. Whether the head is complete.
Result<bool> HttpCall::take_head(std::string_view bytes) {
    const std::size_t looked = head_bytes_.size();
    head_bytes_.append(bytes);
    std::size_t end = find_head_end(head_bytes_, looked);
    while (end != std::string::npos) {
        if (!parse_response_head(std::string_view(head_bytes_).substr(0, end), head_)) {
            return tl::unexpected(failure("the provider's answer is not HTTP/1.1"));
        }
        if (head_.status >= 200) {
            body_begin_ = end;
            left_ = head_.framing.length;
            chunked_ = ChunkedDecoder();
            complete_ = head_.framing.kind == BodyFraming::Kind::none ||
                        (head_.framing.kind == BodyFraming::Kind::length && left_ == 0);
            return true;
        }
        head_bytes_.erase(0, end);  // 100 Continue, 103 Early Hints
        end = find_head_end(head_bytes_, 0);
    }
    if (head_bytes_.size() > kMaxHead) {
        return tl::unexpected(failure("the head of the provider's answer is too large"));
    }
    return false;
}

// Takes the framing off what was read, in place, and notes when the body is complete.
std::string_view HttpCall::take_content(char* bytes, std::size_t size) {
    switch (head_.framing.kind) {
        case BodyFraming::Kind::none:
            return {};
        case BodyFraming::Kind::until_close:
            return {bytes, size};
        case BodyFraming::Kind::length: {
            const auto content = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size));
            left_ -= content;
            complete_ = left_ == 0;
            head_.keep_alive = head_.keep_alive && content == size;
            return {bytes, content};
        }
        case BodyFraming::Kind::chunked:
            break;
    }
    std::string_view in(bytes, size);
    std::size_t out = 0;
    for (;;) {
        const std::string_view content = chunked_.next(in);
        if (content.empty()) {
            break;
        }
        std::memmove(bytes + out, content.data(), content.size());
        out += content.size();
    }
    complete_ = chunked_.state() == ChunkedDecoder::State::done;
    broken_ = chunked_.state() == ChunkedDecoder::State::malformed;
    head_.keep_alive = head_.keep_alive && in.empty();
    return {bytes, out};
}

void HttpCall::finish() {
    deadline_.clear();
    if (socket_ && head_.keep_alive && !cancelled_) {
        pool_.give_back(origin_, std::move(socket_));
    }
    socket_.reset();
}

std::optional<std::string_view> HttpCall::take_whole() {
    const bool here = head_.framing.kind == BodyFraming::Kind::length && !got_body_ &&
                      head_bytes_.size() - body_begin_ >= left_;
    if (!here) {
        return std::nullopt;
    }
    char* const begin = head_bytes_.data() + body_begin_;
    const std::string_view content = take_content(begin, head_bytes_.size() - body_begin_);
    body_begin_ = head_bytes_.size();
    complete_ = got_body_ = true;
    finish();
    return content;
}

Task<BodyPart> HttpCall::next() {
    if (got_body_) {
        phase_ = "waiting for more of the answer";
    }
    auto& scratch = pool_.loop().scratch();
    for (;;) {
        if (complete_) {
            finish();
            co_return BodyPart{};
        }
        if (broken_) {
            co_return BodyPart::failed(failure("the provider's answer is not well-formed HTTP"));
        }
        if (body_begin_ < head_bytes_.size()) {
            char* const begin = head_bytes_.data() + body_begin_;
            const std::size_t size = head_bytes_.size() - body_begin_;
            body_begin_ = head_bytes_.size();
            const std::string_view content = take_content(begin, size);
            if (!content.empty()) {
                got_body_ = true;
                co_return BodyPart{BodyPart::State::data, content};
            }
            continue;
        }
        if (cancelled_ || !socket_) {
            co_return BodyPart::failed(failure({}));
        }
        limit(got_body_ ? timeouts_.idle : timeouts_.first_byte);
        Socket::Read reading(*socket_, scratch);
        const IoResult got = co_await reading;
        if (got.state == Io::closed && head_.framing.kind == BodyFraming::Kind::until_close) {
            complete_ = true;
            continue;
        }
        if (got.state != Io::ok) {
            co_return BodyPart::failed(
                failure("the provider closed the connection in the middle of its "
                        "answer"));
        }
        const std::string_view content = take_content(scratch.data(), got.bytes);
        if (!content.empty()) {
            got_body_ = true;
            co_return BodyPart{BodyPart::State::data, content};
        }
    }
}

}  // namespace llmgw
