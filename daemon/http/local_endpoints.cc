// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/local_endpoints.h"

#include <httplib.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace llmgw {

namespace {

// What httplib reads from and writes to. Newer releases ask for more functions than 0.11.4 does, so
// these are declared without `override`.
class MemoryStream : public httplib::Stream {
  public:
    explicit MemoryStream(std::string in) : in_(std::move(in)) {}
    [[nodiscard]] const std::string& out() const { return out_; }

    // NOLINTBEGIN(modernize-use-override)
    bool is_readable() const { return true; }
    bool is_writable() const { return true; }
    bool wait_readable() const { return true; }
    bool wait_writable() const { return true; }
    bool is_peer_alive() const { return true; }
    ssize_t read(char* buffer, std::size_t size) {
        const std::size_t count = std::min(size, in_.size() - at_);
        in_.copy(buffer, count, at_);
        at_ += count;
        return static_cast<ssize_t>(count);
    }
    ssize_t write(const char* bytes, std::size_t size) {
        out_.append(bytes, size);
        return static_cast<ssize_t>(size);
    }
    void get_remote_ip_and_port(std::string& ip, int& port) const {
        ip.clear();
        port = 0;
    }
    void get_local_ip_and_port(std::string& ip, int& port) const {
        ip.clear();
        port = 0;
    }
    socket_t socket() const { return INVALID_SOCKET; }
    time_t duration() const { return 0; }
    // NOLINTEND(modernize-use-override)

  private:
    std::string in_;
    std::size_t at_ = 0;
    std::string out_;
};

}  // namespace

class LocalEndpoints::Impl : public httplib::Server {
  public:
    explicit Impl(LocalEndpoints::Handler handler) : handler_(std::move(handler)) {
        // Everything is decided here, so httplib's regular expressions never run.
        set_pre_routing_handler(
            [this](const httplib::Request& request, httplib::Response& response) {
                dispatch(request, response);
                return HandlerResponse::Handled;
            });
        set_exception_handler(
            [](const auto&, httplib::Response& response, const auto&) { response.status = 500; });
    }

    LocalAnswer run(const RequestHead& head, std::string body, bool admin) {
        request_ = LocalRequest{};
        request_.method = head.method;
        request_.query = head.query;
        request_.body = std::move(body);
        request_.admin = admin;
        answer_ = LocalAnswer{500, {}, {}};
        // The method goes through as GET: the body is already here, and httplib must not look for
        // one.
        MemoryStream stream("GET " + std::string(head.path) +
                            " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        bool closed = false;
        process(&Impl::process_request, stream, closed);
        return std::move(answer_);
    }

  private:
    void dispatch(const httplib::Request& request, httplib::Response& response) {
        request_.path = request.path;
        answer_ = handler_(request_);
        response.status = answer_.status;
    }

    using Setup = std::function<void(httplib::Request&)>;
    // The signatures of process_request() over httplib's releases: 0.11, 0.15 and 0.40.
    template <typename Server>
    void process(bool (Server::*function)(httplib::Stream&, bool, bool&, const Setup&),
                 httplib::Stream& stream, bool& closed) {
        (this->*function)(stream, true, closed, nullptr);
    }
    template <typename Server>
    void process(bool (Server::*function)(httplib::Stream&, const std::string&, int,
                                          const std::string&, int, bool, bool&, const Setup&),
                 httplib::Stream& stream, bool& closed) {
        (this->*function)(stream, "", 0, "", 0, true, closed, nullptr);
    }
    template <typename Server>
    void process(bool (Server::*function)(httplib::Stream&, const std::string&, int,
                                          const std::string&, int, bool, bool&, const Setup&,
                                          bool*),
                 httplib::Stream& stream, bool& closed) {
        (this->*function)(stream, "", 0, "", 0, true, closed, nullptr, nullptr);
    }

    LocalEndpoints::Handler handler_;
    LocalRequest request_;
    LocalAnswer answer_;
};

LocalEndpoints::LocalEndpoints(Handler handler)
    : impl_(std::make_unique<Impl>(std::move(handler))) {}

LocalEndpoints::~LocalEndpoints() = default;

LocalAnswer LocalEndpoints::answer(const RequestHead& head, std::string body, bool admin) {
    return impl_->run(head, std::move(body), admin);
}

std::string httplib_version() {
    return CPPHTTPLIB_VERSION;
}

}  // namespace llmgw
