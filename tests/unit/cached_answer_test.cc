// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/cached_answer.h"

#include <doctest/doctest.h>

#include <string>

using namespace llmgw;

namespace {

CachedAnswer rich_answer() {
    CachedAnswer answer;
    answer.streamed = true;
    answer.bytes = "data: {\"a\":1}\n\ndata: [DONE]\n\n";
    answer.events = {{15, 0}, {29, 120}};
    answer.id = "chatcmpl-1";
    answer.created = 1'790'000'000;
    answer.model = "gpt-5";
    answer.provider = "openai";
    answer.gateway_key = "k_1";
    answer.input_tokens = 12;
    answer.output_tokens = 34;
    answer.cost = Money{4'100};
    answer.stored_at = 1'790'000'000'123;
    answer.expires_at = 1'790'000'060'123;
    answer.near.emplace();
    answer.near->guard.bytes[3] = 7;
    answer.near->signature[5] = 9;
    return answer;
}

}  // namespace

TEST_CASE("cached answer: it is read as it was written") {
    const CachedAnswer answer = rich_answer();
    const std::string bytes = encode_answer(answer);
    const SharedAnswer read = decode_answer(bytes);
    REQUIRE(read);
    CHECK(encode_answer(*read) == bytes);
    CHECK(read->bytes == answer.bytes);
    CHECK(read->events == answer.events);
    CHECK(read->streamed);
    CHECK(read->cost == answer.cost);
    CHECK(read->near->guard == answer.near->guard);
    CHECK(read->near->signature == answer.near->signature);
    const std::string plain = encode_answer(CachedAnswer{});
    REQUIRE(decode_answer(plain));
    CHECK_FALSE(decode_answer(plain)->cost);
    CHECK_FALSE(decode_answer(plain)->near);
}

TEST_CASE("cached answer: what is cut off or something else is not read") {
    const std::string bytes = encode_answer(rich_answer());
    for (std::size_t size = 0; size < bytes.size(); size++) {
        CHECK_FALSE(decode_answer(bytes.substr(0, size)));
    }
    CHECK_FALSE(decode_answer(bytes + "x"));
    // Whatever the bytes are, reading them ends well, and what is read is within bounds.
    for (std::size_t at = 0; at < bytes.size(); at++) {
        for (const char value : {'\x00', '\x02', '\x7f', '\xff'}) {
            std::string changed = bytes;
            changed[at] = value;
            const SharedAnswer read = decode_answer(changed);
            for (const EventEnd& event : read ? read->events : std::vector<EventEnd>()) {
                CHECK(event.offset <= read->bytes.size());
            }
        }
    }
}
