// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/event_stream.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/base/crc32.h"
#include "tests/unit/event_stream_writer.h"

using namespace llmgw;

namespace {

struct Seen {
    std::vector<std::string> events;  // ":event-type payload"
    bool error = false;
    bool cut = false;
};

Seen read_all(const std::vector<std::string_view>& pieces) {
    Seen seen;
    EventStreamDecoder decoder;
    for (const std::string_view piece : pieces) {
        decoder.feed(piece);
        for (;;) {
            const auto message = decoder.next();
            if (!message) {
                CHECK(message.error().kind == Errc::upstream);
                CHECK_FALSE(decoder.next());  // for good
                seen.error = true;
                return seen;
            }
            if (!*message) {
                break;
            }
            seen.events.push_back(std::string((*message)->header(":event-type")) + " " +
                                  std::string((*message)->payload));
        }
    }
    seen.cut = decoder.in_message();
    return seen;
}

const std::string kAllTypes =
    header_bytes("t", 0, "") + header_bytes("f", 1, "") + header_bytes("b", 2, "\x01") +
    header_bytes("s", 3, "\x01\x02") + header_bytes("i", 4, "1234") +
    header_bytes("l", 5, "12345678") + header_bytes("a", 6, std::string("\0\3abc", 5)) +
    string_header(":event-type", "all") + header_bytes("d", 8, "12345678") +
    header_bytes("u", 9, "1234567890123456");

std::string two_messages() {
    return event_message("first", R"({"a":1})") + message_bytes(kAllTypes, "second");
}

}  // namespace

TEST_CASE("event stream: CRC-32 is that of zlib") {
    static_assert(crc32("123456789") == 0xCBF43926U);
    CHECK(crc32("") == 0);
    CHECK(crc32("6789", crc32("12345")) == 0xCBF43926U);
}

TEST_CASE("event stream: messages with headers of every type, split anywhere") {
    const std::string bytes = two_messages();
    const std::vector<std::string> expected = {R"(first {"a":1})", "all second"};
    for (std::size_t cut = 0; cut <= bytes.size(); cut++) {
        const std::string_view view = bytes;
        const Seen seen = read_all({view.substr(0, cut), view.substr(cut)});
        REQUIRE(seen.events == expected);
        REQUIRE_FALSE(seen.cut);
    }
    std::vector<std::string_view> single;
    for (std::size_t i = 0; i < bytes.size(); i++) {
        single.push_back(std::string_view(bytes).substr(i, 1));
    }
    CHECK(read_all(single).events == expected);
}

TEST_CASE("event stream: headers are told apart by name and type") {
    EventStreamDecoder decoder;
    decoder.feed(message_bytes(kAllTypes, ""));
    const auto message = decoder.next();
    REQUIRE(message);
    REQUIRE(*message);
    CHECK((*message)->headers.size() == 10);
    CHECK((*message)->header(":event-type") == "all");
    CHECK((*message)->header("a").empty());  // a byte array
    CHECK((*message)->header("none").empty());
    CHECK((*message)->headers[6].value == "abc");
    CHECK((*message)->headers[9].value.size() == 16);
    CHECK((*message)->payload.empty());
}

TEST_CASE("event stream: a cut one is incomplete at every byte") {
    const std::string bytes = event_message("x", "payload");
    CHECK_FALSE(read_all({}).cut);
    for (std::size_t size = 1; size < bytes.size(); size++) {
        const Seen seen = read_all({std::string_view(bytes).substr(0, size)});
        REQUIRE(seen.events.empty());
        REQUIRE_FALSE(seen.error);
        REQUIRE(seen.cut);
    }
}

TEST_CASE("event stream: no flipped bit goes unnoticed") {
    const std::string good = event_message("type", R"({"text":"hello"})") + event_message("b", "2");
    const std::size_t first_size = event_message("type", R"({"text":"hello"})").size();
    for (std::size_t at = 0; at < first_size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
            const Seen seen = read_all({bad});
            REQUIRE(seen.error);
            REQUIRE(seen.events.empty());
        }
    }
}

TEST_CASE("event stream: no other byte in its place goes unnoticed") {
    const std::string good = event_message("t", "p");
    for (std::size_t at = 0; at < good.size(); at++) {
        for (int value = 0; value < 256; value++) {
            std::string bad = good;
            bad[at] = static_cast<char>(value);
            if (bad != good) {
                const Seen seen = read_all({bad});
                REQUIRE(seen.events.empty());
                REQUIRE((seen.error || seen.cut));
            }
        }
    }
}

TEST_CASE("event stream: absurd lengths are refused before their bytes are waited for") {
    const auto prelude = [](std::uint32_t total, std::uint32_t headers) {
        const std::string lengths = big_endian(total, 4) + big_endian(headers, 4);
        return lengths + big_endian(crc32(lengths), 4);
    };
    CHECK(read_all({prelude(16 * 1024 * 1024 + 1, 0)}).error);
    CHECK(read_all({prelude(0xFFFFFFFF, 0)}).error);
    CHECK(read_all({prelude(0xFFFFFFFF, 0xFFFFFFFF)}).error);
    CHECK(read_all({prelude(100, 85)}).error);
    CHECK(read_all({prelude(100, 0xFFFFFFF0)}).error);
    CHECK(read_all({prelude(15, 0)}).error);
    CHECK(read_all({prelude(0, 0)}).error);
    CHECK_FALSE(read_all({prelude(100, 84)}).error);
    CHECK_FALSE(read_all({prelude(16 * 1024 * 1024, 0)}).error);
}

TEST_CASE("event stream: headers that are not well-formed are refused though their sum is right") {
    const auto bad = [](const std::string& headers) {
        return read_all({message_bytes(headers, "p")}).error;
    };
    CHECK(bad(std::string("\0", 1)));         // no name
    CHECK(bad(std::string("\0\7\0\1x", 5)));  // an empty one
    CHECK(
        bad("\x05"
            "ab"));  // a name beyond the headers
    CHECK(
        bad("\x01"
            "a"));  // no type
    CHECK(
        bad("\x01"
            "a\x0A"));  // a type that does not exist
    CHECK(
        bad("\x01"
            "a\xFF"));
    CHECK(
        bad(std::string("\x01"
                        "a\x07\0",
                        4)));  // half a length
    CHECK(
        bad(std::string("\x01"
                        "a\x07\0\5ab",
                        7)));  // a value beyond the headers
    CHECK(
        bad("\x01"
            "a\x05"
            "1234"));
    CHECK_FALSE(bad(""));
}
