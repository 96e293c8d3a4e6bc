// SPDX-License-Identifier: Apache-2.0
#include <asio/post.hpp>
#include <csignal>
#include <utility>

#include "common/base/text.h"
#include "daemon/gateway/cancel_watch.h"
#include "daemon/gateway/gateway.h"
#include "daemon/upstream/http_call.h"

namespace llmgw {

namespace {

struct UrlCall {
    const BaseUrl& url;
    const std::string& head;
    const std::string& body;
    HttpCall& http;
    AnswerSink& sink;
    Loop& loop;
    Result<void> result;
};

Task<void> run(UrlCall& call) {
    std::vector<std::string_view> body(1, call.body);
    call.result = co_await call.http.start(call.url, call.head, std::move(body));
    if (!call.result && call.result.error().kind == Errc::upstream && !call.http.sent()) {
        call.result.error().kind = Errc::daemon_unreachable;
        call.result.error().message =
            "no daemon answers at " + call.url.text() + ": " + call.result.error().message;
        call.result.error().hint = "llmgw serve";
    }
    if (call.result) {
        HeaderList headers;
        for (const HeaderView& header : call.http.head().headers) {
            headers.emplace_back(to_lower(header.name), header.value);
        }
        call.sink.on_head(call.http.head().status, headers);
    }
    while (call.result) {
        const BodyPart part = co_await call.http.next();
        if (part.state == BodyPart::State::end) {
            break;
        }
        if (part.state == BodyPart::State::failed) {
            call.result = tl::unexpected(*part.error);
        } else {
            call.sink.on_data(part.bytes);
        }
    }
    call.loop.stop();
}

}  // namespace

Result<void> call_url(const std::string& url, const GatewayCall& call, AnswerSink& sink,
                      Cancel& cancel, std::int64_t timeout_ms) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto base = parse_base_url(url);
    if (!base) {
        return tl::unexpected(base.error());
    }
    std::string head = call.method + " " + base->path + call.path +
                       " HTTP/1.1\r\nHost: " + std::string(base->host_header()) +
                       "\r\nUser-Agent: llmgw/" LLMGW_VERSION "\r\nConnection: close\r\n";
    for (const auto& [name, value] : call.headers) {
        if (value.find_first_of("\r\n") != std::string::npos) {
            return fail(Errc::usage, "the value of " + name + " holds a line break");
        }
        head.append(name).append(": ").append(value).append("\r\n");
    }
    if (!call.body.empty() || call.method != "GET") {
        head += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
    }
    head += "\r\n";
    Loop loop;
    UpstreamPool pool(loop);
    CallTimeouts timeouts;
    timeouts.connect = std::chrono::milliseconds(5'000);
    timeouts.first_byte = std::chrono::milliseconds(timeout_ms);
    timeouts.idle = std::chrono::milliseconds(0);
    timeouts.total = std::chrono::milliseconds(0);
    HttpCall http(pool, timeouts);
    const CancelWatch watch(loop, cancel, [&http] { http.cancel(); });
    UrlCall running{*base, head, call.body, http, sink, loop, {}};
    asio::post(loop.io(), [&running] { spawn(run(running)); });
    loop.run();
    return running.result;
}

}  // namespace llmgw
