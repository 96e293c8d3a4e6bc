// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/chunked.h"

#include <doctest/doctest.h>

using namespace llmgw;
using State = ChunkedDecoder::State;

namespace {

// Decodes in two pieces, cut at `split`; returns the content and leaves the state and what was
// not taken.
std::string decode(const std::string& text, std::size_t split, State& state, std::string& rest) {
    ChunkedDecoder decoder;
    std::string out;
    std::string_view first = std::string_view(text).substr(0, split);
    state = decoder.feed(first, out);
    std::string left = std::string(first) + text.substr(split);
    std::string_view second = left;
    if (state == State::more) {
        state = decoder.feed(second, out);
    }
    rest = second;
    return out;
}

State state_of(std::string_view text) {
    ChunkedDecoder decoder;
    std::string out;
    return decoder.feed(text, out);
}

}  // namespace

TEST_CASE("chunks come out the same wherever the bytes are split") {
    const std::string text =
        "5;name=value\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nNEXT";
    for (std::size_t split = 0; split <= text.size(); split++) {
        State state = State::more;
        std::string rest;
        CHECK(decode(text, split, state, rest) == "hello 0123456789");
        CHECK(state == State::done);
        CHECK(rest == "NEXT");
    }
}

TEST_CASE("malformed chunks are refused") {
    CHECK(state_of("-5\r\nhello\r\n") == State::malformed);
    CHECK(state_of("+5\r\nhello\r\n") == State::malformed);
    CHECK(state_of(" 5\r\nhello\r\n") == State::malformed);
    CHECK(state_of("0x5\r\nhello\r\n") == State::malformed);
    CHECK(state_of("\r\n") == State::malformed);
    CHECK(state_of("5\nhello\r\n") == State::malformed);
    CHECK(state_of("5\r\nhelloX\n") == State::malformed);
    CHECK(state_of("ffffffffffffffff\r\n") == State::malformed);
    CHECK(state_of("5;" + std::string(10'000, 'x')) == State::malformed);
    CHECK(state_of("0\r\n" + std::string(10'000, 'x')) == State::malformed);
}

TEST_CASE("an unfinished body is not done") {
    CHECK(state_of("5\r\nhello\r\n0\r\n") == State::more);
    CHECK(state_of("5\r\nhel") == State::more);
}

TEST_CASE("a chunk's start") {
    char buffer[20];
    CHECK(chunk_start(255, buffer) == "ff\r\n");
    CHECK(chunk_start(1, buffer) == "1\r\n");
}
