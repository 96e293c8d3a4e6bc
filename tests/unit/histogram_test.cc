// SPDX-License-Identifier: Apache-2.0
#include "common/base/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace llmgw;

TEST_CASE("histogram: small values are exact, all others within 6.25 %") {
    for (std::uint64_t value = 0; value < 1'000'000; value += 1 + value / 50) {
        Histogram histogram;
        histogram.add(value);
        const auto told = static_cast<double>(histogram.quantile(0.5).value());
        CAPTURE(value);
        if (value < 8) {
            CHECK(told == static_cast<double>(value));
        } else {
            CHECK(std::abs(told / static_cast<double>(value) - 1) <= 0.0625);
        }
    }
}

TEST_CASE("histogram: quantiles of many values are near the real ones") {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> draw(12, 1.5);
    std::vector<std::uint64_t> values(20'000);
    Histogram histogram;
    for (auto& value : values) {
        value = static_cast<std::uint64_t>(draw(random));
        histogram.add(value);
    }
    std::sort(values.begin(), values.end());
    for (const double part : {0.01, 0.5, 0.95, 0.999}) {
        const auto real = static_cast<double>(
            values[static_cast<std::size_t>(part * static_cast<double>(values.size()))]);
        const auto told = static_cast<double>(histogram.quantile(part).value());
        CAPTURE(part);
        CHECK(std::abs(told / real - 1) < 0.08);
    }
    CHECK(histogram.quantile(0).value() <= values[0] + values[0] / 8);
    CHECK(histogram.quantile(1).value() >= values.back() - values.back() / 8);
}

TEST_CASE("histogram: nothing has no quantile, and the largest values have one") {
    CHECK_FALSE(Histogram().quantile(0.5));
    CHECK(Histogram().encode().empty());
    Histogram histogram;
    histogram.add(UINT64_MAX);
    CHECK(histogram.quantile(0.5).value() >= (std::uint64_t{1} << 39U));
}

TEST_CASE("histogram: what is encoded comes back, and adds up") {
    Histogram a;
    Histogram b;
    Histogram both;
    for (std::uint64_t value = 1; value < 10'000'000; value *= 3) {
        for (std::uint64_t i = 0; i < 1 + value % 200; i++) {
            (value % 2 == 0 ? a : b).add(value);
            both.add(value);
        }
    }
    const auto read = Histogram::decode(a.encode());
    REQUIRE(read);
    CHECK(read->encode() == a.encode());
    a += b;
    CHECK(a.encode() == both.encode());
    CHECK(a.count() == both.count());
    CHECK(a.encode().size() < 100);
}

TEST_CASE("histogram: bytes that are none are refused") {
    for (const std::string& bytes : {
             std::string("\x01", 1),              // a gap without a count
             std::string("\x80", 1),              // an unfinished number
             std::string("\xff\xff\x7f\x01", 4),  // a bucket that does not exist
             std::string(12, '\xff'),             // a number that does not end
         }) {
        CHECK_FALSE(Histogram::decode(bytes));
    }
}
