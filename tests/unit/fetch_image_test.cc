// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/fetch_image.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <asio/post.hpp>
#include <csignal>
#include <optional>

#include "common/base/text.h"
#include "tests/unit/tls_server.h"

using namespace llmgw;
using llmgw::test::TlsServer;

namespace {

const std::string kPng = std::string("\x89PNG\r\n\x1a\n", 8) + "the rest";
const std::string kJpeg = "\xff\xd8\xff\xe0 the rest";
const std::string kWebp = std::string("RIFF\x08\x00\x00\x00WEBPVP8 ", 16);

std::string answer(std::string_view type, std::string_view body, std::string_view more = {}) {
    return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) + "\r\n" + std::string(more) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

bool is_loopback(const asio::ip::address& address) {
    return address.is_loopback();
}

bool is_ipv4_loopback(const asio::ip::address& address) {
    return address.is_v4() && address.is_loopback();
}

// One fetch on a loop of its own.
class Fetching {
  public:
    explicit Fetching(ImageGuard guard) : fetch{loop_, guard, kMaxImage, kImageTime, {}} {
        std::signal(SIGPIPE, SIG_IGN);
    }
    const Result<FetchedImage>& run(const std::string& url) {
        asio::post(loop_.io(), [this, url] { spawn(go(url)); });
        loop_.run();
        return *result_;
    }
    /// What failed; empty: nothing.
    std::string failure(const std::string& url) {
        const auto& result = run(url);
        CHECK((result || result.error().kind == Errc::invalid_request));
        return result ? "" : result.error().message;
    }

  private:
    Task<void> go(std::string url) {
        result_ = co_await fetch_image(fetch, url);
        loop_.stop();
    }
    Loop loop_;
    std::optional<Result<FetchedImage>> result_;

  public:
    ImageFetch fetch;
};

std::string failure_of(const std::string& sent, std::string_view path = "/a") {
    TlsServer server(sent);
    return Fetching({is_loopback, server.port()}).failure(server.url(path));
}

}  // namespace

TEST_CASE("fetch image: its bytes, and nothing of anybody's in the request") {
    TlsServer server(answer("image/png", kPng));
    Fetching fetching({is_loopback, server.port()});
    const auto& image = fetching.run(server.url("/a%20b.png?size=1&x=%2f#part"));
    REQUIRE_MESSAGE(image, (image ? "" : image.error().message));
    CHECK(image->media_type == "image/png");
    CHECK(from_base64(image->base64) == kPng);
    REQUIRE(server.requests().size() == 1);
    CHECK(
        server.requests()[0] ==
        "GET /a%20b.png?size=1&x=%2f HTTP/1.1\r\nHost: localhost:" + std::to_string(server.port()) +
            "\r\nAccept: image/png, image/jpeg, image/gif, image/webp\r\n"
            "Accept-Encoding: identity\r\nUser-Agent: llmgw/" LLMGW_VERSION
            "\r\nConnection: close\r\n\r\n");
}

TEST_CASE("fetch image: every kind of image, however its answer is framed") {
    struct Case {
        std::string sent;
        std::string_view type;
    };
    const Case cases[] = {
        {answer("IMAGE/JPG; charset=x", kJpeg), "image/jpeg"},
        {answer("image/gif", "GIF89a"), "image/gif"},
        {answer("image/gif", "GIF87a", "Content-Encoding: identity\r\n"), "image/gif"},
        {answer("image/webp", kWebp), "image/webp"},
        {"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
         "10\r\n" +
             kPng + "\r\n0\r\n\r\n",
         "image/png"},
        {"HTTP/1.0 200 OK\r\nContent-Type: image/png\r\n\r\n" + kPng, "image/png"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.sent);
        TlsServer server(c.sent);
        Fetching fetching({is_loopback, server.port()});
        const auto& image = fetching.run(server.url(""));
        REQUIRE_MESSAGE(image, (image ? "" : image.error().message));
        CHECK(image->media_type == c.type);
    }
}

TEST_CASE("fetch image: answers that are no image") {
    struct Case {
        std::string sent;
        std::string_view told;
    };
    const Case cases[] = {
        {"HTTP/1.1 302 Found\r\nLocation: https://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
         "localhost redirects to another address, which is not followed"},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
         "localhost answered with status 404"},
        {"HTTP/1.1 206 Partial\r\nContent-Type: image/png\r\nContent-Length: 0\r\n\r\n",
         "localhost answered with status 206"},
        {answer("text/html", "<p>"),
         "localhost sent no PNG, JPEG, GIF or WebP image but \"text/html\""},
        {answer("image/svg+xml", "<svg>"),
         "localhost sent no PNG, JPEG, GIF or WebP image but \"image/svg+xml\""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" + kPng,
         "localhost sent no PNG, JPEG, GIF or WebP image but \"\""},
        {answer("image/png", "<html>"),
         "localhost sent something that is not the image/png it calls itself"},
        {answer("image/png", kJpeg),
         "localhost sent something that is not the image/png it calls itself"},
        {answer("image/png", ""),
         "localhost sent something that is not the image/png it calls itself"},
        {answer("image/png", kPng, "Content-Encoding: gzip\r\n"),
         "localhost compressed its answer, although that was not asked for"},
        {"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 17\r\n\r\n" + kPng,
         "localhost broke off its answer"},
        {"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\nx",
         "localhost broke off its answer"},
        {"SSH-2.0-x\r\n\r\n", "localhost broke off its answer"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.sent);
        CHECK(failure_of(c.sent) == c.told);
    }
}

TEST_CASE("fetch image: no more is read than an image may have") {
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" +
        kPng + "\r\n0\r\n\r\n";
    for (const std::string& sent : {answer("image/png", kPng), chunked}) {
        TlsServer server(sent);
        Fetching exact({is_loopback, server.port()});
        exact.fetch.max_size = kPng.size();
        CHECK(exact.failure(server.url("/")).empty());
        Fetching less({is_loopback, server.port()});
        less.fetch.max_size = kPng.size() - 1;
        CHECK(less.failure(server.url("/")) ==
              "the image is larger than 15 bytes, all that is taken");
    }
    const std::string huge = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: " +
                             std::to_string(kMaxImage + 1) + "\r\n\r\n";
    CHECK(failure_of(huge) == "the image is larger than 20971520 bytes, all that is taken");
}

TEST_CASE("fetch image: a server that says nothing, and a client that goes away") {
    TlsServer server("");
    Fetching slow({is_loopback, server.port()});
    slow.fetch.time = std::chrono::milliseconds(50);
    CHECK(slow.failure(server.url("/")) == "localhost took too long");

    Fetching left({is_loopback, server.port()});
    std::vector<bool> told;
    left.fetch.on_call = [&](HttpCall* http) {
        told.push_back(http != nullptr);
        if (http != nullptr) {
            asio::post(left.fetch.loop.io(), [http] { http->cancel(); });
        }
    };
    CHECK(left.failure(server.url("/")) == "the call was cancelled");
    CHECK(told == std::vector<bool>{true, false});
}

TEST_CASE("fetch image: the certificate has to be for the host") {
    TlsServer server(answer("image/png", kPng));
    Fetching fetching({is_loopback, server.port()});
    const std::string failure =
        fetching.failure("https://127.0.0.1:" + std::to_string(server.port()) + "/");
    CHECK(failure.find("certificate of 127.0.0.1 is not trusted") != std::string::npos);
}

TEST_CASE("fetch image: closed networks are refused before anything is connected to") {
    TlsServer server(answer("image/png", kPng));
    std::string own_name(256, '\0');
    REQUIRE(::gethostname(own_name.data(), own_name.size() - 1) == 0);
    own_name.resize(own_name.find('\0'));
    for (const std::string& host :
         {std::string("127.0.0.1"), std::string("localhost"), std::string("LOCALHOST"),
          std::string("[::1]"), std::string("[::ffff:127.0.0.1]"), std::string("127.1.2.3"),
          std::string("0.0.0.0"), std::string("10.0.0.1"), std::string("169.254.169.254"),
          std::string("[fe80::1]"), std::string("[fd00:ec2::254]"), own_name}) {
        CAPTURE(host);
        Fetching fetching({is_public_address, server.port()});
        const std::string failure =
            fetching.failure("https://" + host + ":" + std::to_string(server.port()) + "/a.png");
        CHECK(failure.starts_with("no public server answers at "));
    }
    CHECK(server.requests().empty());
}

TEST_CASE("fetch image: one closed address among a name's addresses is one too many") {
    TlsServer server(answer("image/png", kPng));  // localhost is 127.0.0.1 and ::1
    CHECK(Fetching({is_ipv4_loopback, server.port()}).failure(server.url("/")) ==
          "no public server answers at localhost");
    CHECK(server.requests().empty());
}

TEST_CASE("fetch image: addresses as clients write them") {
    const ImageGuard guard;
    const auto path = [&](std::string_view url) {
        const auto parsed = parse_image_url(url, guard);
        return parsed ? std::string(parsed->host_header()) + " " + parsed->path
                      : parsed.error().message;
    };
    CHECK(path("https://example.com") == "example.com /");
    CHECK(path("HTTPS://Example.COM:443/A.png") == "example.com /A.png");
    CHECK(path("https://example.com?x=/") == "example.com /?x=/");
    CHECK(path("https://example.com#x") == "example.com /");
    CHECK(path("https://1.1.1.1/a/") == "1.1.1.1 /a/");
    CHECK(path("https://[2606:4700::1]/") == "[2606:4700::1] /");
    CHECK(path("https://4.example/") == "4.example /");
    CHECK(path("https://x0x/") == "x0x /");

    for (const char* url : {"", "http://example.com/a.png", "ftp://example.com/", "//example.com/",
                            "file:///etc/passwd", "https:/example.com/"}) {
        CAPTURE(url);
        CHECK(path(url) == "only https addresses are fetched");
    }
    for (const char* url : {"https://2130706433/", "https://0x7f000001/", "https://0x7f.1/",
                            "https://127.1/", "https://017700000001/", "https://0177.0.0.1/",
                            "https://127.0.0.1./", "https://1.1.1.01/", "https://a.0x/",
                            "https://0X7F.0.0.1/", "https://256.1.1.1/", "https://./"}) {
        CAPTURE(url);
        CHECK(path(url) == "its host is an IP address in an unusual notation");
    }
    for (const char* url : {"https://example.com:80/", "https://example.com:8443/",
                            "https://127.0.0.1:11434/", "https://[::1]:22/"}) {
        CAPTURE(url);
        CHECK(path(url) == "only port 443 is fetched from");
    }
    for (const char* url :
         {"https://user@example.com/", "https://example.com@127.0.0.1/", "https:///a.png",
          "https://example.com\\@127.0.0.1/", "https://[fe80::1%25eth0]/", "https://[::1/",
          "https://a%2eb/", "https://example.com:0/", "https://example.com:443x/"}) {
        CAPTURE(url);
        CHECK_FALSE(parse_image_url(url, guard));
    }
    for (const char* url : {"https://example.com/a b", "https://example.com/a\r\nX: y",
                            "https://example.com/\xc3\xa9", "https://\xe2\x93\x9bocalhost/"}) {
        CAPTURE(url);
        CHECK(path(url) == "its address holds a space or a character that is not ASCII");
    }
    CHECK(path(std::string_view("https://example.com/\0", 21)) ==
          "its address holds a space or a character that is not ASCII");
}

TEST_CASE("fetch image: images by how they begin") {
    CHECK(image_type(kPng) == "image/png");
    CHECK(image_type(kJpeg) == "image/jpeg");
    CHECK(image_type("GIF89a") == "image/gif");
    CHECK(image_type(kWebp) == "image/webp");
    for (const std::string& other :
         {std::string(), std::string("\x89PNG"), std::string("\xff\xd8"), std::string("GIF88a"),
          std::string("RIFF\x08\x00\x00\x00WAVEfmt ", 16), std::string("RIFFWEBP"),
          std::string("<svg>"), std::string("BM")}) {
        CAPTURE(other);
        CHECK(image_type(other).empty());
    }
}
