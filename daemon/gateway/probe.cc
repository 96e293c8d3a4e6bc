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
#include "daemon/gateway/probe_question.h"
#include "daemon/gateway/setup.h"
#include "daemon/upstream/http_call.h"

namespace llmgw {

namespace {

constexpr std::chrono::milliseconds kProbeTime{15'000};
constexpr std::size_t kMaxBody = 64 * 1024;

struct Probe {
    const ProviderAccess& access;
    ProbeQuestion question;
    TokenSource& tokens;
    HttpCall& http;
    Loop& loop;
    Result<void> result;
    std::string token;  // that the secret was exchanged for
    int status = 0;
    std::string content_type;
    std::string body;
};

// Sends the question and waits for the head of the answer.
Task<Result<void>> ask(Probe& probe) {
    if (probe.access.tokens) {
        auto token = co_await probe.tokens.token(*probe.access.tokens);
        if (!token) {
            co_return tl::unexpected(std::move(token.error()));
        }
        probe.token = std::move(*token);
    }
    const std::string head =
        probe_head(probe.question, probe.access.tokens ? probe.token : probe.access.secret);
    co_return co_await probe.http.start(probe.access.url, head, probe.question.made.request.body);
}

Task<void> run(Probe& probe) {
    probe.result = co_await ask(probe);
    if (probe.result) {
        probe.status = probe.http.head().status;
        probe.content_type = to_lower(probe.http.head().header("content-type"));
        for (;;) {
            const BodyPart part = co_await probe.http.next();
            if (part.state != BodyPart::State::data || probe.body.size() > kMaxBody) {
                break;
            }
            probe.body.append(part.bytes);
        }
    }
    probe.loop.stop();
}

// The provider's own message, in an error object or on its own, without the secret should it repeat
// that.
std::string provider_words(const Probe& probe) {
    auto fields = scan_object(probe.body);
    const JsonField* const error = fields ? find_field(*fields, "error") : nullptr;
    if (error != nullptr && json_kind(error->value) == JsonKind::object) {
        fields = scan_object(error->value);
    }
    const JsonField* const message = fields ? find_field(*fields, "message") : nullptr;
    std::string words = message != nullptr ? json_text(message->value).value_or("") : "";
    probe.access.scrub(words, probe.token);
    return printable(words.substr(0, 300));
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
    const std::string words = provider_words(probe);
    const bool html = probe.content_type.starts_with("text/html");
    const int status = probe.status;
    if (html) {
        conclude(report, Errc::upstream, "a web page",
                 "status " + std::to_string(status) +
                     " with HTML: a proxy or a wrong base URL, not an API",
                 "llmgw providers show " + label);
    } else if (probe.question.is_accepted(status)) {
        conclude(report, Errc::failed, "ok", "", "llmgw models list -p " + label);
    } else if (status == 401 || status == 403) {
        conclude(report, Errc::auth, "key refused", words,
                 "llmgw providers remove " + label + ", then add it with another key");
    } else if (status == 404 || status == 405) {
        conclude(report, Errc::upstream, "not found",
                 "there is no " + std::string(probe.question.call ? "such deployment" : "/models") +
                     " under the base URL" + (words.empty() ? "" : "; " + words),
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
    if (probe.access.tokens && probe.token.empty()) {
        verdict = error.kind == Errc::auth ? "key refused" : "no token";
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
             "llmgw providers show " + probe.access.label);
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
    if (!catalog::can_send(access->wire)) {
        return fail(Errc::failed,
                    "the provider \"" + label + "\" speaks the " +
                        std::string(catalog::wire_name(access->wire)) +
                        " format, which this version cannot send",
                    "llmgw providers catalog");
    }
    auto question = make_probe_question(*access);
    if (!question) {
        return tl::unexpected(std::move(question.error()));
    }
    Loop loop;
    UpstreamPool pool(loop);
    TokenSource tokens(pool);
    HttpCall http(pool, {kProbeTime, kProbeTime, kProbeTime, kProbeTime});
    const CancelWatch watch(loop, cancel, [&http] { http.cancel(); });
    Probe probe{*access, std::move(*question), tokens, http, loop, {}, {}, 0, {}, {}};
    asio::post(loop.io(), [&probe] { spawn(run(probe)); });
    loop.run();
    ProbeReport report;
    report.url = access->url.text() + probe.question.made.request.path;
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
