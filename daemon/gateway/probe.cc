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
#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/gateway/cancel_watch.h"
#include "daemon/gateway/gateway.h"
#include "daemon/gateway/probe_request.h"
#include "daemon/gateway/setup.h"
#include "daemon/gateway/token_source.h"
#include "daemon/providers/wire_adapter.h"
#include "daemon/upstream/http_call.h"

namespace llmgw {

namespace {

constexpr std::chrono::milliseconds kProbeTime{15'000};
constexpr std::size_t kMaxBody = 64 * 1024;

struct Probe {
    const Snapshot& snapshot;
    const ProviderAccess& access;
    HttpCall& http;
    TokenSource& tokens;
    Loop& loop;
    std::string path = {};
    std::string token = {};
    Result<void> result = {};
    int status = 0;
    bool is_empty_call = false;
    std::string content_type = {};
    std::string body = {};
    std::string words = {};  // the provider's own
};

// The provider's own message in an error document of OpenAI's shape.
std::string error_message(std::string_view body) {
    const auto fields = scan_object(body);
    const JsonField* const error = fields ? find_field(*fields, "error") : nullptr;
    if (error == nullptr || json_kind(error->value) != JsonKind::object) {
        return {};
    }
    const auto inner = scan_object(error->value);
    const JsonField* const message = inner ? find_field(*inner, "message") : nullptr;
    return message != nullptr ? json_text(message->value).value_or("") : "";
}

// Reads the status and the message as the format has them.
void read_refusal(Probe& probe) {
    const WireAdapter* const adapter = adapter_for(probe.access.wire);
    if (adapter == nullptr || probe.status < 400) {
        probe.words = error_message(probe.body);
    } else {
        ProviderError error = adapter->read_error(probe.status, probe.http.head(), probe.body);
        probe.status = error.status != 0 ? error.status : probe.status;
        probe.words = std::move(error.message);
    }
    probe.access.scrub(probe.words, probe.token);
    probe.words = printable(std::string_view(probe.words).substr(0, 300));
}

Task<Result<void>> ask(Probe& probe) {
    if (probe.access.tokens) {
        auto token = co_await probe.tokens.token(*probe.access.tokens);
        if (!token) {
            co_return tl::unexpected(std::move(token.error()));
        }
        probe.token = std::move(*token);
    }
    auto request = probe_request(probe.access, probe.token, probe.snapshot.today);
    if (!request) {
        co_return tl::unexpected(std::move(request.error()));
    }
    probe.path = request->path;
    probe.is_empty_call = request->is_empty_call;
    const std::vector<std::string_view> body(request->body.empty() ? 0 : 1, request->body);
    auto started = co_await probe.http.start(probe.access.url, request->head, body);
    if (!started) {
        co_return started;
    }
    probe.status = probe.http.head().status;
    probe.content_type = to_lower(probe.http.head().header("content-type"));
    for (;;) {
        const BodyPart part = co_await probe.http.next();
        if (part.state != BodyPart::State::data || probe.body.size() > kMaxBody) {
            break;
        }
        probe.body.append(part.bytes);
    }
    read_refusal(probe);
    co_return Result<void>();
}

Task<void> run(Probe& probe) {
    probe.result = co_await ask(probe);
    probe.loop.stop();
}

void conclude(ProbeReport& report, Errc kind, std::string verdict, std::string detail,
              std::string hint) {
    report.verdict = std::move(verdict);
    report.detail = std::move(detail);
    report.hint = std::move(hint);
    if (report.verdict != "ok") {
        Error error;
        error.kind = kind;
        error.message = report.verdict + (report.detail.empty() ? "" : ": " + report.detail);
        error.hint = report.hint;
        report.error = std::move(error);
    }
}

void judge_status(const Probe& probe, ProbeReport& report) {
    const std::string& label = probe.access.label;
    const std::string& words = probe.words;
    const bool html = probe.content_type.starts_with("text/html");
    const int status = probe.status;
    if (html) {
        conclude(report, Errc::upstream, "a web page",
                 "status " + std::to_string(status) +
                     " with HTML: a proxy or a wrong base URL, not an API",
                 "llmgw providers show " + label);
    } else if ((status >= 200 && status < 300) ||
               (probe.is_empty_call && is_good_refusal(probe.access, status, probe.body))) {
        conclude(report, Errc::failed, "ok", "", "llmgw models list -p " + label);
    } else if (status == 401 || status == 403) {
        conclude(report, Errc::auth, "key refused", words,
                 "llmgw providers remove " + label + ", then add it with another key");
    } else if (status == 404 || status == 405) {
        conclude(report, Errc::upstream, "not found",
                 "there is no " + probe.path + " under the base URL" +
                     (words.empty() ? "" : "; " + words),
                 "check the version path of the base URL: llmgw providers show " + label);
    } else if (status == 429) {
        conclude(report, Errc::upstream, "rate limited", words, "try again later");
    } else {
        conclude(report, Errc::upstream, "status " + std::to_string(status), words,
                 "try again later");
    }
}

void judge_failure(const Probe& probe, ProbeReport& report) {
    const Error& error = probe.result.error();
    const char* verdict = "connect failed";
    if (error.kind == Errc::auth) {
        verdict = "key refused";
    } else if (error.kind == Errc::invalid_request) {
        verdict = "cannot be asked";
    } else if (error.kind == Errc::timeout) {
        verdict = "timed out";
    } else if (error.kind == Errc::interrupted) {
        verdict = "interrupted";
    } else if (report.connect_us && probe.access.url.tls && !report.tls_us) {
        verdict = "TLS failed";
    } else if (report.connect_us) {
        verdict = "no answer";
    } else if (error.message.find("resolved") != std::string::npos) {
        verdict = "dns failed";
    }
    conclude(report, error.kind, verdict, error.message,
             error.hint.empty() ? "llmgw providers show " + probe.access.label : error.hint);
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
    Loop loop;
    UpstreamPool pool(loop);
    TokenSource tokens(pool);
    HttpCall http(pool, {kProbeTime, kProbeTime, kProbeTime, kProbeTime});
    const CancelWatch watch(loop, cancel, [&http] { http.cancel(); });
    Probe probe{*setup->snapshot, *access, http, tokens, loop};
    asio::post(loop.io(), [&probe] { spawn(run(probe)); });
    loop.run();
    ProbeReport report;
    report.url = access->url.text() + probe.path;
    report.address = http.phases().address;
    report.dns_us = http.phases().dns;
    report.connect_us = http.phases().connect;
    report.tls_us = http.phases().tls;
    report.first_byte_us = http.phases().first_byte;
    report.status = probe.status;
    if (probe.result) {
        judge_status(probe, report);
    } else {
        judge_failure(probe, report);
    }
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
