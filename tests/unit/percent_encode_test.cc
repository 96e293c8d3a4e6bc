// SPDX-License-Identifier: Apache-2.0
#include "common/base/percent_encode.h"

#include <doctest/doctest.h>

using namespace llmgw;

TEST_CASE("percent encoding leaves what RFC 3986 calls unreserved, and what is to be kept") {
    CHECK(percent_encode("aZ09-._~") == "aZ09-._~");
    CHECK(percent_encode("a b/c:d\xC3\xA9%") == "a%20b%2Fc%3Ad%C3%A9%25");
    CHECK(percent_encode("a/b", "/") == "a/b");
    CHECK(percent_encode("m@1/x", "@") == "m@1%2Fx");
    CHECK(percent_encode("").empty());
}
