// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "daemon/http/head.h"

using namespace llmgw;

namespace {

int status_of(const std::string& head) {
    RequestHead out;
    const auto refusal = parse_request_head(head, out);
    return refusal ? refusal->status : 0;
}

// A request with these lines between the request line and the empty line.
std::string post(const std::string& lines) {
    return "POST /v1/x HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n";
}

}  // namespace

TEST_CASE("a plain request is taken apart") {
    RequestHead head;
    const std::string text = post("Content-Length: 12\r\nX-A:  b c \r\n");
    REQUIRE_FALSE(parse_request_head(text, head));
    CHECK(head.method == "POST");
    CHECK(head.path == "/v1/x");
    CHECK(head.header("x-a") == "b c");
    CHECK(head.framing.kind == BodyFraming::Kind::length);
    CHECK(head.framing.length == 12);
    CHECK(head.keep_alive);
}

TEST_CASE("the query is apart from the path") {
    RequestHead head;
    REQUIRE_FALSE(parse_request_head("GET /a/b?c=d?e HTTP/1.1\r\nHost: x\r\n\r\n", head));
    CHECK(head.path == "/a/b");
    CHECK(head.query == "c=d?e");
}

TEST_CASE("what two parsers could read differently is refused") {
    CHECK(status_of(post("Content-Length: 1\r\nContent-Length: 1\r\n")) == 400);
    CHECK(status_of(post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")) == 400);
    CHECK(status_of(post("Content-Length: +1\r\n")) == 400);
    CHECK(status_of(post("Content-Length: 1x\r\n")) == 400);
    CHECK(status_of(post("Content-Length: -1\r\n")) == 400);
    CHECK(status_of(post("Content-Length:\r\n")) == 400);
    CHECK(status_of(post("Content-Length: 99999999999999999999\r\n")) == 400);
    CHECK(status_of(post("Transfer-Encoding: gzip, chunked\r\n")) == 501);
    CHECK(status_of(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) == 400);
    CHECK(status_of(post("Content-Length : 1\r\n")) == 400);
    CHECK(status_of(post("Content-Length: 1\r\n folded\r\n")) == 400);
    CHECK(status_of(post("A: b\rc\r\nContent-Length: 1\r\n")) == 400);
    CHECK(status_of(post("A: b\nContent-Length: 1\r\n")) == 400);
    CHECK(status_of(post(std::string("A: b\0c\r\nContent-Length: 1\r\n", 28))) == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(status_of("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
    CHECK(status_of("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/2.0\r\nHost: x\r\n\r\n") == 505);
    CHECK(status_of("\x16\x03\x01 / HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
}

TEST_CASE("a body needs a length and no compression") {
    CHECK(status_of(post("")) == 411);
    CHECK(status_of(post("Content-Length: 1\r\nContent-Encoding: gzip\r\n")) == 415);
    CHECK(status_of(post("Content-Length: 1\r\nContent-Encoding: identity\r\n")) == 0);
    CHECK(status_of(post("Transfer-Encoding: Chunked\r\n")) == 0);
    CHECK(status_of(post("Content-Length: 1\r\nExpect: something\r\n")) == 417);
}

TEST_CASE("a percent-encoded line break stays what it is") {
    RequestHead head;
    const std::string text = post("Content-Length: 0\r\nX-A: a%0d%0aB: c\r\n");
    REQUIRE_FALSE(parse_request_head(text, head));
    CHECK(head.header("x-a") == "a%0d%0aB: c");
    CHECK(head.header("b").empty());
}

TEST_CASE("too many headers are refused") {
    std::string lines = "Content-Length: 0\r\n";
    for (int i = 0; i < 200; i++) {
        lines += "X-" + std::to_string(i) + ": 1\r\n";
    }
    CHECK(status_of(post(lines)) == 431);
}

TEST_CASE("keep-alive follows version and Connection") {
    RequestHead head;
    REQUIRE_FALSE(
        parse_request_head("GET / HTTP/1.1\r\nHost: x\r\nConnection: a, Close\r\n\r\n", head));
    CHECK_FALSE(head.keep_alive);
    REQUIRE_FALSE(parse_request_head("GET / HTTP/1.0\r\nHost: x\r\n\r\n", head));
    CHECK_FALSE(head.keep_alive);
    REQUIRE_FALSE(
        parse_request_head("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", head));
    CHECK(head.keep_alive);
}

TEST_CASE("a response's framing") {
    ResponseHead head;
    REQUIRE(parse_response_head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", head));
    CHECK(head.framing.kind == BodyFraming::Kind::chunked);
    REQUIRE(parse_response_head("HTTP/1.0 200 OK\r\n\r\n", head));
    CHECK(head.framing.kind == BodyFraming::Kind::until_close);
    CHECK_FALSE(head.keep_alive);
    REQUIRE(parse_response_head("HTTP/1.1 529\r\nContent-Length: 3\r\n\r\n", head));
    CHECK(head.status == 529);
    CHECK_FALSE(parse_response_head("HTTP/1.1 2x0 OK\r\n\r\n", head));
    CHECK_FALSE(parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: a\r\n\r\n", head));
    CHECK_FALSE(parse_response_head("SSH-2.0-OpenSSH_9\r\n\r\n", head));
}

TEST_CASE("the head's end is found however the bytes arrive") {
    const std::string text = "GET / HTTP/1.1\r\nHost: x\r\n\r\nrest";
    for (std::size_t split = 0; split < text.size(); split++) {
        const std::size_t first = find_head_end(text.substr(0, split), 0);
        const std::size_t end = text.size() - 4;
        CHECK(first == (split >= end ? end : std::string::npos));
        CHECK(find_head_end(text, first == std::string::npos ? split : 0) == end);
    }
}
