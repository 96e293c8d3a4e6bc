// SPDX-License-Identifier: Apache-2.0
#include "common/secrets/secret_text.h"

#include <doctest/doctest.h>

using namespace llmgw;

TEST_CASE("secret text: the first line, without what surrounds it") {
    CHECK(secret_text("sk-abc\n") == "sk-abc");
    CHECK(secret_text("  sk-abc \r\nanother line") == "sk-abc");
    CHECK(secret_text("\nsk-abc") == "sk-abc");
}

TEST_CASE("secret text: a JSON document becomes one line and keeps its content") {
    const auto text = secret_text(
        "{\n  \"type\": \"service_account\",\n  \"private_key\": "
        "\"-----BEGIN PRIVATE KEY-----\\nMII=\\n\"\n}\n");
    REQUIRE(text);
    CHECK(*text ==
          R"({"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nMII=\n"})");
}

TEST_CASE("secret text: what is no key is refused without being repeated") {
    for (const char* wrong : {"", " \n", "two words", "sk-\xc3\xa9", "sk-\x01z", "{\"a\":"}) {
        CAPTURE(wrong);
        const auto text = secret_text(wrong);
        REQUIRE_FALSE(text);
        CHECK(text.error().kind == Errc::auth);
        CHECK(text.error().message.find("sk-") == std::string::npos);
    }
}
