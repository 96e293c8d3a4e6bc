// SPDX-License-Identifier: Apache-2.0
#include "common/base/money.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
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
}

TEST_CASE("money: a sum of costs is rounded once, half up") {
    CostSum sum;
    CHECK(sum.total().nano == 0);
    const Rate half{500'000};  // half a nano-dollar for one unit
    sum.add(1, half);
    CHECK(sum.total().nano == 1);
    sum.add(1, half);
    CHECK(sum.total().nano == 1);  // rounding each of them would have made it 2
    CostSum below;
    below.add(1, Rate{499'999});
    CHECK(below.total().nano == 0);
}

TEST_CASE("money: a sum does not overflow on the way") {
    CostSum sum;
    sum.add(1'000'000'000'000, Rate{5'000'000'000});  // 10^12 tokens at 5 dollars a million
    sum.add(1'000'000'000'000, Rate{15});
    CHECK(sum.total().nano == 5'000'000'000'000'000 + 15'000'000);
}

TEST_CASE("money: amounts add and compare") {
    Money total{5};
    total += Money{7};
    CHECK(total == Money{12});
    CHECK(Money{1} + Money{2} == Money{3});
    CHECK(Money{1} < Money{2});
}
