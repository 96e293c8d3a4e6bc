// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/usage.h"

#include <doctest/doctest.h>

#include "daemon/gateway/additions.h"

using namespace llmgw;

TEST_CASE("buckets are disjoint and add up") {
    const auto usage = read_usage(
        "{\"prompt_tokens\":100,\"completion_tokens\":50,\"total_tokens\":150,"
        "\"prompt_tokens_details\":{\"cached_tokens\":60,\"audio_tokens\":10},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":20,\"audio_tokens\":5}}");
    REQUIRE(usage);
    CHECK(usage->input == 30);
    CHECK(usage->cached_input == 60);
    CHECK(usage->audio_input == 10);
    CHECK(usage->output == 25);
    CHECK(usage->reasoning == 20);
    CHECK(usage->audio_output == 5);
    CHECK(usage->prompt() == 100);
}

TEST_CASE("details that contradict the totals never make a bucket negative") {
    const auto usage = read_usage(
        "{\"prompt_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":9,\"audio_tokens\":9}}");
    REQUIRE(usage);
    CHECK(usage->prompt() == 5);
    CHECK(usage->input == 0);
    CHECK_FALSE(read_usage("null"));
    CHECK_FALSE(read_usage("[]"));
}

TEST_CASE("cost is exact") {
    const auto at = catalog::find_at_provider("openai", "gpt-4o-mini");
    REQUIRE(at.mapping != nullptr);
    Usage usage;
    usage.input = 1000;         // 0.15 USD a million
    usage.cached_input = 1000;  // 0.075
    usage.output = 1000;        // 0.6
    const auto cost = cost_of(usage, at.mapping);
    REQUIRE(cost);
    CHECK(to_decimal(cost->total) == "0.000825");
    CHECK(to_decimal(cost->cached_input) == "0.000075");
    CHECK(cost_members(cost) ==
          "\"cost\":0.000825,\"cost_details\":{\"total_cost\":0.000825,\"input_cost\":0.00015,"
          "\"cached_input_cost\":0.000075,\"output_cost\":0.0006}");
}

TEST_CASE("an unknown price makes the cost unknown, not zero") {
    Usage usage;
    usage.input = 1;
    CHECK_FALSE(cost_of(usage, nullptr));
    Mapping mapping{};
    CHECK_FALSE(cost_of(usage, &mapping));
    mapping.prices.output = Rate{1};
    CHECK_FALSE(cost_of(usage, &mapping));
    CHECK(cost_members(std::nullopt) == "\"cost\":null");
}

namespace {
std::string joined(std::string_view object, const Additions& additions) {
    const auto fields = scan_object(object);
    REQUIRE(fields);
    const Spliced spliced = add_to_object(object, *fields, additions);
    std::string text;
    for (const std::string_view piece : spliced.pieces) {
        text += piece;
    }
    return text;
}
}  // namespace

TEST_CASE("additions are spliced in and nothing else changes") {
    Additions additions;
    additions.metadata = "\"request_id\":\"r\"";
    CHECK(joined("{\"a\":1.0, \"usage\":{\"prompt_tokens\":1} }\n", additions) ==
          "{\"a\":1.0, \"usage\":{\"prompt_tokens\":1,\"cost\":null} "
          ",\"metadata\":{\"request_id\":\"r\"}}\n");
    CHECK(joined("{}", additions) == "{\"metadata\":{\"request_id\":\"r\"}}");
    CHECK(joined("{\"metadata\":{\"k\":\"v\"},\"usage\":{}}", additions) ==
          "{\"metadata\":{\"k\":\"v\",\"request_id\":\"r\"},\"usage\":{\"cost\":null}}");
    CHECK(joined("{\"usage\":{\"cost\":0.5}}", additions) ==
          "{\"usage\":{\"cost\":0.5},\"metadata\":{\"request_id\":\"r\"}}");
    additions.plain = true;
    CHECK(joined("{\"usage\":{\"prompt_tokens\":1}}", additions) ==
          "{\"usage\":{\"prompt_tokens\":1}}");
}
