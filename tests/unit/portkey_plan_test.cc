// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "common/portkey/apply.h"
#include "common/portkey/plan.h"
#include "common/portkey/plan_names.h"
#include "common/secrets/sha256.h"

using namespace llmgw;

namespace {

constexpr std::int64_t kNow = 1'790'000'000'000;  // 2026-09-21

PortkeyExports exports_of(std::string_view text, const std::string& file = "a.json") {
    PortkeyExports exports;
    const auto found = read_export(text, file, Sniffing::named, exports);
    REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
    join_exports(exports);
    return exports;
}

/// An empty set-up, in which these variables are set.
ImportTarget empty_target(const std::set<std::string>& variables = {}) {
    ImportTarget target;
    target.now = kNow;
    target.has_variable = [variables](const std::string& name) { return variables.contains(name); };
    target.complete_address = [](ProviderKey& key) -> Result<void> {
        if (key.provider == "custom" && key.base_url.empty()) {
            return fail(Errc::usage, "no address");
        }
        key.base_url =
            key.base_url.empty() ? "https://" + key.provider + ".example/v1" : key.base_url;
        return {};
    };
    return target;
}

ImportPlan plan_of(const PortkeyExports& exports, const ImportTarget& target,
                   const ImportOptions& options = {}) {
    auto plan = plan_import(exports, target, options);
    REQUIRE_MESSAGE(plan, (plan ? "" : plan.error().message));
    return *std::move(plan);
}

ImportPlan plan_of(std::string_view text, const ImportTarget& target = empty_target()) {
    return plan_of(exports_of(text), target);
}

bool has_code(const ImportPlan& plan, std::string_view code) {
    return std::any_of(plan.findings.begin(), plan.findings.end(),
                       [&](const Finding& finding) { return finding.code == code; });
}

/// A target in which a plan was applied.
ImportTarget after(const ImportPlan& plan, ImportTarget target) {
    for (const auto& planned : plan.providers) {
        if (planned.step == PlanStep::add) {
            target.provider_keys.push_back(planned.key);
        }
    }
    for (const auto& planned : plan.routes) {
        if (planned.step == PlanStep::add) {
            target.routes.push_back({.name = planned.name,
                                     .document = planned.document,
                                     .source = planned.source,
                                     .import_hash = sha256_hex(planned.document)});
        }
    }
    for (const auto& planned : plan.aliases) {
        target.aliases.push_back(planned.alias);
    }
    for (const auto& planned : plan.client_keys) {
        GatewayKey key;
        key.id = planned.id;
        key.name = planned.name;
        key.route = planned.route;
        target.gateway_keys.push_back(key);
    }
    return target;
}

constexpr const char* kSetup = R"([
    {"object":"virtual-key","slug":"openai-prod","provider":"openai","key":"sk-example-1234"},
    {"object":"virtual-key","slug":"azure-eu","provider":"azure-openai","key":"az-example-12345",
     "model_config":{"azure_resource_name":"contoso","azure_deployment_config":[
        {"alias":"gpt-4o","azure_deployment_name":"g4o"},
        {"alias":"gpt-4.1","azure_deployment_name":"g41"}]}},
    {"object":"config","id":"300","slug":"pc-main-1a2b3c","name":"Main Config","config":
     "{\"strategy\":{\"mode\":\"loadbalance\"},\"targets\":[{\"provider\":\"@openai-prod\"},{\"provider\":\"@azure-eu\",\"override_params\":{\"model\":\"gpt-4o\"}}]}"},
    {"object":"api-key","id":"400","key":"a***z","name":"Back End","defaults":{"config_id":"300"}}
])";

}  // namespace

TEST_CASE("portkey plan: everything that an export has") {
    const auto plan = plan_of(kSetup);
    REQUIRE(plan.providers.size() == 2);
    CHECK(plan.providers[0].step == PlanStep::add);
    CHECK(plan.providers[0].key.label == "openai-prod");
    CHECK(plan.providers[0].key.source == SecretSource::stored);
    CHECK(plan.providers[0].key.sealed.empty());
    CHECK(plan.providers[0].secret == "sk-example-1234");
    CHECK(plan.providers[1].key.provider == "azure");
    CHECK(plan.providers[1].key.base_url == "https://contoso.openai.azure.com");
    REQUIRE(plan.routes.size() == 1);
    CHECK(plan.routes[0].name == "main-config");
    CHECK(plan.routes[0].source == "import:pc-main-1a2b3c");
    CHECK(plan.routes[0].labels == std::vector<std::string>{"openai-prod", "azure-eu"});
    // Of several deployments, the one that the target's model is called at Azure.
    CHECK(plan.routes[0].document.find("\"g4o\"") != std::string::npos);
    REQUIRE(plan.aliases.size() == 1);
    CHECK(plan.aliases[0].alias.target == "route/main-config");
    REQUIRE(plan.client_keys.size() == 1);
    CHECK(plan.client_keys[0].name == "back-end");
    CHECK(plan.client_keys[0].route == "main-config");
    CHECK(has_changes(plan));
}

TEST_CASE("portkey plan: once applied, there is nothing to do") {
    const auto exports = exports_of(kSetup);
    const auto target = empty_target();
    const auto first = plan_of(exports, target);
    const auto again = plan_of(exports, after(first, target));
    CHECK(!has_changes(again));
    CHECK(again.routes[0].step == PlanStep::unchanged);
    CHECK(again.routes[0].document == first.routes[0].document);
    CHECK(again.client_keys[0].id == first.client_keys[0].id);
}

TEST_CASE("portkey plan: a route is updated, or kept when somebody has edited it") {
    const auto exports = exports_of(kSetup);
    auto target = after(plan_of(exports, empty_target()), empty_target());
    auto& route = target.routes[0];
    route.document = "{\"provider\": \"mock\"}";
    SUBCASE("an import wrote it") {
        route.import_hash = sha256_hex(route.document);
        const auto plan = plan_of(exports, target);
        CHECK(plan.routes[0].step == PlanStep::update);
        CHECK(has_changes(plan));
    }
    SUBCASE("a person wrote it, and the alias still leads to it") {
        route.source = "hand";
        const auto plan = plan_of(exports, target);
        CHECK(plan.routes[0].step == PlanStep::kept);
        CHECK(plan.routes[0].name == "main-config");
        CHECK(has_code(plan, "R-EDITED"));
        CHECK(!has_changes(plan));
    }
}

TEST_CASE("portkey plan: names that are the user's are left alone") {
    auto target = empty_target();
    StoredRoute mine;
    mine.name = "main-config";
    mine.document = "{\"provider\": \"mock\"}";
    target.routes.push_back(mine);
    target.aliases.push_back({"pc-main-1a2b3c", "gpt-4o"});
    ProviderKey groq;
    groq.label = "openai-prod";
    groq.provider = "groq";
    target.provider_keys.push_back(groq);
    GatewayKey key;
    key.id = "k_other";
    key.name = "back-end";
    target.gateway_keys.push_back(key);
    const auto plan = plan_of(exports_of(kSetup), target);
    CHECK(plan.routes[0].name == "main-config-1a2b3c");
    CHECK(plan.aliases[0].step == PlanStep::kept);
    CHECK(plan.providers[0].key.label == "openai-prod-2");
    CHECK(plan.routes[0].document.find("@openai-prod-2") != std::string::npos);
    CHECK(plan.client_keys[0].name == "back-end-2");
    CHECK(has_code(plan, "K-LABEL"));
    CHECK(has_code(plan, "R-ALIAS"));
}

TEST_CASE("portkey plan: where secrets come from") {
    const auto step_of = [](std::string_view text, const ImportTarget& target) {
        const auto plan = plan_of(exports_of(text), target);
        REQUIRE(plan.providers.size() == 1);
        return plan.providers[0];
    };
    const auto in_variable = step_of(R"({"provider":"openai","api_key":"$MINE"})", empty_target());
    CHECK(in_variable.step == PlanStep::add);
    CHECK(in_variable.key.source == SecretSource::env);
    CHECK(in_variable.key.source_ref == "MINE");

    const auto usual = step_of(R"({"object":"virtual-key","slug":"o","provider":"openai"})",
                               empty_target({"OPENAI_API_KEY"}));
    CHECK(usual.key.source_ref == "OPENAI_API_KEY");

    const auto needed =
        step_of(R"({"object":"virtual-key","slug":"o's","provider":"openai","key":"a***z"})",
                empty_target());
    CHECK(needed.step == PlanStep::needed);
    CHECK(needed.command == "llmgw providers add openai --name o-s --key-stdin");

    const auto local = step_of(
        R"({"object":"virtual-key","slug":"box","provider":"ollama","key":"",
            "model_config":{"custom_host":"http://127.0.0.1:11434"}})",
        empty_target());
    CHECK(local.key.source == SecretSource::none);
    CHECK(local.step == PlanStep::add);
}

TEST_CASE("portkey plan: headers of a key go into its routes, unless they may be secrets") {
    const auto plan = plan_of(R"([
        {"object":"integration","slug":"o","ai_provider_id":"openai","key":"sk-example-1",
         "configurations":{"openai_organization":"org-1",
           "custom_headers":{"x-team":"ml","Authorization":"Bearer t","x-my-token":"t"}}},
        {"object":"config","slug":"pc-1","name":"a","config":"{\"provider\":\"@o\"}"}])");
    REQUIRE(plan.routes.size() == 1);
    const std::string& document = plan.routes[0].document;
    CHECK(document.find("\"x-team\"") != std::string::npos);
    CHECK(document.find("org-1") != std::string::npos);
    CHECK(document.find("Bearer") == std::string::npos);
    CHECK(document.find("x-my-token") == std::string::npos);
    CHECK(has_code(plan, "H-FWD"));
    CHECK(has_code(plan, "A-OPTION"));
}

TEST_CASE("portkey plan: one variable cannot stand for two keys") {
    const auto plan =
        plan_of(exports_of(R"([{"object":"virtual-key","slug":"a","provider":"openai"},
                       {"object":"virtual-key","slug":"b","provider":"openai"}])"),
                empty_target({"OPENAI_API_KEY"}));
    CHECK(plan.providers[0].step == PlanStep::needed);
    CHECK(plan.providers[1].step == PlanStep::needed);
}

TEST_CASE("portkey plan: the same inline key in two configs is one provider key") {
    const auto plan = plan_of(R"({"named_configs":{
        "a":{"provider":"openai","api_key":"sk-example-1111"},
        "b":{"provider":"openai","api_key":"sk-example-1111"},
        "c":{"provider":"openai","api_key":"sk-example-2222"}}})");
    REQUIRE(plan.providers.size() == 2);
    CHECK(plan.routes[0].labels == plan.routes[1].labels);
    CHECK(plan.routes[0].labels != plan.routes[2].labels);
}

TEST_CASE("portkey plan: keys of clients that have ended or ask nothing are not made") {
    const auto plan = plan_of(R"([
        {"object":"api-key","id":"1","key":"k","name":"past","expires_at":"2026-01-01T00:00:00Z"},
        {"object":"api-key","id":"2","key":"k","name":"next","expires_at":"2027-01-01T00:00:00Z"},
        {"object":"api-key","id":"3","key":"k","name":"admin","scopes":["configs.read"]},
        {"object":"api-key","id":"4","key":"k","name":"lost","defaults":{"config_id":"pc-lost"}}
    ])");
    REQUIRE(plan.client_keys.size() == 2);
    CHECK(plan.client_keys[0].name == "next");
    CHECK(plan.client_keys[0].expires_at == 1'798'761'600'000);
    CHECK(plan.client_keys[1].route.empty());
    for (const char* code : {"L-STATUS", "L-SCOPE", "L-CONFIG"}) {
        CHECK_MESSAGE(has_code(plan, code), code);
    }
}

TEST_CASE("portkey plan: limits, states and metadata are told") {
    const auto plan = plan_of(R"([
        {"object":"virtual-key","slug":"o","provider":"openai","key":"sk-example-1","status":
         "exhausted","usage_limits":{"credit_limit":5},"expires_at":"2027-01-01"},
        {"object":"virtual-key","slug":"v","provider":"voyage","key":"k-example"},
        {"object":"api-key","id":"1","key":"k","name":"a","rate_limits":
         [{"type":"requests","unit":"rpd","value":9}],"defaults":{"metadata":{"team":"x"}}}])");
    for (const char* code : {"L-LIMIT", "L-STATUS", "K-NOPROV", "L-METADATA"}) {
        CHECK_MESSAGE(has_code(plan, code), code);
    }
    REQUIRE(plan.providers.size() == 1);
    CHECK(!plan.providers[0].key.enabled);
    std::string limits;
    for (const auto& finding : plan.findings) {
        limits += finding.code == "L-LIMIT" ? finding.portkey + "; " : "";
    }
    CHECK(limits.find("5 USD in all") != std::string::npos);
    CHECK(limits.find("9 requests a day") != std::string::npos);
}

TEST_CASE("portkey plan: findings are in order, errors first, none twice") {
    const auto exports = exports_of(R"([{"prompt_id":"pp-a"},{"prompt_id":"pp-b"},
        {"object":"virtual-key","slug":"o","provider":"openai","usage_limits":{"credit_limit":5}}])");
    PortkeyExports twice = exports;
    twice.findings.insert(twice.findings.end(), exports.findings.begin(), exports.findings.end());
    const auto plan = plan_of(twice, empty_target());
    REQUIRE(plan.findings.size() >= 3);
    CHECK(
        std::is_sorted(plan.findings.begin(), plan.findings.end(),
                       [](const Finding& a, const Finding& b) { return a.severity > b.severity; }));
    CHECK(plan.findings[0].pointer < plan.findings[1].pointer);
    CHECK(count_errors(plan, false) >= 2);
    CHECK(count_errors(plan, true) > count_errors(plan, false));
}

TEST_CASE("portkey plan: a secret is in no text of the plan") {
    const auto plan = plan_of(kSetup);
    for (const auto& finding : plan.findings) {
        const std::string all = finding.portkey + finding.llmgw + finding.action + finding.pointer;
        CHECK(all.find("example-1234") == std::string::npos);
    }
    CHECK(plan.routes[0].document.find("example-1234") == std::string::npos);
    for (const auto& planned : plan.providers) {
        CHECK(planned.command.find("example-1234") == std::string::npos);
    }
}

TEST_CASE("portkey plan: names") {
    CHECK(plan_name("Production Gateway Config", "x") == "production-gateway-config");
    CHECK(plan_name("--", "x") == "x");
    CHECK(plan_name("日本", "config") == "config");
    CHECK(plan_name(std::string(100, 'a'), "x").size() == 64);
    CHECK(plan_name_with(std::string(64, 'a'), "2").size() == 64);
    CHECK(plan_name_with("chat", "1a2b3c") == "chat-1a2b3c");
    CHECK(slug_tail("pc-chat-1a2b3c") == "1a2b3c");
}
