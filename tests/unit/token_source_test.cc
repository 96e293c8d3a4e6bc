// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/token_source.h"

#include <doctest/doctest.h>

#include <asio/post.hpp>
#include <string>
#include <vector>

#include "daemon/net/loop.h"
#include "tests/unit/tls_server.h"

using namespace llmgw;
using llmgw::test::TlsServer;
using Step = TokenLife::Step;

namespace {

constexpr std::int64_t kHour = 3'600'000;

Error trouble(const char* message) {
    Error error;
    error.kind = Errc::upstream;
    error.message = message;
    return error;
}

EntraClient client_of(const std::string& authority) {
    EntraClient client;
    client.authority = authority;
    client.tenant = "tenant";
    client.client_id = "id";
    client.client_secret = "very-secret";
    return client;
}

// What some requests that come at once get, and then one more.
struct Asking {
    Loop loop;
    UpstreamPool pool{loop};
    TokenSource source{pool};
    TokenCredential credential;
    std::vector<Result<std::string>> answers;
    std::size_t count;
    Result<std::string> later;

    Asking(TokenCredential what, std::size_t how_many)
        : credential(std::move(what)), count(how_many) {
        asio::post(loop.io(), [this] {
            for (std::size_t i = 0; i < count; i++) {
                spawn(ask());
            }
        });
        loop.run();
    }

    Task<void> ask() {
        answers.push_back(co_await source.token(credential));
        if (answers.size() == count) {
            later = co_await source.token(credential);
            loop.stop();
        }
    }
};

}  // namespace

TEST_CASE("token life: fetched once, refreshed while it is still good") {
    TokenLife life;
    CHECK(life.next(0) == Step::fetch);
    CHECK(life.next(0) == Step::wait);
    CHECK(life.next(1'000) == Step::wait);
    life.fetched({"one", kHour}, 1'000);
    CHECK(life.next(1'000) == Step::use);
    CHECK(*life.outcome(1'000) == "one");
    // At four fifths of its life one caller is told to fetch another; all go on with the old one.
    CHECK(life.next(1'000 + kHour / 5 * 4 - 1) == Step::use);
    CHECK(life.next(1'000 + kHour / 5 * 4) == Step::refresh);
    CHECK(life.next(1'000 + kHour / 5 * 4) == Step::use);
    life.fetched({"two", kHour}, kHour);
    CHECK(*life.outcome(kHour) == "two");
    CHECK(life.next(kHour) == Step::use);
}

TEST_CASE("token life: a token is not used in its last moments") {
    TokenLife life;
    CHECK(life.next(0) == Step::fetch);
    life.fetched({"one", kHour}, 0);
    CHECK(life.next(kHour - 10'001) == Step::refresh);
    CHECK(life.next(kHour - 10'000) == Step::wait);
    life.failed(trouble("down"), kHour - 9'000);
    CHECK(life.next(kHour - 9'000) == Step::refuse);
    CHECK_FALSE(life.outcome(kHour - 9'000));
}

TEST_CASE("token life: a refresh that fails is tried again, and the old token goes on") {
    TokenLife life;
    CHECK(life.next(0) == Step::fetch);
    life.fetched({"one", kHour}, 0);
    const std::int64_t old = kHour / 5 * 4;
    CHECK(life.next(old) == Step::refresh);
    life.failed(trouble("down"), old + 10);
    CHECK(life.next(old + 10) == Step::use);
    CHECK(*life.outcome(old + 10) == "one");
    CHECK(life.next(old + 5'009) == Step::use);
    CHECK(life.next(old + 5'010) == Step::refresh);
}

TEST_CASE("token life: a failure is remembered for a moment") {
    TokenLife life;
    CHECK(life.next(0) == Step::fetch);
    life.failed(trouble("down"), 100);
    CHECK(life.next(100) == Step::refuse);
    CHECK(life.outcome(100).error().message == "down");
    CHECK(life.next(5'099) == Step::refuse);
    CHECK_FALSE(life.idle(5'099));
    CHECK(life.idle(5'100));
    CHECK(life.next(5'100) == Step::fetch);
    CHECK_FALSE(life.idle(5'100));
}

TEST_CASE("token life: a clock that is put back") {
    TokenLife life;
    CHECK(life.next(kHour) == Step::fetch);
    life.fetched({"one", kHour}, kHour);
    CHECK(life.next(kHour - 1) == Step::fetch);
    life.failed(trouble("down"), kHour);
    CHECK(life.next(0) == Step::fetch);
}

TEST_CASE("token life: a token that the provider refuses") {
    TokenLife life;
    CHECK(life.next(0) == Step::fetch);
    life.fetched({"one", kHour}, 0);
    CHECK(life.rejected("an older one", 1));
    CHECK(life.next(1) == Step::use);
    CHECK(life.rejected("one", 2));
    CHECK(life.next(2) == Step::fetch);
    CHECK(life.rejected("one", 3));  // by a request that went out with it, too
    life.fetched({"two", kHour}, 4);
    CHECK(life.rejected("one", 5));
    CHECK_FALSE(life.rejected("two", 60'001));  // a third one would fare no better
    CHECK(life.next(60'001) == Step::use);
    CHECK(life.rejected("two", 60'002));
    CHECK(life.next(60'002) == Step::fetch);
}

TEST_CASE("token source: the request goes to the credential's own endpoint only") {
    const auto request = make_token_request(client_of("https://login.example.com"), 0);
    REQUIRE(request);
    CHECK(request->url.tls);
    CHECK(request->url.host == "login.example.com");
    CHECK(
        request->head.starts_with("POST /tenant/oauth2/v2.0/token HTTP/1.1\r\n"
                                  "Host: login.example.com\r\n"
                                  "Content-Type: application/x-www-form-urlencoded\r\n"));
    CHECK(request->head.find("Content-Length: " + std::to_string(request->body.size()) + "\r\n") !=
          std::string::npos);
    CHECK(request->head.ends_with("\r\n\r\n"));
    CHECK_FALSE(make_token_request(client_of("http://login.example.com"), 0));
    ServiceAccount account;
    account.private_key = "no key";
    CHECK_FALSE(make_token_request(account, 0));
}

TEST_CASE("token source: a hundred requests, one fetch") {
    const std::string body = R"({"access_token":"tok","expires_in":3600})";
    TlsServer endpoint(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    const Asking asking(client_of(endpoint.url("")), 100);
    REQUIRE(asking.answers.size() == 100);
    for (const auto& answer : asking.answers) {
        REQUIRE(answer);
        CHECK(*answer == "tok");
    }
    REQUIRE(asking.later);
    const auto requests = endpoint.requests();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].find("POST /tenant/oauth2/v2.0/token HTTP/1.1\r\n") == 0);
    CHECK(requests[0].find("client_id=id&client_secret=very-secret&") != std::string::npos);
}

TEST_CASE("token source: a refusal reaches all that wait, and is not asked for again at once") {
    const std::string body = R"({"error":"invalid_client","error_description":"not very-secret"})";
    TlsServer endpoint("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n\r\n" + body);
    const Asking asking(client_of(endpoint.url("")), 3);
    REQUIRE(asking.answers.size() == 3);
    for (const auto& answer : asking.answers) {
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Errc::auth);
        CHECK(answer.error().message ==
              "no token for the Entra client id: the token endpoint answered with status 401 "
              "(invalid_client: not ***)");
    }
    CHECK_FALSE(asking.later);
    CHECK(endpoint.requests().size() == 1);
}

TEST_CASE("token source: a credential that cannot be used fails without a call") {
    const Asking asking(client_of("http://login.example.com"), 2);
    REQUIRE(asking.answers.size() == 2);
    for (const auto& answer : asking.answers) {
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Errc::invalid_file);
    }
}
