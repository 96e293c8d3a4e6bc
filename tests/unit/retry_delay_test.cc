// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/retry_delay.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace llmgw;
using Headers = std::vector<HeaderView>;

// 2026-11-24T23:31:02Z, a Tuesday.
constexpr std::int64_t kNow = 1'795'563'062'000;
constexpr std::int64_t kDay = 24LL * 3600 * 1000;

std::optional<std::int64_t> delay(const Headers& headers, std::string_view body = {},
                                  bool rate_limited = true) {
    ResponseHead head;
    head.headers = headers;
    return retry_delay_ms(head, body, rate_limited, kNow);
}

std::optional<std::int64_t> after(std::string_view value) {
    return delay({{"retry-after", value}}, {}, false);
}

std::optional<std::int64_t> words(const std::string& message) {
    return delay({}, R"({"error":{"message":")" + message + R"("}})");
}

}  // namespace

TEST_CASE("retry delay: Retry-After in seconds and as a date") {
    CHECK(after("180") == 180'000);
    CHECK(after(" 0 ") == 0);
    CHECK(after("1.5") == 1500);
    CHECK(after("Tue, 24 Nov 2026 23:31:12 GMT") == 10'000);
    CHECK(after("Tuesday, 24-Nov-26 23:31:12 GMT") == 10'000);
    CHECK(after("Tue Nov 24 23:31:12 2026") == 10'000);
    CHECK(after("Sun Nov  1 08:49:37 2026") == 0);  // in the past
    CHECK(after("Wed, 24 Nov 2027 23:31:12 GMT") == kDay);
    CHECK(after("2026-11-24T23:31:12Z") == 10'000);
    CHECK(after("1795563072") == 10'000);  // some send a Unix time
}

TEST_CASE("retry delay: what is no delay") {
    for (const char* value :
         {"", "soon", "-5", "Tue, 31 Feb 2026 10:00:00 GMT", "Tue, 24 Nov 2026 25:00:00 GMT",
          "24 Nov 2026", "Nov 23:31:12", "2026-11-24", "2026-11-24T23:31:12+02:00",
          "2026-11-24T::Z", "1e5", "inf", "nan", "0x10", "10 parsecs", "5s5", "s", "12:30"}) {
        CAPTURE(value);
        CHECK_FALSE(after(value));
    }
    CHECK_FALSE(after(std::string(400, '9')));
    CHECK_FALSE(delay({}));
    CHECK_FALSE(delay({}, "<html>"));
    CHECK_FALSE(delay({}, R"({"error":"try again in 5s"})"));
}

TEST_CASE("retry delay: the exact header counts first, and nothing is believed for over a day") {
    CHECK(delay({{"Retry-After", "2"}, {"Retry-After-Ms", "1250"}}) == 1250);
    CHECK(delay({{"retry-after-ms", "x"}, {"retry-after", "2"}}) == 2000);
    CHECK(delay({{"retry-after", "31536000"}}) == kDay);
    CHECK(delay({{"retry-after-ms", "99999999999999999999"}}) == kDay);
}

TEST_CASE("retry delay: Google's RetryInfo") {
    const auto told = [](const std::string& value) {
        return delay({},
                     R"({"error":{"code":429,"message":"Quota.","status":"RESOURCE_EXHAUSTED",)"
                     R"("details":[{"@type":"type.googleapis.com/google.rpc.Help"},7,{"@type":)"
                     R"("type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" +
                         value + R"("}]}})",
                     false);
    };
    CHECK(told("31s") == 31'000);
    CHECK(told("0.5s") == 500);
    CHECK(told("34.074824224s") == 34'075);
    for (const char* value : {"34", "-1s", "xs", "s", "1e300s", ""}) {
        CAPTURE(value);
        CHECK_FALSE(told(value));
    }
    CHECK(delay({},
                R"([{"error":{"details":[{"@type":"google.rpc.RetryInfo","retryDelay":"7s"}]}}])",
                false) == 7000);
}

TEST_CASE("retry delay: rate limits that are used up") {
    CHECK(delay({{"x-ratelimit-remaining-requests", "0"},
                 {"x-ratelimit-reset-requests", "6m0s"}}) == 360'000);
    CHECK(delay({{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "120ms"}}) ==
          120);
    CHECK(delay({{"X-RateLimit-Remaining-Tokens", "0"},
                 {"X-RateLimit-Reset-Tokens", "2m59.56s"}}) == 179'560);
    CHECK(delay({{"x-ratelimit-remaining-requests", "0"},
                 {"x-ratelimit-reset-requests", "1d2h"}}) == kDay);
    SUBCASE("the longest of those that are, and none of the others") {
        CHECK(delay({{"x-ratelimit-remaining-requests", "0"},
                     {"x-ratelimit-reset-requests", "1s"},
                     {"x-ratelimit-remaining-tokens", "0"},
                     {"x-ratelimit-reset-tokens", "3s"},
                     {"x-ratelimit-remaining-images", "5"},
                     {"x-ratelimit-reset-images", "1h"}}) == 3000);
        CHECK_FALSE(
            delay({{"x-ratelimit-remaining-tokens", "9"}, {"x-ratelimit-reset-tokens", "3s"}}));
        CHECK_FALSE(delay({{"x-ratelimit-reset-tokens", "3s"}}));
    }
    SUBCASE("Anthropic's are times, Cerebras' seconds, OpenRouter's Unix milliseconds") {
        CHECK(delay({{"anthropic-ratelimit-tokens-remaining", "0"},
                     {"anthropic-ratelimit-tokens-reset", "2026-11-24T23:31:22.5Z"}}) == 20'500);
        CHECK(delay({{"x-ratelimit-remaining-tokens-minute", "0"},
                     {"x-ratelimit-reset-tokens-minute", "11.382867"}}) == 11'383);
        CHECK(delay({}, R"({"error":{"code":429,"message":"Rate limit exceeded","metadata":)"
                        R"({"headers":{"X-RateLimit-Limit":"20","X-RateLimit-Remaining":"0",)"
                        R"("X-RateLimit-Reset":"1795563067000"}}}})") == 5000);
    }
    SUBCASE("they say nothing about an answer that is no 429") {
        CHECK_FALSE(
            delay({{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "6m0s"}},
                  {}, false));
    }
    SUBCASE("Retry-After counts before them") {
        CHECK(delay({{"x-ratelimit-remaining-requests", "0"},
                     {"x-ratelimit-reset-requests", "6m0s"},
                     {"retry-after", "3"}}) == 3000);
    }
}

TEST_CASE("retry delay: in words") {
    CHECK(words("Rate limit reached for gpt-5. Please try again in 6m0s. Visit example.com.") ==
          360'000);
    CHECK(words("Limit 30000, Used 29000. Please try again in 7.66s. Need more?") == 7660);
    CHECK(words("Please try again in 20ms") == 20);
    CHECK(words("exceeded rate limit. Please retry after 6 seconds.") == 6000);
    CHECK(words("Please try again in 2 minutes, or upgrade") == 120'000);
    CHECK_FALSE(words("Please try again in a moment."));
    CHECK_FALSE(words("Please try again in "));
    CHECK_FALSE(delay({}, R"({"error":{"message":"Please try again in 20ms"}})", false));
}
