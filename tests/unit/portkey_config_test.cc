// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "common/base/text.h"
#include "common/portkey/config.h"
#include "tests/unit/portkey_conversion.h"

using namespace llmgw;
using namespace llmgw::portkey_conversion;

namespace {

// A leaf that is good for anything.
const std::string kLeaf = R"({"provider":"@openai-prod"})";

PortkeyReading known(std::map<std::string, std::string> providers) {
    PortkeyReading reading;
    reading.providers = std::move(providers);
    return reading;
}

}  // namespace

TEST_CASE("portkey config: one target, by slug, in every spelling") {
    for (
        const std::string text : {
            R"({"virtual_key":"openai-prod","override_params":{"model":"gpt-4o","temperature":0}})",
            R"({"virtualKey":"openai-prod","overrideParams":{"model":"gpt-4o","temperature":0}})",
            R"({"provider":"@openai-prod","override_params":{"model":"gpt-4o","temperature":0}})",
            R"({"provider":"@openai-prod/gpt-4o","override_params":{"temperature":0}})",
            R"({"override_params":{"model":"@openai-prod/gpt-4o","temperature":0}})",
            R"({"provider":"openai","virtual_key":"openai-prod",
                 "override_params":{"model":"gpt-4o","temperature":0}})",
            R"({"provider":"@openai-prod",
                 "override_params":{"model":"@openai-prod/gpt-4o","temperature":0}})",
        }) {
        CAPTURE(text);
        const PortkeyConfig config = converted(text, known({{"openai-prod", "openai"}}));
        CHECK(config.findings.empty());
        CHECK(print_route(config.route) ==
              R"({"provider":"@openai-prod","model":"gpt-4o","set":{"temperature":0}})");
        REQUIRE(config.keys.size() == 1);
        CHECK(config.keys[0].label == "openai-prod");
        CHECK(config.keys[0].slug == "openai-prod");
        CHECK(config.keys[0].provider == "openai");
        CHECK_FALSE(config.keys[0].guessed);
    }
}

TEST_CASE("portkey config: a model is split at the first slash") {
    CHECK(route_of(R"({"override_params":{"model":"@rag/openai/gpt-oss-120b:free"}})") ==
          R"({"provider":"@rag","model":"openai/gpt-oss-120b:free"})");
}

TEST_CASE("portkey config: carriers") {
    const std::string inside = R"({"virtual_key":"openai-prod"})";
    const std::string route = R"({"provider":"@openai-prod"})";
    CHECK(route_of("'" + inside + "'") == route);
    CHECK(route_of(R"("{\"virtual_key\":\"openai-prod\"}")") == route);
    CHECK(route_of(to_base64(inside)) == route);
    CHECK(route_of("'" + to_base64(inside) + "'") == route);
    CHECK(route_of("<<EOT\n" + inside + "\nEOT") == route);
    for (const std::string text : {"[]", "5", "'pc-abc-123456'", "process.env.CONFIG", "'{'"}) {
        const auto document = read_loose(text);
        REQUIRE(document);
        const auto config = convert_portkey_config(*document, {});
        REQUIRE_FALSE(config);
        CHECK(config.error().kind == Errc::invalid_file);
    }
}

TEST_CASE("portkey config: the tree stays as it is") {
    CHECK(route_of(R"({
        "strategy": {"mode": "loadbalance"},
        "request_timeout": 2000,
        "override_params": {"temperature": 1, "response_format": null},
        "targets": [
            {"strategy": {"mode": "fallback", "on_status_codes": [429, 500]},
             "weight": 0.3, "name": "group", "request_timeout": 0, "forward_headers": [],
             "targets": [{"provider": "@openai-a"}, {"provider": "@openai-b", "weight": 7}]},
            {"provider": "@openai-c", "weight": 0, "override_params": {"temperature": 2}}
        ]})") ==
          R"({"strategy":"loadbalance","set":{"temperature":1,"response_format":null},)"
          R"("timeout":"2s","targets":[{"name":"group","weight":0.3,"strategy":"fallback",)"
          R"("on_status":[429,500],"forward_headers":[],"targets":[{"provider":"@openai-a"},)"
          R"({"weight":7,"provider":"@openai-b"}]},{"weight":0,"provider":"@openai-c",)"
          R"("set":{"temperature":2}}]})");
}

TEST_CASE("portkey config: when a fallback goes on") {
    const auto with = [](const std::string& codes) {
        return converted(R"({"strategy":{"mode":"fallback")" + codes + R"(},"targets":[)" + kLeaf +
                         "," + kLeaf + "]}");
    };
    CHECK_FALSE(with("").route.on_status.has_value());  // with every answer but a good one
    CHECK(with(R"(,"on_status_codes":[])").route.on_status == std::vector<int>{});
    CHECK(with(R"(,"onStatusCodes":[200, "429"])").route.on_status == std::vector<int>{200, 429});
}

TEST_CASE("portkey config: settings of a node") {
    const RouteNode node = converted(R"({"provider":"@openai-prod",
        "retry": {"attempts": 3, "on_status_codes": [429], "use_retry_after_headers": true},
        "cache": {"mode": "simple", "max_age": 3600},
        "request_timeout": 1500,
        "default_params": {"max_tokens": 5, "stop": ["a"]},
        "drop_params": ["metadata", "tools[*].strict"],
        "forward_headers": ["X-Trace", "baggage"],
        "openai_organization": "org-1", "openai_project": "p"})")
                               .route;
    REQUIRE(node.retry);
    CHECK(node.retry->attempts == 3);
    CHECK(node.retry->statuses == std::vector<int>{429});
    CHECK(node.retry->use_retry_after);
    REQUIRE(node.cache);
    CHECK(node.cache->enabled);
    CHECK(node.cache->ttl_ms == 3'600'000);
    CHECK(node.timeout_ms == 1500);
    CHECK(node.defaults == RouteParameters{{"max_tokens", "5"}, {"stop", R"(["a"])"}});
    CHECK(node.drop == std::vector<std::string>{"metadata", "tools[*].strict"});
    CHECK(node.forward_headers == std::vector<std::string>{"X-Trace", "baggage"});
    CHECK(node.headers ==
          RouteParameters{{"OpenAI-Organization", "org-1"}, {"OpenAI-Project", "p"}});
}

TEST_CASE("portkey config: what is not said is Portkey's default") {
    const std::string text = R"({"provider":"@openai-prod","retry":{"attempts":1},)"
                             R"("cache":{"mode":"simple"}})";
    const RouteNode hosted = converted(text).route;
    CHECK(hosted.retry->statuses == std::vector<int>{429, 500, 502, 503, 504, 529});
    CHECK_FALSE(hosted.retry->use_retry_after);
    CHECK(hosted.cache->ttl_ms == 7LL * 24 * 3600 * 1000);
    PortkeyReading reading;
    reading.oss = true;
    const RouteNode oss = converted(text, reading).route;
    CHECK(oss.retry->statuses == std::vector<int>{429, 500, 502, 503, 504});
    CHECK(oss.cache->ttl_ms == 24LL * 3600 * 1000);
    CHECK(converted(R"({"provider":"@openai-prod","cache":{"mode":"simple","max_age":90000}})",
                    reading)
              .route.cache->ttl_ms == 90'000);
    CHECK_FALSE(converted(R"({"provider":"@openai-prod"})").route.retry.has_value());
}

TEST_CASE("portkey config: conditions") {
    const PortkeyConfig config = converted(R"({
        "strategy": {"mode": "conditional", "conditions": [
            {"query": {"metadata.plan": {"$eq": "paid"}, "params.model": "x"}, "then": "a"},
            {"query": {"$or": [{"params.n": {"$gte": 2}}, {}]}, "then": "b"}],
            "default": "b"},
        "targets": [{"name": "a", "provider": "@openai-a"}, {"name": "b", "provider": "@openai-b"}]
    })");
    CHECK(config.usable);
    REQUIRE(config.route.conditions.size() == 2);
    CHECK(config.route.conditions[0].query ==
          R"({"metadata.plan":{"$eq":"paid"},"params.model":"x"})");
    CHECK(config.route.conditions[0].then == "a");
    CHECK(config.route.conditions[1].query == R"({"$or":[{"params.n":{"$gte":2}},{}]})");
    CHECK(config.route.otherwise == "b");
    const auto again = parse_route(print_route(config.route));
    REQUIRE(again);
    CHECK(print_route(*again) == print_route(config.route));
}

TEST_CASE("portkey config: a name that is no target answers like Portkey") {
    const PortkeyConfig config = converted(R"({"strategy": {"mode": "conditional",
        "conditions": [{"query": {"params.n": 1}, "then": "zz"}], "default": "a"},
        "targets": [{"name": "a", "provider": "@openai-a"}]})");
    CHECK(config.usable);
    REQUIRE(config.route.targets.size() == 2);
    CHECK(config.route.targets[1].name == "zz");
    CHECK(config.route.targets[1].refuse == "Invalid target name found in the query router: zz");
    const Finding* const finding = find_code(config, "C-THEN");
    REQUIRE(finding != nullptr);
    CHECK(finding->severity == Severity::error);
    CHECK(finding->pointer == "/strategy/conditions/0/then");
    CHECK(finding->line == 2);
}

TEST_CASE("portkey config: sticky") {
    const PortkeyConfig config = converted(R"({"strategy": {"mode": "loadbalance", "sticky":
        {"enabled": true, "hash_fields": ["metadata.user_id", "model"], "ttl": 60}},
        "targets": [{"provider": "@openai-a"}, {"provider": "@openai-b"}]})");
    REQUIRE(config.route.sticky);
    CHECK(config.route.sticky->fields == std::vector<std::string>{"metadata.user_id"});
    CHECK(config.route.sticky->ttl_ms == 60'000);
    CHECK(find_code(config, "S-STICKY")->severity == Severity::info);
    CHECK(find_code(config, "I-TYPE")->pointer == "/strategy/sticky/hash_fields/1");
    CHECK_FALSE(converted(R"({"strategy": {"mode": "loadbalance", "sticky": {"enabled": false}},
        "targets": [{"provider": "@openai-a"}]})")
                    .route.sticky.has_value());
}

TEST_CASE("portkey config: version 1") {
    const PortkeyConfig config = converted(R"({"mode": "fallback", "options": [
        {"provider": "openai", "virtual_key": "open-4110dd", "weight": 0.5},
        {"provider": "anthropic", "apiKey": "sk-ant-abcdefgh", "override_params": {"model": "m"}}]})");
    CHECK(config.usable);
    CHECK(print_route(config.route) ==
          R"({"strategy":"fallback","targets":[{"weight":0.5,"provider":"@open-4110dd"},)"
          R"({"provider":"@anthropic","model":"m"}]})");
    CHECK(find_code(config, "I-CONF1")->pointer == "/options");
    CHECK(config.keys[0].provider == "openai");
    CHECK_FALSE(config.keys[0].guessed);
    CHECK(config.keys[1].secret == "sk-ant-abcdefgh");
}

TEST_CASE("portkey config: a strategy as a word, or spelled otherwise") {
    CHECK(converted(R"({"strategy":"fallback","targets":[)" + kLeaf + "]}").route.mode ==
          RouteMode::fallback);
    CHECK(
        converted(R"({"strategy":{"mode":"load-balance"},"targets":[)" + kLeaf + "]}").route.mode ==
        RouteMode::loadbalance);
    CHECK(converted(R"({"mode":"fallback","targets":[)" + kLeaf + "]}").route.mode ==
          RouteMode::fallback);
}

TEST_CASE("portkey config: inline keys are one for each secret") {
    const PortkeyConfig config = converted(R"({"strategy": {"mode": "fallback"}, "targets": [
        {"provider": "openai", "api_key": "sk-one-11111111"},
        {"provider": "openai", "api_key": "sk-two-22222222"},
        {"provider": "openai", "api_key": "sk-one-11111111", "override_params": {"model": "m"}},
        {"virtual_key": "openai-3"},
        {"provider": "openai", "api_key": "sk-three-333333"},
        {"provider": "openai", "api_key": "sk-one-11111111",
         "custom_host": "http://127.0.0.1:9/v1"}]})");
    std::string providers;
    for (const RouteNode& target : config.route.targets) {
        providers += target.provider + " ";
    }
    // "openai-3" is a slug, so that none is made up like it.
    CHECK(providers == "@openai @openai-2 @openai @openai-3 @openai-4 @openai-custom ");
    REQUIRE(config.keys.size() == 5);
    CHECK(config.keys[0].secret == "sk-one-11111111");
    CHECK(config.keys[2].slug == "openai-3");
    CHECK(config.keys[4].provider == "custom");
    CHECK(config.keys[4].base_url == "http://127.0.0.1:9/v1");
    for (const Finding& finding : config.findings) {
        for (const PortkeyKey& key : config.keys) {
            const std::string all =
                finding.portkey + finding.llmgw + finding.action + finding.pointer;
            CHECK((key.secret.empty() || all.find(key.secret) == std::string::npos));
        }
    }
}

TEST_CASE("portkey config: keys that the config does not have") {
    const PortkeyConfig config = converted(R"({strategy: {mode: 'fallback'}, targets: [
        {provider: 'openai', api_key: process.env.OPENAI_API_KEY},
        {provider: 'groq', api_key: 'gsk_***'},
        {provider: 'mistral-ai', api_key: settings.mistral},
        {virtual_key: process.env.ANTHROPIC_VIRTUAL_KEY}]})");
    REQUIRE(config.keys.size() == 4);
    CHECK(config.keys[0].env == "OPENAI_API_KEY");
    for (const PortkeyKey& key : config.keys) {
        CHECK(key.secret.empty());
    }
    CHECK(config.keys[3].label == "anthropic_virtual_key");
    CHECK(config.keys[3].slug.empty());
    CHECK(config.keys[3].provider == "anthropic");
    CHECK(codes_of(config) == std::vector<std::string>{"R-MODEL-PASS", "I-EXPR", "K-SECRET",
                                                       "K-SECRET", "K-SECRET", "K-GUESS"});
}

TEST_CASE("portkey config: the same slug in several targets is one key") {
    const PortkeyConfig config = converted(R"({"strategy": {"mode": "single"}, "targets": [
        {"strategy": {"mode": "fallback"}, "targets": [
            {"virtual_key": "backup"},
            {"virtual_key": "backup", "provider": "anthropic"},
            {"provider": "@backup", "custom_host": "https://proxy.example/v1"}]}]})");
    REQUIRE(config.keys.size() == 2);
    CHECK(config.keys[0].label == "backup");
    CHECK(config.keys[0].provider == "anthropic");  // the second target tells it
    CHECK_FALSE(config.keys[0].guessed);
    CHECK(config.keys[1].label == "backup-2");
    CHECK(config.keys[1].base_url == "https://proxy.example/v1");
}

TEST_CASE("portkey config: a host is inherited and belongs to the key") {
    const PortkeyConfig config = converted(R"({"custom_host": "http://127.0.0.1:8080",
        "strategy": {"mode": "fallback"}, "targets": [
            {"provider": "openai", "api_key": "k-11111111"},
            {"provider": "ollama"},
            {"provider": "anthropic", "api_key": "k-22222222",
             "custom_host": "https://claude.example/v1"}]})");
    REQUIRE(config.keys.size() == 3);
    CHECK(config.keys[0].base_url == "http://127.0.0.1:8080");
    CHECK(config.keys[0].provider == "custom");
    CHECK(config.keys[1].base_url == "http://127.0.0.1:8080/v1");
    CHECK(config.keys[1].label == "ollama");
    CHECK(config.keys[2].base_url == "https://claude.example/v1");
    CHECK(config.keys[2].provider == "anthropic");
}

TEST_CASE("portkey config: a group's model is its targets'") {
    CHECK(route_of(R"({"override_params": {"model": "m", "n": 1}, "strategy": {"mode": "fallback"},
        "targets": [{"provider": "@openai-a"},
                    {"provider": "@openai-b", "override_params": {"model": "other"}}]})") ==
          R"({"strategy":"fallback","set":{"n":1},"targets":[{"provider":"@openai-a","model":"m"},)"
          R"({"provider":"@openai-b","model":"other"}]})");
    // It may name the key, too.
    CHECK(route_of(R"({"override_params": {"model": "@openai-a/m"}, "strategy": {"mode": "single"},
        "targets": [{}]})") ==
          R"({"strategy":"single","targets":[{"provider":"@openai-a","model":"m"}]})");
}

TEST_CASE("portkey config: details of providers") {
    const PortkeyConfig azure = converted(R"({"provider": "azure-openai", "api_key": "0123456789ab",
        "azure_resource_name": "contoso", "deployment_id": "d", "api_version": "2024-10-21"})");
    REQUIRE(azure.keys.size() == 1);
    CHECK(azure.keys[0].label == "azure");
    CHECK(azure.keys[0].base_url == "https://contoso.openai.azure.com");
    CHECK(azure.keys[0].options.size() == 2);
    const PortkeyConfig bedrock = converted(R"({"provider": "bedrock", "aws_region": "us-west-2",
        "awsAccessKeyId": "AKIAABCDEFGHIJKLMNOP", "aws_secret_access_key": "abcdefgh"})");
    CHECK(bedrock.keys[0].region == "us-west-2");
    CHECK(bedrock.keys[0].secret == "AKIAABCDEFGHIJKLMNOP:abcdefgh");
    CHECK(find_code(bedrock, "K-INLINE") != nullptr);
    const PortkeyConfig vertex = converted(R"({"virtual_key": "vertex-prod",
        "override_params": {"model": "anthropic.claude-3-5-sonnet@20240620"}})");
    CHECK(vertex.keys[0].provider == "vertex-anthropic");
    CHECK(vertex.route.model == "claude-3-5-sonnet@20240620");
    const PortkeyConfig router =
        converted(R"({"provider": "openrouter", "api_key": "sk-or-12345678"})");
    CHECK(router.keys[0].provider == "custom");
    CHECK(router.keys[0].label == "openrouter");
    CHECK(router.keys[0].base_url == "https://openrouter.ai/api/v1");
}

TEST_CASE("portkey config: labels that have another meaning") {
    const PortkeyConfig config = converted(
        R"({"strategy": {"mode": "fallback"}, "targets": [
            {"virtual_key": "openai"}, {"virtual_key": "auto"}, {"virtual_key": "My Key"},
            {"virtual_key": "my-key"}]})",
        known({{"openai", "azure"}, {"auto", "openai"}, {"My Key", "groq"}, {"my-key", "groq"}}));
    REQUIRE(config.keys.size() == 4);
    CHECK(config.keys[0].label == "openai-key");
    CHECK(config.keys[1].label == "auto-key");
    CHECK(config.keys[2].label == "my-key");
    CHECK(config.keys[2].slug == "My Key");
    CHECK(config.keys[3].label == "my-key-2");
    CHECK(config.route.targets[3].provider == "@my-key-2");
}

TEST_CASE("portkey config: in plain JSON a text may look like a placeholder") {
    const PortkeyConfig plain =
        converted(R"({"provider":"@openai-a","override_params":{"user":"{{x}}","a":["${y}"]}})");
    CHECK(plain.route.set == RouteParameters{{"user", R"("{{x}}")"}, {"a", R"(["${y}"])"}});
    const PortkeyConfig code = converted(
        R"({provider: '@openai-a', override_params: {user: `${x}`, a: ['b'], c: {d: E}}})");
    CHECK(code.route.set == RouteParameters{{"a", R"(["b"])"}});
}

TEST_CASE("portkey config: the same input gives the same result") {
    const std::string text = R"({"strategy": {"mode": "fallback"}, "targets": [
        {"provider": "openai", "api_key": "sk-1234567890"}, {"virtual_key": "b"}, {"virtual_key": "a"}]})";
    const PortkeyConfig one = converted(text);
    const PortkeyConfig two = converted(text);
    CHECK(print_route(one.route) == print_route(two.route));
    CHECK(codes_of(one) == codes_of(two));
    CHECK(one.keys[2].label == "a");
}
