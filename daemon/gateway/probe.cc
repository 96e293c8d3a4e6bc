// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <asio/post.hpp>
#include <chrono>
#include <csignal>
#include <utility>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "daemon/gateway/cancel_watch.h"
#include "daemon/gateway/gateway.h"
#include "daemon/gateway/probe_request.h"
#include "daemon/gateway/setup.h"
#include "daemon/upstream/http_call.h"

namespace llmgw {

namespace {

constexpr std::chrono::milliseconds kProbeTime{15'000};
constexpr std::size_t kMaxBody = 64 * 1024;

struct Probe {
    const ProviderAccess& access;
    const ProbeRequest& request;
    TokenSource& tokens;
    HttpCall& http;
    UpstreamPool& pool;
    Result<std::string> token;  ///< empty when the key itself is sent
    Result<void> answered;
    std::string body;
};

Task<void> ask(Probe& probe) {
    const ProviderAccess& access = probe.access;
    if (access.tokens) {
        probe.token = co_await probe.tokens.token(*access.tokens);
        if (!probe.token) {
            co_return;
        }
    }
    const std::string head =
        probe_head(access, probe.request, access.tokens ? *probe.token : access.secret);
    probe.answered = co_await probe.http.start(access.url, head, probe.request.chat.body);
    while (probe.answered && probe.body.size() <= kMaxBody) {
        const BodyPart part = co_await probe.http.next();
        if (part.state != BodyPart::State::data) {
            break;
        }
        probe.body.append(part.bytes);
    }
}

Task<void> run(Probe& probe) {
    co_await ask(probe);
    probe.pool.clear();
    probe.pool.loop().stop();
}

void conclude(ProbeReport& report, ProbeVerdict verdict) {
    if (!verdict.ok()) {
        Error error;
        error.kind = verdict.kind;
        error.message = verdict.verdict + (verdict.detail.empty() ? "" : ": " + verdict.detail);
        error.hint = verdict.hint;
        report.error = std::move(error);
    }
    report.verdict = std::move(verdict.verdict);
    report.detail = std::move(verdict.detail);
    report.hint = std::move(verdict.hint);
}

// Why a request got no answer: how far it came tells.
ProbeVerdict judge_failure(const Probe& probe) {
    const Error& error = probe.answered.error();
    const HttpCall::Phases& phases = probe.http.phases();
    ProbeVerdict out{error.kind, "connect failed", error.message,
                     "llmgw providers show " + probe.access.label};
    if (error.kind == Errc::timeout) {
        out.verdict = "timed out";
    } else if (error.kind == Errc::interrupted) {
        out.verdict = "interrupted";
    } else if (phases.connect && probe.access.url.tls && !phases.tls) {
        out.verdict = "TLS failed";
    } else if (phases.connect) {
        out.verdict = "no answer";
    } else if (error.message.find("resolved") != std::string::npos) {
        out.verdict = "dns failed";
    }
    return out;
}

void fill_in(ProbeReport& report, const Probe& probe) {
    const HttpCall::Phases& phases = probe.http.phases();
    report.address = phases.address;
    report.dns_us = phases.dns;
    report.connect_us = phases.connect;
    report.tls_us = phases.tls;
    report.first_byte_us = phases.first_byte;
    if (!probe.token) {
        conclude(report, judge_token_failure(probe.access, probe.token.error()));
    } else if (!probe.answered) {
        conclude(report, judge_failure(probe));
    } else {
        report.status = probe.http.head().status;
        conclude(report, judge_probe(probe.access, probe.request, probe.http.head(), probe.body,
                                     *probe.token));
    }
}

// The usual port of each kind of model server.
struct KnownServer {
    const char* provider;
    std::uint16_t port;
};
constexpr KnownServer kKnownServers[] = {
    {"ollama", 11434}, {"llama.cpp", 8080}, {"vllm", 8000}, {"lm-studio", 1234}};

constexpr std::chrono::milliseconds kFindTime{250};

Fd start_connect(std::uint16_t port) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd.valid() &&
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
        fd.reset();
    }
    return fd;
}

class NullSink : public AnswerSink {
  public:
    void on_head(int got, const HeaderList& headers) override {
        status_ = got;
        for (const auto& [name, value] : headers) {
            json_ = json_ || (name == "content-type" && value.find("json") != std::string::npos);
        }
    }
    void on_data(std::string_view bytes) override { size_ += bytes.size(); }
    [[nodiscard]] bool is_model_server() const { return status_ == 200 && json_ && size_ > 0; }

  private:
    int status_ = 0;
    bool json_ = false;
    std::size_t size_ = 0;
};

}  // namespace

Result<ProbeReport> probe_provider(const Home& home, const std::string& label, Cancel& cancel) {
    std::signal(SIGPIPE, SIG_IGN);
    auto setup = open_setup(home);
    if (!setup) {
        return tl::unexpected(setup.error());
    }
    const ProviderAccess* const access = setup->snapshot->find_access(label);
    if (access == nullptr) {
        return fail(Errc::not_found, "there is no provider \"" + printable(label) + "\"",
                    "llmgw providers list");
    }
    if (access->problem) {
        return tl::unexpected(*access->problem);
    }
    if (access->provider != nullptr && !catalog::can_send(access->provider->wire)) {
        return fail(Errc::failed,
                    "the provider \"" + label + "\" speaks the " +
                        std::string(catalog::wire_name(access->provider->wire)) +
                        " format, which this version cannot send",
                    "llmgw providers catalog");
    }
    ProbeReport report;
    const auto request = make_probe_request(*access);
    if (!request) {
        report.url = access->url.text();
        conclude(report, {Errc::failed, "not set up", request.error().message,
                          "llmgw providers remove " + label + ", then add it with --option"});
        return report;
    }
    report.url = access->url.origin() + request->target;
    Loop loop;
    UpstreamPool pool(loop);
    TokenSource tokens(pool);
    HttpCall http(pool, {kProbeTime, kProbeTime, kProbeTime, kProbeTime});
    const CancelWatch watch(loop, cancel, [&http] { http.cancel(); });
    Probe probe{*access, *request, tokens, http, pool, {}, {}, {}};
    asio::post(loop.io(), [&probe] { spawn(run(probe)); });
    loop.run();
    fill_in(report, probe);
    return report;
}

std::vector<LocalServer> find_local_servers() {
    std::vector<LocalServer> found;
    for (const KnownServer& known : kKnownServers) {
        const Fd fd = start_connect(known.port);
        pollfd waiting{fd.get(), POLLOUT, 0};
        int error = 0;
        socklen_t size = sizeof error;
        // On this machine a connection is there at once, or refused.
        if (!fd.valid() || ::poll(&waiting, 1, 20) != 1 ||
            ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
            continue;
        }
        const std::string base = "http://127.0.0.1:" + std::to_string(known.port) + "/v1";
        GatewayCall call;
        call.method = "GET";
        call.path = "/models";
        NullSink sink;
        Cancel cancel;
        if (call_url(base, call, sink, cancel, kFindTime.count()) && sink.is_model_server()) {
            found.push_back({known.provider, base});
        }
    }
    return found;
}

}  // namespace llmgw
