// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/inference_call.h"

#include <doctest/doctest.h>

#include <string>

using namespace llmgw;

namespace {

const std::string kBegin = R"({"model":"m","messages":[{"role":"user","content":"x"}])";

}  // namespace

TEST_CASE("inference call: what is to decide between providers") {
    const auto strategy = [](const std::string& members) {
        const auto call = InferenceCall::parse(Endpoint::chat_completions, kBegin + members + "}");
        REQUIRE(call);
        return (*call)->strategy;
    };
    CHECK_FALSE(strategy(""));
    CHECK_FALSE(strategy(R"(,"routing":null)"));
    CHECK(strategy(R"(,"routing":"auto")") == RoutingStrategy::automatic);
    CHECK(strategy(R"(,"routing":"price")") == RoutingStrategy::price);
    CHECK(strategy(R"(,"routing":"throughput")") == RoutingStrategy::throughput);
    CHECK(strategy(R"(,"routing":"l\u0061tency")") == RoutingStrategy::latency);
    const auto embeddings = InferenceCall::parse(Endpoint::embeddings,
                                                 R"({"model":"m","input":"x","routing":"price"})");
    REQUIRE(embeddings);
    CHECK((*embeddings)->strategy == RoutingStrategy::price);
}

TEST_CASE("inference call: a wrong strategy is refused by name") {
    for (const char* value : {"\"best\"", "\"\"", "\"Price\"", "1", "true", "{}", "[\"price\"]"}) {
        CAPTURE(value);
        const auto call = InferenceCall::parse(Endpoint::chat_completions,
                                               kBegin + ",\"routing\":" + value + "}");
        REQUIRE_FALSE(call);
        CHECK(call.error().kind == Errc::invalid_request);
        CHECK(call.error().param == "routing");
    }
}
