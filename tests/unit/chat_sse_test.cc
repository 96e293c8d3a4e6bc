// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_sse.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using llmgw::SseEvent;
using llmgw::SseParser;

namespace {

// Feeds the pieces in turn; events come back as "name|data".
std::vector<std::string> parse(const std::vector<std::string_view>& pieces) {
    std::vector<std::string> events;
    SseParser parser(
        [&](const SseEvent& event) { events.push_back(event.name + '|' + event.data); });
    for (const auto piece : pieces) {
        REQUIRE(parser.feed(piece));
    }
    parser.finish();
    return events;
}

}  // namespace

TEST_CASE("chat_sse: fields as the specification has them") {
    CHECK(parse({"data: one\n\n"}) == std::vector<std::string>{"|one"});
    CHECK(parse({"data:one\n\n"}) == std::vector<std::string>{"|one"});
    CHECK(parse({"data:  one\n\n"}) == std::vector<std::string>{"| one"});
    CHECK(parse({"data: a\ndata: b\ndata\n\n"}) == std::vector<std::string>{"|a\nb\n"});
    CHECK(parse({"event: error\ndata: x\n\ndata: y\n\n"}) ==
          std::vector<std::string>{"error|x", "|y"});
    CHECK(parse({": comment\n\n:\n\ndata: x\nid: 7\nretry: 9\nother: z\n\n"}) ==
          std::vector<std::string>{"|x"});
    CHECK(parse({"\xEF\xBB\xBF"
                 "data: x\n\n"}) == std::vector<std::string>{"|x"});
    CHECK(parse({"event: lonely\n\n\n\n"}).empty());
    CHECK(parse({"data:\n\n"}) == std::vector<std::string>{"|"});
}

TEST_CASE("chat_sse: an event without its blank line ends with the stream") {
    CHECK(parse({"data: x\n"}) == std::vector<std::string>{"|x"});
    CHECK(parse({"data: x"}) == std::vector<std::string>{"|x"});
    CHECK(parse({""}).empty());
}

TEST_CASE("chat_sse: every line end, split at every byte and byte by byte") {
    const std::vector<std::string> expected = {"|{\"text\":\"grün\"}", "error|a\nb", "|[DONE]"};
    for (const std::string end : {"\n", "\r\n", "\r"}) {
        const std::string stream = ": hello" + end + "data: {\"text\":\"grün\"}" + end + end +
                                   "event: error" + end + "data: a" + end + "data: b" + end + end +
                                   "data: [DONE]" + end + end;
        const std::string_view whole = stream;
        CHECK(parse({whole}) == expected);
        for (std::size_t first = 0; first <= whole.size(); first++) {
            CAPTURE(first);
            CHECK(parse({whole.substr(0, first), whole.substr(first)}) == expected);
        }
        std::vector<std::string_view> bytes;
        for (std::size_t i = 0; i < whole.size(); i++) {
            bytes.push_back(whole.substr(i, 1));
        }
        CHECK(parse(bytes) == expected);
    }
}

TEST_CASE("chat_sse: an endless event is an error") {
    SseParser parser([](const SseEvent&) { FAIL("no event is complete"); });
    const std::string piece(std::size_t{1} << 20, 'x');
    REQUIRE(parser.feed("data: "));
    bool failed = false;
    for (int i = 0; i < 64 && !failed; i++) {
        failed = !parser.feed(piece);
    }
    CHECK(failed);
}
