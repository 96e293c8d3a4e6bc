// SPDX-License-Identifier: Apache-2.0
#include "common/base/url.h"

#include <doctest/doctest.h>

using namespace llmgw;

TEST_CASE("base URLs are taken apart and put together") {
    const auto url = parse_base_url("https://API.example.com/v1/");
    REQUIRE(url);
    CHECK(url->tls);
    CHECK(url->host == "api.example.com");
    CHECK(url->port == 443);
    CHECK(url->path == "/v1");
    CHECK(url->host_header() == "api.example.com");
    CHECK(url->text() == "https://api.example.com/v1");
    CHECK_FALSE(url->is_loopback());
}

TEST_CASE("ports and addresses") {
    CHECK(parse_base_url("http://127.0.0.1:11434/v1")->host_header() == "127.0.0.1:11434");
    CHECK(parse_base_url("http://[::1]:8080")->host_header() == "[::1]:8080");
    CHECK(parse_base_url("http://[::1]:8080")->is_loopback());
    CHECK(parse_base_url("https://x:80")->origin() == "https://x:80");
    CHECK_FALSE(parse_base_url("http://127.evil.example")->is_loopback());
}

TEST_CASE("what is not a plain API address is refused") {
    for (const char* text :
         {"", "api.example.com", "ftp://x", "http://", "http://user:secret@x/v1", "http://x?y=z",
          "http://x#y", "http://x:0", "http://x:70000", "http://x:8a", "http://[::1", "http://[x]",
          "http://a b/v1", "http://x/\r\nHost: y", "http:///v1"}) {
        CHECK_MESSAGE(!parse_base_url(text), text);
    }
    CHECK(parse_base_url("http://user:secret@x/v1").error().message.find("secret") ==
          std::string::npos);
}
