// SPDX-License-Identifier: Apache-2.0
// What is said about routes that can be used: to people who keep them, and for looking at them.
#include "common/routes/route_warnings.h"

#include <doctest/doctest.h>

#include "cli/route_outline.h"

using namespace llmgw;

namespace {

RouteNode parsed(const char* json) {
    auto node = parse_route(json);
    REQUIRE_MESSAGE(node, node.error().message);
    return std::move(*node);
}

std::vector<std::string> warnings(const char* json) {
    std::vector<ProviderKey> keys(2);
    keys[0].label = "prod-eu";
    keys[0].provider = "openai";
    keys[1].label = "lab";
    keys[1].provider = "custom";
    const std::vector<ModelAlias> aliases = {{"fast", "gpt-4o-mini"}};
    return route_warnings(parsed(json), keys, aliases);
}

}  // namespace

TEST_CASE("route warnings: what is there is not warned about") {
    CHECK(warnings(R"({"strategy":"conditional","conditions":[{"when":{"metadata.a":1,
        "url.pathname":"/v1","$or":[{"body.a.b":1},{"params.x":1},{"headers.x-a":"b"}]},
        "then":"a"}],"otherwise":"a","targets":[{"name":"a","strategy":"loadbalance","targets":[
        {"provider":"@prod-eu","model":"anything","weight":2},{"provider":"openai"},
        {"provider":"@lab"},{"provider":"mock","model":"echo"},{"model":"fast"},{"model":"auto"},
        {"model":"gpt-4o-mini"},{"model":"openai/gpt-9"},{"refuse":"no"},{}]}]})")
              .empty());
}

TEST_CASE("route warnings: what is not, is, with its place") {
    using Warnings = std::vector<std::string>;
    CHECK(warnings(R"({"provider":"@prod-us"})") ==
          Warnings{"/provider: there is no provider key \"prod-us\"; did you mean @prod-eu?"});
    CHECK(warnings(R"({"provider":"opnai"})") ==
          Warnings{"/provider: there is no provider \"opnai\"; did you mean openai?"});
    CHECK(warnings(R"({"provider":"lab"})") ==
          Warnings{"/provider: there is no provider \"lab\"; the key of that label is @lab"});
    CHECK(warnings(R"({"provider":"groq"})") ==
          Warnings{"/provider: there is no key for groq; llmgw providers add groq"});
    CHECK(warnings(R"({"model":"gpt-4o-mimi"})") ==
          Warnings{"/model: there is no model \"gpt-4o-mimi\"; did you mean gpt-4o-mini?"});
    CHECK(warnings(R"({"strategy":"single","targets":[{},{}]})") ==
          Warnings{"/targets: the strategy single asks the first of them only"});
    CHECK(
        warnings(R"({"strategy":"fallback","targets":[{},{"weight":0}]})") ==
        Warnings{"/targets/1/weight: a weight has a meaning below the strategy loadbalance only"});
    CHECK(warnings(R"({"strategy":"conditional","conditions":[],"otherwise":"a",
        "targets":[{"name":"a"},{"name":"a"}]})") ==
          Warnings{"/targets/1: an earlier target has the same name and is the one that is meant"});
    CHECK(warnings(R"({"strategy":"conditional","conditions":[],"targets":[{}]})") ==
          Warnings{"without \"otherwise\" a request that no condition matches gets a 400"});
    const Warnings deep = warnings(R"({"strategy":"fallback","targets":[{"strategy":"conditional",
        "conditions":[{"when":{"$and":[{},{"metdata.a":1,"params.a.b":2}]},"then":"a"}],
        "otherwise":"a","targets":[{"name":"a"}]}]})");
    REQUIRE(deep.size() == 2);
    CHECK(deep[0].starts_with("/targets/0/conditions/0/when/$and/1/metdata.a: there is no such"));
    CHECK(deep[1].starts_with("/targets/0/conditions/0/when/$and/1/params.a.b: only the first"));
}

TEST_CASE("route tree: a line for each node, and what it does") {
    const RouteNode root = parsed(R"({"name":"prod","strategy":"conditional",
        "conditions":[{"when":{"metadata.plan":"pro"},"then":"split"}],
        "retry":{"attempts":1,"on_status":[429,503]},"cache":{"ttl":"1h"},
        "targets":[
          {"name":"split","strategy":"loadbalance","sticky":{"by":["metadata.user"],"ttl":"2h"},
           "targets":[{"provider":"@prod-eu","model":"gpt-4.1","weight":3,"set":{"seed":1,"n":2},
                       "drop":["user"],"headers":{"x-a":"secret"},"forward_headers":["x-b"]},
                      {"provider":"openai","timeout":0,"cache":false,"retry":{"attempts":0}}]},
          {"name":"chain","strategy":"fallback","on_status":[429],"default":{"top_p":1},
           "targets":[{"model":"gpt-4.1","timeout":"30s","cache":true},
                      {"strategy":"single","targets":[{"refuse":"no\u001b[31m more"}]},
                      {"strategy":"fallback","on_status":[],"targets":[{}]},
                      {"strategy":"fallback","targets":[{}]},
                      {"strategy":"loadbalance","sticky":{},"targets":[{}]}]}]})");
    CHECK(route_outline(root) ==
          "prod: conditional: the first condition that matches, 1 retry on 429 503, cache for 1h\n"
          "├─ if {\"metadata.plan\":\"pro\"} → split\n"
          "├─ otherwise → refused with a 400\n"
          "├─ split: loadbalance: one by weight, sticky by metadata.user for 2h\n"
          "│  ├─ 75% gpt-4.1 at @prod-eu, set seed n, drop user, header x-a, forward x-b\n"
          "│  └─ 25% the request's model at openai, no retry, no timeout, no cache\n"
          "└─ chain: fallback: the next one on 429, default top_p\n"
          "   ├─ gpt-4.1, timeout 30s, cache\n"
          "   ├─ single: the first target\n"
          "   │  └─ refused: no\xef\xbf\xbd[31m more\n"
          "   ├─ fallback: the first target, whatever it answers\n"
          "   │  └─ the request's model\n"
          "   ├─ fallback: one after the other until one succeeds\n"
          "   │  └─ the request's model\n"
          "   └─ loadbalance: one by weight, sticky by session for 1h\n"
          "      └─ 100% the request's model\n");
    CHECK(count_leaves(root) == 7);
    CHECK(route_summary(root) == "conditional");
    CHECK(route_summary(parsed(R"({"provider":"openai","model":"a:b"})")) == "a:b at openai");
}
