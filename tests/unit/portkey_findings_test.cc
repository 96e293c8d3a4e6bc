// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "common/base/json_io.h"
#include "common/portkey/config.h"
#include "tests/unit/portkey_conversion.h"

using namespace llmgw;
using namespace llmgw::portkey_conversion;

namespace {

struct Case {
    std::string config;
    std::string code;
    Severity severity;
    std::string pointer;
    bool usable = true;
};

constexpr Severity kInfo = Severity::info;
constexpr Severity kWarning = Severity::warning;
constexpr Severity kError = Severity::error;

// A leaf without findings, given `known()`; with more members.
std::string leaf(const std::string& more = "") {
    return R"({"provider":"@a","override_params":{"model":"m"})" + more + "}";
}

std::string group(const std::string& strategy, const std::string& targets = leaf()) {
    return R"({"strategy":)" + strategy + R"(,"targets":[)" + targets + "]}";
}

std::string conditional(const std::string& query, const std::string& more = R"(,"default":"x")") {
    return group(R"({"mode":"conditional","conditions":[{"query":)" + query + R"(,"then":"x"}])" +
                     more + "}",
                 leaf(R"(,"name":"x")"));
}

PortkeyReading known() {
    PortkeyReading reading;
    reading.providers = {{"a", "openai"}, {"b", "groq"}};
    return reading;
}

std::vector<Case> cases() {
    const std::string query = "/strategy/conditions/0/query";
    return {
        // Provider keys.
        {R"({"virtual_key":"mystery"})", "K-UNKNOWN", kError, "/virtual_key"},
        {R"({"virtual_key":"openai-1"})", "K-GUESS", kWarning, "/virtual_key"},
        {R"({"provider":"azure","api_key":"0123456789"})", "K-GUESS", kWarning, "/provider"},
        {leaf(R"(,"virtual_key":"b")"), "", kInfo, ""},
        {R"({"provider":"@b","override_params":{"model":"@a/m"}})", "K-GUESS", kWarning,
         "/override_params/model"},
        {R"({"provider":"openai","api_key":"sk-1234567890"})", "K-INLINE", kWarning, "/api_key"},
        {R"({"provider":"openai","api_key":"sk-***"})", "K-SECRET", kWarning, "/api_key"},
        {R"({"provider":"openai","api_key":"$OPENAI_API_KEY"})", "K-SECRET", kInfo, "/api_key"},
        {R"({"provider":"openai"})", "K-NOKEY", kWarning, "/provider"},
        {R"({"provider":"foo","api_key":"k"})", "K-NOPROV", kError, "/provider", false},
        {R"({"provider":"stability-ai","api_key":"k"})", "K-NOPROV", kError, "/provider", false},
        {R"({"virtual_key":"stability-1"})", "K-NOPROV", kError, "/virtual_key"},
        {leaf(R"(,"api_key":"sk-1234567890")"), "I-DEAD", kWarning, "/api_key"},
        {R"({"provider":"azure-openai","api_key":"0123456789","azure_auth_mode":"managed"})",
         "A-AUTH", kWarning, "/azure_auth_mode"},
        {R"({"provider":"vertex-ai","api_key":"ya29.abcdefgh"})", "A-AUTH", kWarning, "/api_key"},
        {leaf(R"(,"aws_region":"us-east-1")"), "A-OPTION", kInfo, "/aws_region"},
        {R"({"provider":"ollama"})", "H-HOST", kWarning, ""},
        {R"({"provider":"ollama","custom_host":"http://127.0.0.1:11434"})", "H-HOST", kInfo,
         "/custom_host"},
        {R"({"provider":"openai","api_key":"k","custom_host":"localhost/v1"})", "H-HOST", kError,
         "/custom_host", false},
        // Whom a target asks, and for what.
        {group(R"({"mode":"fallback"})", R"({"retry":{"attempts":0}})"), "I-NOPROV", kError,
         "/targets/0", false},
        {R"({"api_key":"sk-1234567890"})", "I-NOPROV", kError, "", false},
        {R"({"retry":{"attempts":1}})", "R-PROVIDER", kInfo, ""},
        {R"({"provider":"@a"})", "R-MODEL-PASS", kInfo, ""},
        {R"({"provider":"vertex-ai","vertex_region":"us-east5",
             "override_params":{"model":"meta.llama-3"}})",
         "R-PUBLISHER", kWarning, ""},
        {leaf(R"(,"prompt_id":"pp-1")"), "P-PROMPT", kError, "/prompt_id", false},
        {R"({"prompt_id":"pp-1"})", "P-PROMPT", kError, "/prompt_id", false},
        // Guardrails.
        {leaf(R"(,"input_guardrails":[{"default.contains":{},"deny":true}])"), "G-GUARD", kError,
         "/input_guardrails/0", false},
        {leaf(R"(,"output_guardrails":["pg-1"])"), "G-GUARD", kError, "/output_guardrails/0",
         false},
        {leaf(R"(,"beforeRequestHooks":[{"type":"guardrail","checks":[]}])"), "G-GUARD", kWarning,
         "/beforeRequestHooks/0"},
        {leaf(R"(,"input_mutators":{"id":"x"})"), "G-GUARD", kWarning, "/input_mutators"},
        // Strategies.
        {group(R"({"mode":"loadbalance"})", leaf(R"(,"weight":3)") + "," + leaf()), "I-WEIGHTMIX",
         kWarning, "/targets"},
        {group(R"({"mode":"loadbalance"})", leaf(R"(,"weight":0)")), "I-EMPTY", kError, "/targets",
         false},
        {group(R"({"mode":"loadbalance"})", leaf(R"(,"weight":-1)")), "I-TYPE", kError,
         "/targets/0/weight", false},
        {group(R"({"mode":"roundrobin"})"), "I-TYPE", kError, "/strategy/mode", false},
        {group(R"({})"), "I-TYPE", kError, "/strategy", false},
        {group(R"("fallback")"), "I-TYPE", kWarning, "/strategy"},
        {group(R"({"mode":"load-balance"})"), "I-TYPE", kWarning, "/strategy/mode"},
        {R"({"strategy":{"mode":"fallback"},"targets":[]})", "I-EMPTY", kError, "/targets", false},
        {R"({"strategy":{"mode":"fallback"}})", "I-EMPTY", kError, "/strategy", false},
        {R"({"strategy":{"mode":"fallback"},"targets":{"a":1}})", "I-TYPE", kError, "/targets",
         false},
        {group(R"({"mode":"fallback"})", "5"), "I-TYPE", kError, "/targets/0", false},
        {leaf(R"(,"targets":[])"), "I-EMPTY", kWarning, "/targets"},
        {"{}", "I-EMPTY", kError, "", false},
        {R"({"targets":[)" + leaf() + "]}", "I-NOSTRAT", kWarning, ""},
        {group(R"({"mode":"single"})", leaf() + "," + leaf()), "I-DEAD", kInfo, "/targets/1"},
        {group(R"({"mode":"single","default":"x"})"), "I-DEAD", kWarning, "/strategy/default"},
        {R"({"mode":"single","options":[)" + leaf() + "]}", "I-CONF1", kWarning, "/options"},
        {R"({"mode":"fallback","targets":[)" + leaf() + "]}", "I-CONF1", kWarning, "/mode"},
        {R"({"api_key":"k","strategy":{"mode":"single"},"targets":[)" + leaf() + "]}", "I-DEAD",
         kWarning, "/api_key"},
        {group(R"({"mode":"fallback","cb_config":{"failure_threshold":3}})"), "S-CB", kWarning,
         "/strategy/cb_config"},
        {group(R"({"mode":"loadbalance","sticky":{"enabled":true}})"), "S-STICKY", kInfo,
         "/strategy/sticky"},
        // Conditions.
        {conditional(R"({"metadata.a":1})"), "C-META", kInfo, query + "/metadata.a"},
        {conditional(R"({"url.pathname":{"$regex":"^/v1"}})"), "C-PATH", kInfo,
         query + "/url.pathname"},
        {conditional(R"({"params.a":{"$ne":1}})"), "C-MISSING", kInfo, query + "/params.a/$ne"},
        {conditional(R"({"params.reasoning.effort":"high"})"), "C-DEEP", kWarning,
         query + "/params.reasoning.effort"},
        {conditional(R"({"headers.x":"y"})"), "C-FIELD", kWarning, query + "/headers.x"},
        {conditional(R"({"$or":[{}],"params.a":1})"), "C-ORDER", kWarning, query},
        {conditional(R"({"params.a":{"$foo":1}})"), "C-OP", kError, query + "/params.a/$foo",
         false},
        {conditional(R"({"params.a":{"$in":"x"}})"), "C-OP", kError, query + "/params.a/$in",
         false},
        {conditional(R"({"params.a":{"$regex":5}})"), "C-REGEX", kError, query + "/params.a/$regex",
         false},
        {conditional("{}", ""), "C-DEFAULT", kInfo, "/strategy"},
        {conditional("{}", R"(,"default":"y")"), "C-THEN", kError, "/strategy/default"},
        {group(R"({"mode":"conditional","conditions":[]})"), "I-EMPTY", kError,
         "/strategy/conditions", false},
        {group(R"({"mode":"conditional","conditions":[{"then":"x"}],"default":"x"})",
               leaf(R"(,"name":"x")")),
         "I-TYPE", kError, "/strategy/conditions/0", false},
        {group(R"({"mode":"conditional","conditions":[{"query":{},"then":"x"}],"default":"x"})",
               leaf(R"(,"name":"x")") + "," + leaf(R"(,"name":"x")")),
         "I-DUPNAME", kWarning, "/strategy"},
        // Settings.
        {leaf(R"(,"retry":{"attempts":9})"), "R-ATTEMPTS", kWarning, "/retry/attempts"},
        {leaf(R"(,"retry":{"attempts":"3"})"), "I-TYPE", kWarning, "/retry/attempts"},
        {leaf(R"(,"retry":3)"), "I-TYPE", kWarning, "/retry"},
        {leaf(R"(,"retry":[])"), "I-TYPE", kWarning, "/retry"},
        {leaf(R"(,"retry":{})"), "I-TYPE", kWarning, "/retry"},
        {leaf(R"(,"retry":{"attempts":1,"on_status_codes":[42]})"), "I-TYPE", kWarning,
         "/retry/on_status_codes/0"},
        {leaf(R"(,"retry":{"count":3})"), "I-UNKNOWN", kWarning, "/retry/count"},
        {leaf(R"(,"cache":{"mode":"semantic"})"), "CA-SEM", kWarning, "/cache/mode"},
        {leaf(R"(,"cache":{"mode":"simple","max_age":5})"), "CA-TTL", kInfo, "/cache/max_age"},
        {leaf(R"(,"cache":{"mode":"simple","max_age":"2h"})"), "I-TYPE", kWarning,
         "/cache/max_age"},
        {leaf(R"(,"cache":{"mode":"exact"})"), "I-TYPE", kWarning, "/cache/mode"},
        {leaf(R"(,"cache":{"max_age":60})"), "I-TYPE", kWarning, "/cache"},
        {leaf(R"(,"cache":"simple")"), "I-TYPE", kWarning, "/cache"},
        {leaf(R"(,"cache":true)"), "I-TYPE", kWarning, "/cache"},
        {leaf(R"(,"cache":[])"), "I-TYPE", kWarning, "/cache"},
        {leaf(R"(,"request_timeout":"30s")"), "I-TYPE", kWarning, "/request_timeout"},
        {leaf(R"(,"request_timeout":"1000")"), "I-TYPE", kWarning, "/request_timeout"},
        {leaf(R"(,"request_timeout":-1)"), "I-TYPE", kWarning, "/request_timeout"},
        {leaf(R"(,"request_timeout":1.5)"), "I-TYPE", kWarning, "/request_timeout"},
        {leaf(R"(,"request_timeout":{})"), "I-TYPE", kWarning, "/request_timeout"},
        {leaf(R"(,"forward_headers":["Authorization"])"), "H-FWD", kWarning, "/forward_headers/0"},
        {leaf(R"(,"forward_headers":"x-a")"), "I-TYPE", kWarning, "/forward_headers"},
        {leaf(R"(,"drop_params":[1])"), "I-TYPE", kWarning, "/drop_params/0"},
        {leaf(R"(,"drop_params":["a..b"])"), "I-TYPE", kWarning, "/drop_params/0"},
        {leaf(R"(,"strict_open_ai_compliance":false)"), "H-STRICT", kInfo,
         "/strict_open_ai_compliance"},
        {leaf(R"(,"metadata":{"a":"b"})"), "I-META", kWarning, "/metadata"},
        {leaf(R"(,"passthrough":true)"), "S-PASS", kWarning, "/passthrough"},
        {leaf(R"(,"fetch_integrated_models":true)"), "I-DEAD", kInfo, "/fetch_integrated_models"},
        {leaf(R"(,"on_status_codes":[500])"), "I-TOPCODES", kWarning, "/on_status_codes"},
        {leaf(R"(,"default_params":[])"), "I-TYPE", kWarning, "/default_params"},
        // Names.
        {leaf(R"(,"forward-headers":[])"), "I-KEBAB", kWarning, "/forward-headers"},
        {leaf(R"(,"tagret":1)"), "I-UNKNOWN", kWarning, "/tagret"},
        {leaf(R"(,"model":"m")"), "I-UNKNOWN", kWarning, "/model"},
        {leaf(R"(,"description":"x")"), "I-UNKNOWN", kInfo, "/description"},
        {leaf(R"(,"requestTimeout":5,"request_timeout":5)"), "I-UNKNOWN", kWarning,
         "/request_timeout"},
        {leaf(R"(,"weight":1,"weight":2)"), "I-DUPKEY", kWarning, "/weight"},
        {leaf(R"(,"name":5)"), "I-TYPE", kWarning, "/name"},
        // Expressions.
        {R"({virtual_key: process.env.OPENAI_KEY})", "I-EXPR", kWarning, "/virtual_key"},
        {R"({provider: "@a", override_params: {model: MODEL}})", "I-EXPR", kError,
         "/override_params/model", false},
        {R"({provider: "@a", override_params: {n: N}})", "I-EXPR", kWarning, "/override_params/n"},
        {leaf(R"(,"default_params":{"user":"{{ name }}"})"), "I-EXPR", kWarning,
         "/default_params/user"},
        {R"({provider: "@a", ...base})", "I-EXPR", kError, "/...base", false},
        {R"({strategy: {mode: "fallback"}, targets: [...all, {provider: "@a"}]})", "I-EXPR", kError,
         "/targets/0", false},
        {R"({strategy: {mode: MODE}, targets: [{provider: "@a"}]})", "I-EXPR", kError,
         "/strategy/mode", false},
        {R"({provider: "@a", cache: CACHE})", "I-EXPR", kWarning, "/cache"},
        {R"({provider: "azure-openai", api_key: "0123456789", resource_name: NAME})", "I-EXPR",
         kWarning, "/resource_name"},
        {conditional(R"({"params.a": {"$in": [1, LIMIT]}})"), "I-EXPR", kError,
         query + "/params.a/$in/1", false},
        {conditional(R"({"params.a": LIMIT})"), "I-EXPR", kError, query + "/params.a", false},
        // More than a route can hold.
        {[] {
             std::string deep = leaf();
             for (int i = 0; i < 8; i++) {
                 deep = group(R"({"mode":"fallback"})", deep);
             }
             return deep;
         }(),
         "R-LIMIT", kError, "", false},
    };
}

bool is_below(const std::string& pointer, const std::string& above) {
    return pointer == above || pointer.starts_with(above + "/");
}

std::string outcome(const Json& config) {
    const PortkeyConfig out = converted(print_json(config), known());
    std::string text = print_route(out.route) + (out.usable ? "" : "!");
    for (const PortkeyKey& key : out.keys) {
        text += "|" + key.label + "," + key.slug + "," + key.provider + "," + key.base_url + "," +
                key.secret + "," + key.env + "," + key.region;
        for (const auto& [name, value] : key.options) {
            text += "," + name + "=" + value;
        }
    }
    for (const Finding& finding : out.findings) {
        text += "|" + finding.code + finding.pointer + finding.portkey + finding.llmgw;
    }
    return text;
}

// Whether what is below is named as a whole: what is in a guardrail, for instance.
bool is_named(const PortkeyConfig& config, const std::string& pointer) {
    return std::any_of(config.findings.begin(), config.findings.end(), [&](const Finding& finding) {
        return !finding.pointer.empty() && is_below(pointer, finding.pointer);
    });
}

// Goes through all members of a config: without any of them, something else must come out.
void require_all_count(const Json& root, const Json& value, const std::string& pointer,
                       const std::string& expected, const PortkeyConfig& config) {
    if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); i++) {
            require_all_count(root, value[i], pointer_to(pointer, std::to_string(i)), expected,
                              config);
        }
        return;
    }
    if (!value.is_object()) {
        return;
    }
    for (const auto& [name, member] : value.items()) {
        const std::string at = pointer_to(pointer, name);
        if (is_named(config, at)) {
            continue;
        }
        Json without = root;
        without[Json::json_pointer(pointer)].erase(name);
        CAPTURE(at);
        const bool counts = outcome(without) != expected;
        CHECK(counts);
        require_all_count(root, member, at, expected, config);
    }
}

}  // namespace

TEST_CASE("portkey findings: each kind, where it is and what it says") {
    for (const Case& each : cases()) {
        CAPTURE(each.config);
        CAPTURE(each.code);
        const PortkeyConfig config = converted(each.config, known());
        CHECK(config.usable == each.usable);
        if (each.code.empty()) {
            CHECK(config.findings.empty());
            continue;
        }
        const Finding* const finding = [&]() -> const Finding* {
            for (const Finding& candidate : config.findings) {
                if (candidate.code == each.code && candidate.pointer == each.pointer) {
                    return &candidate;
                }
            }
            return nullptr;
        }();
        if (finding == nullptr) {
            FAIL_CHECK("found only " << [&] {
                std::string all;
                for (const Finding& other : config.findings) {
                    all += other.code + " " + other.pointer + "; ";
                }
                return all;
            }());
            continue;
        }
        CHECK(finding->severity == each.severity);
        CHECK_FALSE(finding->portkey.empty());
        CHECK_FALSE(finding->llmgw.empty());
        CHECK(finding->line >= 1);
        CHECK(finding->file.empty());
        if (each.usable) {
            CHECK(parse_route(print_route(config.route)).has_value());
        }
    }
}

TEST_CASE("portkey findings: the open-source gateway does less") {
    PortkeyReading reading = known();
    reading.oss = true;
    for (const char* const more : {R"(,"default_params":{"a":1})", R"(,"drop_params":["a"])",
                                   R"(,"cb_config":{"failure_threshold":1})"}) {
        const PortkeyConfig config = converted(leaf(more), reading);
        CHECK(codes_of(config) == std::vector<std::string>{"I-OSS"});
        CHECK(config.route.defaults.empty());
        CHECK(config.route.drop.empty());
    }
    const PortkeyConfig sticky =
        converted(group(R"({"mode":"loadbalance","sticky":{"enabled":true}})"), reading);
    CHECK(codes_of(sticky) == std::vector<std::string>{"I-OSS"});
    CHECK_FALSE(sticky.route.sticky.has_value());
    const PortkeyConfig semantic = converted(leaf(R"(,"cache":{"mode":"semantic"})"), reading);
    CHECK_FALSE(semantic.route.cache->enabled);
    CHECK(find_code(semantic, "CA-SEM") != nullptr);
    const PortkeyConfig retries = converted(leaf(R"(,"retry":{"attempts":9})"), reading);
    CHECK(retries.findings.empty());
    CHECK(retries.route.retry->attempts == 9);
}

TEST_CASE("portkey findings: guardrails that refuse may be given up") {
    PortkeyReading reading = known();
    reading.accept_guardrail_loss = true;
    const PortkeyConfig config = converted(leaf(R"(,"input_guardrails":[{"default.modelWhitelist":
                          {"models":["gpt-4o","gpt-4o-mini"]},"deny":true}])"),
                                           reading);
    CHECK(config.usable);
    const Finding* const finding = find_code(config, "G-GUARD");
    REQUIRE(finding != nullptr);
    CHECK(finding->severity == Severity::warning);
    CHECK(finding->action.find("--allow-model gpt-4o --allow-model gpt-4o-mini") !=
          std::string::npos);
    const PortkeyConfig hook =
        converted(leaf(R"(,"before_request_hooks":[{"checks":[{"id":"default.modelWhitelist",
                "parameters":{"models":["o3"],"inverse":true}}],"deny":true}])"),
                  known());
    CHECK_FALSE(hook.usable);
    CHECK(find_code(hook, "G-GUARD")->action.find("--deny-model o3") != std::string::npos);
}

TEST_CASE("portkey findings: nothing is lost in silence") {
    // Everything that a config can say, with values that are nobody's default.
    const std::vector<std::string> configs = {
        R"({"strategy":{"mode":"fallback","on_status_codes":[429],"cb_config":{"x":1}},
            "retry":{"attempts":2,"on_status_codes":[500],"use_retry_after_header":true},
            "cache":{"mode":"simple","max_age":60},"request_timeout":5,"metadata":{"a":"b"},
            "forward_headers":["x-a"],"strict_open_ai_compliance":false,"passthrough":true,
            "fetch_integrated_models":true,"on_status_codes":[1],"custom_host":"http://h.example/v1",
            "override_params":{"model":"m","n":1},"default_params":{"a":1},"drop_params":["b"],
            "id":"x","unknown":{"deep":1},"virtual_key":"dead","openai_project":"dead",
            "targets":[
              {"name":"one","weight":2,"provider":"openai","api_key":"sk-1234567890",
               "openai_organization":"o","override_params":{"model":"m2","x":{"y":1}}},
              {"provider":"azure-openai","api_key":"0123456789","resource_name":"r",
               "deployment_id":"d","api_version":"v1",
               "azure_entra_tenant_id":"t","azure_entra_client_id":"c","azure_model_name":"m",
               "custom_host":"https://x.example"},
              {"provider":"bedrock","aws_region":"us-east-1","aws_access_key_id":"AKIAABCDEFGHIJKL",
               "aws_secret_access_key":"s","aws_role_arn":"arn","aws_s3_bucket":"b"},
              {"provider":"vertex-ai","vertex_project_id":"p","vertex_region":"europe-west1",
               "vertex_service_account_json":{"private_key":"-----BEGIN PRIVATE KEY-----"}},
              {"virtual_key":"b","input_guardrails":[{"deny":true}],"output_mutators":[{"a":1}]}]})",
        R"({"strategy":{"mode":"loadbalance","sticky":{"enabled":true,"hash_fields":["metadata.u"],
            "ttl":60}},"targets":[{"provider":"@a","weight":2},{"provider":"@b","weight":3}]})",
        R"({"strategy":{"mode":"conditional","conditions":[
            {"query":{"metadata.a":{"$in":["x"]},"params.n":3},"then":"one","note":"n"}],
            "default":"two","stray":1},
            "targets":[{"name":"one","provider":"@a"},{"name":"two","provider":"@b"}]})",
        R"({"mode":"loadbalance","options":[{"virtual_key":"a","apiKey":"k","weight":2},
            {"virtual_key":"b","overrideParams":{"model":"m"}}]})",
        R"({"prompt_id":"pp","provider":"@a","retry":{"count":1,"attempts":1}})",
    };
    for (const std::string& text : configs) {
        const auto parsed = parse_json(text);
        REQUIRE(parsed);
        require_all_count(*parsed, *parsed, "", outcome(*parsed),
                          converted(print_json(*parsed), known()));
    }
}

TEST_CASE("portkey findings: a member that nobody knows is named wherever it is") {
    const std::string text =
        R"({"strategy":{"mode":"loadbalance","sticky":{"enabled":true}},
            "retry":{"attempts":1},"cache":{"mode":"simple"},
            "targets":[{"provider":"@a"},{"strategy":{"mode":"conditional","conditions":
            [{"query":{},"then":"x"}],"default":"x"},"targets":[{"name":"x","provider":"@b"}]}]})";
    const auto root = parse_json(text);
    REQUIRE(root);
    for (const char* const place :
         {"", "/strategy", "/strategy/sticky", "/retry", "/cache", "/targets/0", "/targets/1",
          "/targets/1/strategy", "/targets/1/strategy/conditions/0", "/targets/1/targets/0"}) {
        CAPTURE(place);
        Json with = *root;
        with[Json::json_pointer(place)]["zzz"] = 1;
        const PortkeyConfig config = converted(print_json(with), known());
        const Finding* const finding = find_code(config, "I-UNKNOWN");
        REQUIRE(finding != nullptr);
        CHECK(finding->pointer == std::string(place) + "/zzz");
    }
}
