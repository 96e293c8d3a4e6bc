// SPDX-License-Identifier: Apache-2.0
#include "common/base/money.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>

using namespace llmgw;

TEST_CASE("money: decimals are read exactly") {
    const auto nano = [](std::string_view text) { return parse_money(text).value().nano; };
    CHECK(nano("0") == 0);
    CHECK(nano("0.15") == 150'000'000);
    CHECK(nano("12") == 12'000'000'000);
    CHECK(nano(".5") == 500'000'000);
    CHECK(nano("7.") == 7'000'000'000);
    CHECK(nano("0.000000001") == 1);
    CHECK(nano("100.123456789") == 100'123'456'789);
    CHECK(nano("9223372036.854775807") == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("money: what is no plain decimal is refused") {
    for (const char* text :
         {"", ".", "-1", "+1", "1e3", " 1", "1 ", "1.2.3", "0.0000000001", "1,5", "$5", "NaN",
          "9223372036.854775808", "9223372037", "99999999999999999999999"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_money(text));
        CHECK(parse_money(text).error().kind == Errc::usage);
    }
}

TEST_CASE("money: the shortest exact decimal is printed") {
    CHECK(to_decimal(Money{0}) == "0");
    CHECK(to_decimal(Money{1}) == "0.000000001");
    CHECK(to_decimal(Money{4'100'000}) == "0.0041");
    CHECK(to_decimal(Money{12'000'000'000}) == "12");
    CHECK(to_decimal(Money{-1'500'000'000}) == "-1.5");
    CHECK(to_decimal(Money{std::numeric_limits<std::int64_t>::min()}) == "-9223372036.854775808");
    CHECK(to_decimal(Money{std::numeric_limits<std::int64_t>::max()}) == "9223372036.854775807");
}

TEST_CASE("money: printing and reading are inverse") {
    for (std::int64_t nano = 1; nano < 9'000'000'000'000'000; nano = nano * 7 + 3) {
        CHECK(parse_money(to_decimal(Money{nano})).value().nano == nano);
    }
    std::mt19937_64 random(1);
    for (int i = 0; i < 10'000; i++) {
        // Of every length, and with zeros at the end.
        std::int64_t nano = static_cast<std::int64_t>(random() >> 1U >> random() % 63);
        nano -= random() % 2 == 0 ? nano % 1'000'000 : 0;
        CHECK(parse_money(to_decimal(Money{nano})).value().nano == nano);
    }
}

TEST_CASE("money: a sum of costs is rounded once, half up") {
    CostSum sum;
    CHECK(sum.total() == Money{0});
    const Rate half{500'000};  // half a nano-dollar for one unit
    sum.add(1, half);
    CHECK(sum.total() == Money{1});
    sum.add(1, half);
    CHECK(sum.total() == Money{1});  // rounding each of them would have made it 2
    CostSum below;
    below.add(1, Rate{499'999});
    CHECK(below.total() == Money{0});
}

TEST_CASE("money: factors are exact") {
    CostSum flex;
    flex.add(1, Rate{1'000'000}, 500);
    CHECK(flex.total() == Money{1});  // half of one, half up
    flex.add(1, Rate{1'000'000}, 499);
    CHECK(flex.total() == Money{1});
    CostSum priority;
    priority.add(1'000'000, Rate{2'000'000'001}, 2'500);
    CHECK(priority.total() == Money{5'000'000'003});  // …002.5
}

TEST_CASE("money: a sum that is larger than any amount is unknown and never turns around") {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    CostSum sum;
    sum.add(1'000'000'000'000, Rate{5'000'000'000});  // 10^12 tokens at 5 dollars a million
    sum.add(1'000'000'000'000, Rate{15});
    CHECK(sum.total() == Money{5'000'000'000'000'000 + 15'000'000});
    CostSum largest;
    largest.add(1'000'000, Rate{std::numeric_limits<std::int64_t>::max()});
    CHECK(largest.total() == Money{std::numeric_limits<std::int64_t>::max()});
    largest.add(1, Rate{500'000});
    CHECK_FALSE(largest.total());
    CostSum single;
    single.add(std::uint64_t{1} << 53U, Rate{999'999'000'000'000});
    CHECK_FALSE(single.total());
    // Every number of the largest units, so that a sum that wraps would pass by small totals.
    CostSum wrapping;
    for (int i = 0; i < 1000; i++) {
        wrapping.add(kMost, Rate{std::numeric_limits<std::int64_t>::max()}, 1'000'000);
        CHECK_FALSE(wrapping.total());
    }
    CostSum many;
    for (int i = 0; i < 100'000; i++) {
        many.add(kMost, Rate{67'000'000}, 1'000'000);
    }
    CHECK_FALSE(many.total());
}

TEST_CASE("money: totals agree with the parts on both sides of the fast path") {
    // The fast path ends at 2^64 billionths of a nano-dollar, or 18.4 dollars.
    for (std::int64_t nano = 18'446'744'000; nano < 18'446'745'000; nano++) {
        CostSum sum;
        sum.add(1'000'000, Rate{nano});
        CHECK(sum.total() == Money{nano});
    }
}

TEST_CASE("money: amounts add and compare") {
    Money total{5};
    total += Money{7};
    CHECK(total == Money{12});
    CHECK(Money{1} + Money{2} == Money{3});
    CHECK(Money{1} < Money{2});
    constexpr Money kMost{std::numeric_limits<std::int64_t>::max()};
    CHECK(kMost + Money{1} == kMost);
    CHECK(Money{-2} + Money{std::numeric_limits<std::int64_t>::min()} ==
          Money{std::numeric_limits<std::int64_t>::min()});
}

TEST_CASE("money: a decimal is appended to what is there") {
    std::string text = "$";
    append_decimal(text, Money{10'200'000'000});
    CHECK(text == "$10.2");
}
