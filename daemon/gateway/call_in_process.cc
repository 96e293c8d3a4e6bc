// SPDX-License-Identifier: Apache-2.0
#include <asio/post.hpp>
#include <csignal>
#include <utility>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "daemon/api/routes.h"
#include "daemon/gateway/authorization.h"
#include "daemon/gateway/cancel_watch.h"
#include "daemon/gateway/gateway.h"
#include "daemon/gateway/pipeline.h"
#include "daemon/gateway/provider_call.h"
#include "daemon/gateway/request_log.h"
#include "daemon/gateway/router.h"
#include "daemon/gateway/saved_health.h"
#include "daemon/gateway/setup.h"
#include "daemon/gateway/upstream_head.h"

namespace llmgw {

namespace {

// Hands an answer to the command line.
class SinkClient : public Client {
  public:
    explicit SinkClient(AnswerSink& sink) : sink_(sink) {}

    Task<bool> answer(const AnswerHead& head, std::vector<std::string_view> body) override {
        give_head(head);
        for (const std::string_view piece : body) {
            sink_.on_data(piece);
        }
        complete_ = true;
        co_return true;
    }
    Task<bool> begin(const AnswerHead& head, std::string_view first) override {
        give_head(head);
        sink_.on_data(first);
        co_return !gone_;
    }
    Task<bool> send(std::string_view bytes) override {
        sink_.on_data(bytes);
        co_return !gone_;
    }
    // There is nobody in between who could lose patience.
    bool begin_now(const AnswerHead& /*head*/, std::string_view /*first*/) override {
        return false;
    }
    bool send_now(std::string_view /*bytes*/) override { return false; }
    Task<bool> end(bool clean) override {
        complete_ = clean;
        co_return clean;
    }
    void on_gone(std::function<void()> callback) override { callback_ = std::move(callback); }
    [[nodiscard]] bool gone() const override { return gone_; }
    [[nodiscard]] bool complete() const { return complete_; }

    void leave() {
        gone_ = true;
        if (callback_) {
            std::exchange(callback_, nullptr)();
        }
    }

  private:
    void give_head(const AnswerHead& head) {
        HeaderList headers{{"content-type", std::string(head.content_type)}};
        for (const std::string_view line : split(head.fields, '\n')) {
            const std::size_t colon = line.find(':');
            if (colon != std::string_view::npos) {
                headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
            }
        }
        sink_.on_head(head.status, headers);
    }

    AnswerSink& sink_;
    std::function<void()> callback_;
    bool gone_ = false;
    bool complete_ = false;
};

RequestHead head_of(const GatewayCall& call) {
    RequestHead head;
    head.method = call.method;
    head.target = call.path;
    head.path = call.path;
    for (const auto& [name, value] : call.headers) {
        head.headers.push_back({name, value});
    }
    return head;
}

Result<Endpoint> endpoint_of(const GatewayCall& call) {
    const auto endpoint = inference_endpoint(normal_path(call.path));
    if (!endpoint) {
        return fail(Errc::usage, "there is nothing at " + printable(call.path));
    }
    return *endpoint;
}

Task<void> run(Core& core, Endpoint endpoint, const RequestHead& head, std::string body,
               SinkClient& client) {
    InferenceRequest request{endpoint, head, std::move(body), {}, {}, {}, nullptr};
    co_await serve_inference(core, std::move(request), client);
    core.pool.clear();
    core.loop.stop();
}

}  // namespace

Result<void> call_in_process(const Home& home, const GatewayCall& call, AnswerSink& sink,
                             Cancel& cancel) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto endpoint = endpoint_of(call);
    if (!endpoint) {
        return tl::unexpected(endpoint.error());
    }
    auto setup = open_setup(home);
    if (!setup) {
        return tl::unexpected(setup.error());
    }
    const RequestHead head = head_of(call);
    Loop loop;
    RequestLog request_log(home.log_database(), setup->snapshot->settings.logs);
    Core core(loop, setup->snapshot, home.cache_database());
    use_request_log(core, request_log);
    SinkClient client(sink);
    {
        const CancelWatch watch(loop, cancel, [&client] { client.leave(); });
        asio::post(loop.io(), [&] { spawn(run(core, *endpoint, head, call.body, client)); });
        loop.run();
    }
    save_health(core);
    if (client.complete()) {
        return {};
    }
    if (client.gone()) {
        return fail(Errc::interrupted, "the call was interrupted");
    }
    return fail(Errc::upstream, "the answer was cut off");
}

Result<std::string> dry_run(const Home& home, const GatewayCall& call) {
    const auto endpoint = endpoint_of(call);
    if (!endpoint) {
        return tl::unexpected(endpoint.error());
    }
    auto setup = open_setup(home);
    if (!setup) {
        return tl::unexpected(setup.error());
    }
    const auto parsed = InferenceCall::parse(*endpoint, call.body);
    if (!parsed) {
        return tl::unexpected(parsed.error());
    }
    RouteQuery query;
    query.model = (*parsed)->model;
    query.strategy = (*parsed)->strategy;
    query.needs = needs_of(**parsed);
    const auto offers = resolve_model(*setup->snapshot, query.model, query.needs);
    if (!offers) {
        return tl::unexpected(offers.error());
    }
    const auto plan = Router(setup->snapshot).plan(setup->snapshot, *offers, query, unix_ms());
    if (!plan) {
        return tl::unexpected(plan.error());
    }
    const Candidate& first = *plan->order.front();
    if (first.mock) {
        return "mock/" + std::string(first.upstream_model) +
               " is answered inside llmgw; nothing is sent\n\n" + (*parsed)->body + "\n";
    }
    const auto made = adapt_call(**parsed, first, {});
    if (!made) {
        return tl::unexpected(made.error());
    }
    const AdaptedRequest& request = made->request;
    std::string text =
        upstream_head(first, request, **parsed, head_of(call), masked_authorization(first));
    std::erase(text, '\r');
    for (const std::string_view piece : request.body) {
        text += piece;
    }
    return "# to " + first.access->url.origin() + "\n" + text + "\n";
}

}  // namespace llmgw
