// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/request_images.h"

#include <doctest/doctest.h>

#include <asio/post.hpp>
#include <csignal>
#include <memory>
#include <string>

#include "common/base/text.h"
#include "daemon/gateway/exchange.h"
#include "daemon/gateway/provider_call.h"
#include "daemon/providers/wire_adapter.h"
#include "tests/unit/tls_server.h"

using namespace llmgw;
using llmgw::test::TlsServer;

namespace {

const std::string kPng = std::string("\x89PNG\r\n\x1a\n", 8) + "the rest";

std::string png_answer() {
    return "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: " +
           std::to_string(kPng.size()) + "\r\n\r\n" + kPng;
}

bool is_loopback(const asio::ip::address& address) {
    return address.is_loopback();
}

// A request whose first message holds a text and these images.
std::unique_ptr<InferenceCall> call_with(const std::vector<std::string>& urls) {
    std::string content = R"({"type":"text","text":"x"})";
    for (const std::string& url : urls) {
        content += R"(,{"type":"image_url","image_url":{"url":")" + url + "\"}}";
    }
    auto call = InferenceCall::parse(
        Endpoint::chat_completions,
        R"({"model":"m","messages":[{"role":"user","content":[)" + content + "]}]}");
    REQUIRE(call);
    return std::move(*call);
}

// A provider of one format.
struct Target {
    explicit Target(Wire wire) {
        access.name = "somebody";
        access.wire = wire;
        candidate.access = &access;
        candidate.upstream_model = "m";
    }
    ProviderAccess access;
    Candidate candidate;
};

std::string body_of(const Result<ProviderCall>& made) {
    REQUIRE(made);
    std::string text;
    for (const std::string_view piece : made->request.body) {
        text += piece;
    }
    return text;
}

// A client that only waits.
class Waiting final : public Client {
  public:
    Task<bool> answer(const AnswerHead& /*head*/, std::vector<std::string_view> /*body*/) override {
        co_return true;
    }
    Task<bool> begin(const AnswerHead& /*head*/, std::string_view /*first*/) override {
        co_return true;
    }
    Task<bool> send(std::string_view /*bytes*/) override { co_return true; }
    bool begin_now(const AnswerHead& /*head*/, std::string_view /*first*/) override { return true; }
    bool send_now(std::string_view /*bytes*/) override { return true; }
    Task<bool> end(bool /*clean*/) override { co_return true; }
    void on_gone(std::function<void()> /*callback*/) override {}
    [[nodiscard]] bool gone() const override { return false; }
};

// A gateway that may fetch from this machine, and one request in it.
class Lab {
  public:
    explicit Lab(std::uint16_t port, bool allowed = true)
        : core_(loop_, with_settings(allowed)), exchange_(core_, client_, head_) {
        std::signal(SIGPIPE, SIG_IGN);
        core_.image_guard = {is_loopback, port};
    }
    const RequestImages& fetch(const InferenceCall& call) {
        asio::post(loop_.io(), [this, &call] { spawn(go(call)); });
        loop_.run();
        loop_.io().restart();
        CHECK(exchange_.active == nullptr);
        return exchange_.images;
    }

  private:
    static std::shared_ptr<const Snapshot> with_settings(bool allowed) {
        auto snapshot = std::make_shared<Snapshot>();
        snapshot->settings.fetch_images = allowed;
        snapshot->settings.max_body = 40;  // two of the images
        snapshot->settings.timeouts.total = 60'000;
        return snapshot;
    }
    Task<void> go(const InferenceCall& call) {
        co_await fetch_images(exchange_, call);
        loop_.stop();
    }
    Loop loop_;
    Waiting client_;
    RequestHead head_;
    Core core_;
    Exchange exchange_;
};

}  // namespace

TEST_CASE("request images: who needs their bytes") {
    for (const Wire wire : {Wire::bedrock, Wire::vertex_anthropic}) {
        CHECK(adapter_for(wire)->needs_image_bytes);
    }
    for (const Wire wire :
         {Wire::anthropic, Wire::azure_anthropic, Wire::gemini, Wire::vertex, Wire::cohere}) {
        CHECK_FALSE(adapter_for(wire)->needs_image_bytes);
    }
}

TEST_CASE("request images: the bytes take the address's place") {
    const auto call = call_with({"https://example.com/a"});
    const Target bedrock(Wire::bedrock);
    const auto refused = adapt_call(*call, bedrock.candidate, {});
    REQUIRE(lacks_images(refused));
    CHECK(refused.error().kind == Errc::invalid_request);
    CHECK(refused.error().param == "messages[0].content[1].image_url");
    CHECK(refused.error().message ==
          "somebody takes images as bytes, not by their address: send "
          "messages[0].content[1].image_url as a data URL");

    RequestImages images;
    images.by_url["https://example.com/a"] = {"image/webp", "QUJD"};
    const auto made = adapt_call(*call, bedrock.candidate, images);
    CHECK_FALSE(lacks_images(made));
    CHECK(body_of(made).find(R"({"image":{"format":"webp","source":{"bytes":"QUJD"}}})") !=
          std::string::npos);

    images.by_url.clear();
    images.failure = Error();
    images.failure->message = "not to be had";
    const auto failed = adapt_call(*call, bedrock.candidate, images);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message == "not to be had");
}

TEST_CASE("request images: a provider that fetches them itself gets the address") {
    const auto call = call_with({"https://example.com/a"});
    RequestImages images;
    images.by_url["https://example.com/a"] = {"image/webp", "QUJD"};
    const std::string body = body_of(adapt_call(*call, Target(Wire::cohere).candidate, images));
    CHECK(body.find("https://example.com/a") != std::string::npos);
    CHECK(body.find("QUJD") == std::string::npos);
}

TEST_CASE("request images: each is fetched once, and not again for the next provider") {
    TlsServer server(png_answer());
    Lab lab(server.port());
    const auto call = call_with({server.url("/a"), server.url("/b"), server.url("/a"),
                                 "data:image/png;base64,iVBORw0KGgo="});
    const RequestImages& images = lab.fetch(*call);
    REQUIRE_MESSAGE(!images.failure, images.failure->message);
    CHECK(images.by_url.size() == 2);
    CHECK(images.by_url.at(server.url("/b")).media_type == "image/png");
    CHECK(from_base64(images.by_url.at(server.url("/b")).base64) == kPng);
    CHECK(server.requests().size() == 2);
    CHECK(adapt_call(*call, Target(Wire::bedrock).candidate, images));
}

TEST_CASE("request images: together they may be as large as a request") {
    TlsServer server(png_answer());
    Lab lab(server.port());
    const auto call = call_with({server.url("/a"), server.url("/b"), server.url("/c")});
    const RequestImages& images = lab.fetch(*call);
    REQUIRE(images.failure);
    CHECK(
        images.failure->message ==
        "messages[0].content[3].image_url cannot be fetched: the image is larger than 4 bytes, all "
        "that is taken");
}

TEST_CASE("request images: a failure is remembered") {
    TlsServer server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    Lab lab(server.port());
    const auto call = call_with({server.url("/a"), server.url("/b")});
    for (int i = 0; i < 2; i++) {
        const RequestImages& images = lab.fetch(*call);
        REQUIRE(images.failure);
        CHECK(images.failure->param == "messages[0].content[1].image_url");
        CHECK(images.failure->code == kImageAddressUnsupported);
        CHECK(images.failure->message ==
              "messages[0].content[1].image_url cannot be fetched: localhost answered with status "
              "404");
    }
    CHECK(server.requests().size() == 1);
}

TEST_CASE("request images: nothing is fetched when that is not allowed, or for too many") {
    TlsServer server(png_answer());
    const auto one = call_with({server.url("/a")});
    Lab without(server.port(), false);
    CHECK(without.fetch(*one).by_url.empty());

    std::vector<std::string> urls;
    for (std::size_t i = 0; i <= kMaxFetchedImages; i++) {
        urls.push_back(server.url("/" + std::to_string(i)));
    }
    Lab lab(server.port());
    const auto many = call_with(urls);
    const RequestImages& images = lab.fetch(*many);
    REQUIRE(images.failure);
    CHECK(images.failure->param == "messages[0].content[11].image_url");
    CHECK(images.failure->message.ends_with("a request may name 10 images by their addresses"));
    CHECK(server.requests().empty());
}
