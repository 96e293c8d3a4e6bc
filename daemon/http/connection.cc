// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/http/chunked.h"
#include "daemon/http/peer.h"

namespace llmgw {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr milliseconds kHeadTime{10'000};     // for the whole head: a drip feed gets no more
constexpr milliseconds kBodyStall{30'000};    // between two pieces of a body
constexpr milliseconds kIdleTime{120'000};    // between two requests
constexpr milliseconds kWriteStall{120'000};  // for a client that does not read
constexpr milliseconds kLingerTime{5'000};    // for a refused client to read why
HttpRefusal body_too_large() {
    return {413, "the request's body is larger than limits.body allows", "request_too_large"};
}

constexpr std::size_t kSmallAnswer = 8 * 1024;
constexpr std::size_t kBodyStep = 256 * 1024;          // filled with zeros ahead of the bytes
constexpr std::size_t kBodyReserve = 8 * 1024 * 1024;  // what a declared length may reserve

}  // namespace

Connection::Connection(Server& server, Fd fd)
    : server_(server),
      socket_(server.loop(), std::move(fd)),
      deadline_(server.loop(), [this] { close(); }) {
    socket_.on_input([this] { look_for_end(); });
    server_.connections_.insert(this);
}

Connection::~Connection() {
    server_.closed(*this);
}

Io Connection::take_input() {
    auto& scratch = server_.loop().scratch();
    const IoResult got = socket_.read_some(scratch.data(), scratch.size());
    if (got.state == Io::ok) {
        in_.append(scratch.data(), got.bytes);
    }
    return got.state;
}

bool Connection::Input::attempt() {
    state_ = connection_.take_input();
    return state_ != Io::again;
}

// Input while a request is being answered is the client's next request, which can wait, or its end.
void Connection::look_for_end() {
    if (!gone_callback_ || half_closed_) {
        return;
    }
    Io state = Io::ok;
    while (state == Io::ok && in_.size() < kMaxHead && socket_.may_read()) {
        state = take_input();
    }
    if (state == Io::ok || state == Io::again) {
        return;
    }
    if (state == Io::closed && !peer_has_gone(socket_.native_handle())) {
        half_closed_ = true;
        return;
    }
    leave();
}

void Connection::leave() {
    gone_ = true;
    if (gone_callback_) {
        std::exchange(gone_callback_, nullptr)();
    }
}

void Connection::on_gone(std::function<void()> callback) {
    gone_callback_ = std::move(callback);
    if (gone_callback_ && socket_.may_read()) {
        look_for_end();
    }
}

void Connection::close() {
    gone_ = true;
    socket_.close();
    leave();
}

void Connection::close_if_idle() {
    if (idle_ && in_.empty()) {
        close();
    }
}

Task<void> Connection::run(std::shared_ptr<Connection> self) {
    for (;;) {
        const Step step = co_await self->serve_one();
        if (step == Step::close) {
            break;
        }
    }
    self->gone_callback_ = nullptr;
    self->socket_.close();
}

Task<bool> Connection::read_head(std::size_t& head_size) {
    deadline_.set(in_.empty() ? kIdleTime : kHeadTime);
    std::size_t looked = 0;
    for (;;) {
        // RFC 9112 §2.2: empty lines before a request are skipped.
        const std::size_t begin = in_.find_first_not_of("\r\n");
        in_.erase(0, std::min(begin, in_.size()));
        const std::size_t end = find_head_end(in_, looked);
        if (end != std::string::npos && end <= kMaxHead) {
            head_size = end;
            co_return true;
        }
        if (in_.size() > kMaxHead) {
            const HttpRefusal refusal{431, "the request's head is over 64 KiB",
                                      "headers_too_large"};
            co_await refuse_and_close(refusal);
            co_return false;
        }
        looked = in_.size();
        const bool first = in_.empty();
        const Io state = co_await read_more();
        if (state != Io::ok) {
            co_return false;
        }
        if (first) {
            idle_ = false;
            deadline_.set(kHeadTime);
        }
    }
}

Task<Connection::Step> Connection::serve_one() {
    idle_ = in_.empty();
    if (server_.draining() && idle_) {
        co_return Step::close;
    }
    std::size_t head_size = 0;
    const bool arrived = co_await read_head(head_size);
    if (!arrived) {
        co_return Step::close;
    }
    idle_ = false;
    answered_ = false;
    const std::string head_bytes = in_.substr(0, head_size);
    in_.erase(0, head_size);
    RequestHead head;
    const auto malformed = parse_request_head(head_bytes, head);
    head_request_ = head.method == "HEAD";
    if (malformed) {
        co_return co_await refuse_and_close(*malformed);
    }
    keep_alive_ = head.keep_alive;
    http10_ = head.minor_version == 0;
    chunked_out_ = false;
    const bool has_body =
        head.framing.kind == BodyFraming::Kind::chunked || head.framing.length > 0;
    if (const auto refusal = server_.service().screen(head)) {
        if (has_body) {
            co_await refuse(*refusal);
            co_return Step::close;
        }
        const bool sent = co_await answer_locally(*refusal);
        co_return sent&& keep_alive_ ? Step::next : Step::close;
    }
    std::string body;
    if (!take_body(head, body)) {
        const Step read = co_await read_body(head, body);
        if (read == Step::close) {
            co_return Step::close;
        }
    }
    deadline_.clear();
    server_.in_flight_++;
    co_await server_.service().handle(head, std::move(body), *this);
    server_.in_flight_--;
    if (!answered_) {
        co_return Step::close;
    }
    co_return keep_alive_ && !gone_ && !half_closed_ && socket_.is_open() ? Step::next
                                                                          : Step::close;
}

// Takes a body that is here already, as most are; false: it has to be waited for, or refused.
bool Connection::take_body(const RequestHead& head, std::string& body) {
    if (head.framing.kind == BodyFraming::Kind::none) {
        return true;
    }
    if (head.framing.kind != BodyFraming::Kind::length || head.framing.length > in_.size() ||
        head.framing.length > server_.service().max_body()) {
        return false;
    }
    const auto size = static_cast<std::size_t>(head.framing.length);
    if (size == in_.size()) {
        body = std::exchange(in_, {});
    } else {
        body = in_.substr(0, size);
        in_.erase(0, size);
    }
    return true;
}

Task<Connection::Step> Connection::read_body(const RequestHead& head, std::string& body) {
    if (head.framing.length > server_.service().max_body()) {
        const HttpRefusal refusal = body_too_large();
        co_return co_await refuse_and_close(refusal);
    }
    if (head.expect_continue && in_.empty()) {
        std::array<iovec, 1> pieces{piece("HTTP/1.1 100 Continue\r\n\r\n")};
        Sending sending(*this, pieces);
        const bool sent = co_await sending;
        if (!sent) {
            co_return Step::close;
        }
    }
    if (head.framing.kind == BodyFraming::Kind::chunked) {
        co_return co_await read_chunked_body(body);
    }
    co_return co_await read_sized_body(head.framing.length, body);
}

Task<Connection::Step> Connection::read_sized_body(std::uint64_t size, std::string& body) {
    const auto wanted = static_cast<std::size_t>(size);
    body = std::exchange(in_, {});
    std::size_t have = body.size();
    body.reserve(std::min(wanted, std::max(have, kBodyReserve)));
    while (have < wanted) {
        deadline_.set(kBodyStall);
        if (body.size() == have) {
            body.resize(std::min(wanted, have + kBodyStep));
        }
        Socket::Read reading(socket_, std::span(body).subspan(have));
        const IoResult got = co_await reading;
        if (got.state != Io::ok) {
            co_return Step::close;
        }
        have += got.bytes;
    }
    body.resize(wanted);
    co_return Step::next;
}

Task<Connection::Step> Connection::read_chunked_body(std::string& body) {
    ChunkedDecoder decoder;
    for (;;) {
        std::string_view rest = in_;
        const auto state = decoder.feed(rest, body);
        in_.erase(0, in_.size() - rest.size());
        if (body.size() > server_.service().max_body()) {
            const HttpRefusal refusal = body_too_large();
            co_return co_await refuse_and_close(refusal);
        }
        if (state == ChunkedDecoder::State::done) {
            co_return Step::next;
        }
        if (state == ChunkedDecoder::State::malformed) {
            const HttpRefusal refusal{400, "the chunked body is malformed", ""};
            co_return co_await refuse_and_close(refusal);
        }
        deadline_.set(kBodyStall);
        const Io read = co_await read_more();
        if (read != Io::ok) {
            co_return Step::close;
        }
    }
}

Task<Connection::Step> Connection::refuse_and_close(const HttpRefusal& refusal) {
    const LocalAnswer text = server_.service().refuse(refusal);
    co_await refuse(text);
    co_return Step::close;
}

Task<bool> Connection::answer_locally(const LocalAnswer& local) {
    const AnswerHead head{local.status, local.content_type, local.fields};
    std::vector<std::string_view> body(1, local.body);
    const bool sent = co_await answer(head, std::move(body));
    co_return sent;
}

Task<void> Connection::refuse(const LocalAnswer& refusal) {
    keep_alive_ = false;
    const bool sent = co_await answer_locally(refusal);
    if (sent) {
        co_await linger();
    }
}

// Closing while the client still sends would reset the connection before it reads the answer
// (RFC 9112 §9.6); so the rest of its request is read and dropped for a while.
Task<void> Connection::linger() {
    socket_.shutdown_send();
    deadline_.set(kLingerTime);
    idle_ = true;  // a daemon that stops does not wait for it
    for (;;) {
        in_.clear();
        const Io state = co_await read_more();
        if (state != Io::ok) {
            co_return;
        }
    }
}

void Connection::Sending::await_suspend(std::coroutine_handle<> waiting) {
    connection_.deadline_.set(kWriteStall);
    write_.await_suspend(waiting);
}

bool Connection::Sending::await_resume() {
    connection_.deadline_.clear();
    connection_.gone_ = connection_.gone_ || !write_.await_resume();
    return !connection_.gone_;
}

std::string Connection::head_text(const AnswerHead& head, std::optional<std::size_t> size) {
    answered_ = true;
    keep_alive_ = keep_alive_ && !server_.draining();
    std::string text;
    text.reserve(256 + head.fields.size() + (size ? std::min(*size, kSmallAnswer) : 0));
    text += "HTTP/1.1 ";
    text += std::to_string(head.status);
    text += ' ';
    text += reason_phrase(head.status);
    text += "\r\ncontent-type: ";
    text += head.content_type;
    text += "\r\n";
    if (size) {
        text += "content-length: ";
        text += std::to_string(*size);
        text += "\r\n";
    } else if (chunked_out_) {
        text += "transfer-encoding: chunked\r\n";
    }
    text += head.fields;
    text += "date: ";
    text += server_.date();
    if (!keep_alive_) {
        text += "\r\nconnection: close";
    } else if (http10_) {
        text += "\r\nconnection: keep-alive";
    }
    text += "\r\n\r\n";
    return text;
}

Task<bool> Connection::answer(const AnswerHead& head, std::vector<std::string_view> body) {
    std::size_t size = 0;
    for (const std::string_view part : body) {
        size += part.size();
    }
    std::string text = head_text(head, size);
    if (head_request_) {
        body.clear();
    }
    // The kernel takes one piece with less work than several; copying a small answer is nothing.
    if (size <= kSmallAnswer) {
        for (const std::string_view part : body) {
            text += part;
        }
        std::array<iovec, 1> whole{piece(text)};
        Sending sending(*this, whole);
        const bool sent = co_await sending;
        co_return sent;
    }
    std::vector<iovec> pieces;
    pieces.reserve(body.size() + 1);
    pieces.push_back(piece(text));
    for (const std::string_view part : body) {
        pieces.push_back(piece(part));
    }
    Sending sending(*this, pieces);
    const bool sent = co_await sending;
    co_return sent;
}

Task<bool> Connection::begin(const AnswerHead& head, std::string_view first) {
    chunked_out_ = !http10_;
    keep_alive_ = keep_alive_ && chunked_out_;
    const std::string text = head_text(head, std::nullopt);
    std::array<iovec, 4> pieces{piece(text)};
    char buffer[20];
    if (!first.empty()) {
        add_chunk(std::span(pieces).subspan<1, 3>(), first, buffer);
    }
    Sending sending(*this, pieces);
    const bool sent = co_await sending;
    co_return sent;
}

void Connection::add_chunk(std::span<iovec, 3> pieces, std::string_view bytes,
                           char (&buffer)[20]) const {
    pieces[1] = piece(bytes);
    if (chunked_out_) {
        pieces[0] = piece(chunk_start(bytes.size(), buffer));
        pieces[2] = piece("\r\n");
    }
}

Task<bool> Connection::send(std::string_view bytes) {
    if (bytes.empty()) {
        co_return !gone_;
    }
    if (!kept_.empty() && !co_await send_kept()) {
        co_return false;
    }
    char buffer[20];
    std::array<iovec, 3> pieces{};
    add_chunk(pieces, bytes, buffer);
    Sending sending(*this, pieces);
    const bool sent = co_await sending;
    co_return sent;
}

bool Connection::begin_now(const AnswerHead& head, std::string_view first) {
    if (gone_ || socket_.is_awaited()) {
        return false;
    }
    chunked_out_ = !http10_;
    keep_alive_ = keep_alive_ && chunked_out_;
    const std::string text = head_text(head, std::nullopt);
    std::array<iovec, 4> pieces{piece(text)};
    char buffer[20];
    add_chunk(std::span(pieces).subspan<1, 3>(), first, buffer);
    return write_now(pieces, true);
}

bool Connection::send_now(std::string_view bytes) {
    if (gone_ || !kept_.empty() || socket_.is_awaited()) {
        return false;
    }
    char buffer[20];
    std::array<iovec, 3> pieces{};
    add_chunk(pieces, bytes, buffer);
    return write_now(pieces, false);
}

// Writes what there is room for. The rest of what has begun to go out is kept, to be sent before
// anything else: chunks must stay whole.
bool Connection::write_now(std::span<const iovec> pieces, bool keep_all) {
    const IoResult result = socket_.write_some(pieces);
    if (result.state == Io::again && !keep_all) {
        return false;
    }
    if (result.state == Io::failed || result.state == Io::closed) {
        leave();
        return false;
    }
    std::size_t sent = result.bytes;
    for (const iovec& one : pieces) {
        const std::size_t out = std::min(sent, one.iov_len);
        sent -= out;
        kept_.append(static_cast<const char*>(one.iov_base) + out, one.iov_len - out);
    }
    return true;
}

Task<bool> Connection::send_kept() {
    const std::string kept = std::exchange(kept_, {});
    std::array<iovec, 1> pieces{piece(kept)};
    Sending sending(*this, pieces);
    const bool sent = co_await sending;
    co_return sent;
}

Task<bool> Connection::end(bool clean) {
    if (!clean) {
        keep_alive_ = false;
        co_return false;
    }
    if (!kept_.empty() && !co_await send_kept()) {
        co_return false;
    }
    if (!chunked_out_) {
        co_return !gone_;
    }
    std::array<iovec, 1> pieces{piece("0\r\n\r\n")};
    Sending sending(*this, pieces);
    const bool sent = co_await sending;
    co_return sent;
}

}  // namespace llmgw
