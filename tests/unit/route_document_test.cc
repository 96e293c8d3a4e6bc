// SPDX-License-Identifier: Apache-2.0
// What route documents may say, what they come to, and what is told about those that are wrong.
#include <doctest/doctest.h>

#include <string>

#include "common/routes/header_names.h"
#include "common/routes/route.h"

using namespace llmgw;

namespace {

RouteNode parsed(std::string_view json) {
    auto node = parse_route(json);
    CAPTURE(json);
    REQUIRE_MESSAGE(node, node.error().message);
    return std::move(*node);
}

// What is told about a document; "" when it is taken.
std::string told(std::string_view json) {
    const auto node = parse_route(json);
    if (node) {
        return "";
    }
    CHECK(node.error().kind == Errc::invalid_file);
    return node.error().message;
}

std::string hint(std::string_view json) {
    const auto node = parse_route(json);
    REQUIRE_FALSE(node);
    return node.error().hint;
}

// A leaf or a group that holds `members` besides what it needs.
std::string leaf(const std::string& members) {
    return "{" + members + "}";
}
std::string group(const std::string& strategy, const std::string& members) {
    return R"({"strategy":")" + strategy + R"(","targets":[{"name":"a"},{"name":"b"}],)" + members +
           "}";
}

constexpr const char* kEverything = R"({
  "name": "prod", "strategy": "conditional",
  "conditions": [
    {"when": {"$or": [{"metadata.plan": {"$in": ["pro", 1.50]}}, {"params.n": 2}]}, "then": "split"},
    {"when": {"url.pathname": {"$regex": "^/v1/\"emb"}}, "then": "one"}
  ],
  "otherwise": "chain",
  "set": {"temperature": 0.10, "seed": 12345678901234567890, "stop": null},
  "default": {"max_tokens": 100, "response_format": {"type": "json_object"}},
  "drop": ["logit_bias", "tools[*].strict", "a.b[0].c"],
  "retry": {"attempts": 3, "on_status": [429, 503], "retry_after": true},
  "timeout": 1500,
  "cache": {"ttl": "2h"},
  "headers": {"OpenAI-Organization": "org-1", "X-Team": "a b"},
  "forward_headers": ["x-tenant"],
  "targets": [
    {"name": "split", "strategy": "loadbalance", "sticky": {"by": ["metadata.user"], "ttl": "2h"},
     "targets": [{"provider": "@prod-eu", "model": "gpt-4.1", "weight": 0.75},
                 {"provider": "openai", "weight": 0.25, "timeout": "0", "cache": false}]},
    {"name": "chain", "strategy": "fallback", "on_status": [],
     "targets": [{"model": "gpt-4.1", "retry": {"attempts": 0}},
                 {"strategy": "single", "targets": [{"refuse": "nobody is left"}]}]},
    {"name": "one", "cache": true}
  ]
})";

}  // namespace

TEST_CASE("route document: everything that it may say is read") {
    const RouteNode root = parsed(kEverything);
    CHECK(root.mode == RouteMode::conditional);
    CHECK(root.name == "prod");
    REQUIRE(root.conditions.size() == 2);
    CHECK(root.conditions[0].query ==
          R"({"$or":[{"metadata.plan":{"$in":["pro",1.50]}},{"params.n":2}]})");
    CHECK(root.conditions[0].then == "split");
    CHECK(root.conditions[1].query == R"({"url.pathname":{"$regex":"^/v1/\"emb"}})");
    CHECK(root.otherwise == "chain");
    // Numbers keep their digits, and null is a value.
    CHECK(root.set == RouteParameters{{"temperature", "0.10"},
                                      {"seed", "12345678901234567890"},
                                      {"stop", "null"}});
    CHECK(root.defaults ==
          RouteParameters{{"max_tokens", "100"}, {"response_format", R"({"type":"json_object"})"}});
    CHECK(root.drop == std::vector<std::string>{"logit_bias", "tools[*].strict", "a.b[0].c"});
    REQUIRE(root.retry);
    CHECK(root.retry->attempts == 3);
    CHECK(root.retry->statuses == std::vector{429, 503});
    CHECK(root.retry->use_retry_after);
    CHECK(root.timeout_ms == 1500);
    REQUIRE(root.cache);
    CHECK(root.cache->enabled);
    CHECK(root.cache->ttl_ms == 7'200'000);
    CHECK(root.headers.at(1) == std::pair<std::string, std::string>("X-Team", "a b"));
    CHECK(root.forward_headers == std::vector<std::string>{"x-tenant"});

    REQUIRE(root.targets.size() == 3);
    const RouteNode& split = root.targets[0];
    CHECK(split.mode == RouteMode::loadbalance);
    REQUIRE(split.sticky);
    CHECK(split.sticky->fields == std::vector<std::string>{"metadata.user"});
    CHECK(split.sticky->ttl_ms == 7'200'000);
    CHECK(split.targets.at(0).provider == "@prod-eu");
    CHECK(split.targets.at(0).model == "gpt-4.1");
    CHECK(split.targets.at(0).weight == 0.75);
    CHECK_FALSE(split.targets.at(0).timeout_ms);
    CHECK(split.targets.at(1).timeout_ms == 0);
    REQUIRE(split.targets.at(1).cache);
    CHECK_FALSE(split.targets.at(1).cache->enabled);

    const RouteNode& chain = root.targets[1];
    CHECK(chain.mode == RouteMode::fallback);
    REQUIRE(chain.on_status);
    CHECK(chain.on_status->empty());
    CHECK(chain.targets.at(0).retry->statuses == RouteRetry().statuses);
    CHECK(chain.targets.at(1).targets.at(0).refuse == "nobody is left");
    CHECK(root.targets[2].targets.empty());
    CHECK(root.targets[2].cache->enabled);
    CHECK_FALSE(root.targets[2].cache->ttl_ms);
}

TEST_CASE("route document: printed, it reads back as the same") {
    for (const std::string_view document : {
             std::string_view(kEverything),
             std::string_view("{}"),
             std::string_view(R"({"provider":"openai","timeout":"90m","weight":0})"),
             std::string_view(
                 R"({"strategy":"loadbalance","sticky":{},"targets":[{"weight":1e-9}]})"),
             std::string_view(R"({"strategy":"conditional","conditions":[],"targets":[{}]})"),
             std::string_view(R"({"name":"\u00e9\n\"/~","set":{"a b\\":[]}})"),
         }) {
        const std::string once = print_route(parsed(document));
        CHECK(print_route(parsed(once)) == once);
        CHECK(once.find('\n') == std::string::npos);
        const std::string pretty = print_route(parsed(document), 2);
        CHECK(print_route(parsed(pretty)) == once);
    }
    // Nothing that is at its default.
    CHECK(print_route(parsed(R"({"weight":1.0, "retry":{"attempts":1,"retry_after":false,
        "on_status":[429,500,502,503,504,529]}})")) == R"({"retry":{"attempts":1}})");
    CHECK(print_route(parsed(R"({"strategy":"fallback","on_status":[429, 500],
        "targets":[{"provider":"openai"},{"refuse":"no"}]})"),
                      2) == R"({
  "strategy": "fallback",
  "on_status": [429, 500],
  "targets": [
    {
      "provider": "openai"
    },
    {
      "refuse": "no"
    }
  ]
})");
}

TEST_CASE("route document: a mistake is told with pointer, line and column") {
    CHECK(told("{\n  \"strategy\": \"loadbalance\",\n  \"targets\": [\n    {\"weight\": 1},\n"
               "    {\"name\": \"é\", \"weight\": \"2\"}\n  ]\n}") ==
          "line 5, column 29: /targets/1/weight must be a number ≥ 0");
    CHECK(told("{\"targets\":[]}") == "line 1, column 12: /targets has no target");
    CHECK(told("\n\n  {\"strategy\": \"fallback\"}") ==
          "line 3, column 3: the document has no \"targets\" for its strategy");
    // Names with the pointer's own characters, and names with escapes.
    CHECK(told(R"({"set":{"a/b~c":1,"a\/b~c":2}})") ==
          "line 1, column 19: /set/a~1b~0c is there twice");
    CHECK(told("{\n\t\"a\\u001bb\": 1}") ==
          "line 2, column 2: /a\xef\xbf\xbd"
          "b is not known");
    // What is no JSON.
    CHECK(told("{\n  \"model\": \"x\",\n}") == "line 3, column 1: a member's name was expected");
    CHECK(told("") == "line 1, column 1: an object was expected");
    CHECK(told("[]") == "line 1, column 1: an object was expected");
    CHECK(told("{} x") == "line 1, column 4: there is more text behind the object");
    CHECK(told("{\"model\":\n \"\xff\"}") == "line 2, column 3: a character is not valid UTF-8");
    CHECK(told(std::string(kMaxRouteBytes + 1, ' ')).find("1048576") != std::string::npos);
    CHECK(told(std::string(500, '[')) == "line 1, column 1: an object was expected");
    CHECK(told("{\"set\":{\"x\":" + std::string(500, '[')).find("nested too deeply") !=
          std::string::npos);
}

TEST_CASE("route document: names that are not known") {
    CHECK(told(R"({"modle":"x"})") == "line 1, column 2: /modle is not known");
    CHECK(hint(R"({"modle":"x"})") == "did you mean model?");
    CHECK(hint(R"({"qqqqqq":"x"})").empty());
    CHECK(hint(leaf(R"("retry":{"attempts":1,"onstatus":[]})")) == "did you mean on_status?");
    CHECK(told(leaf(R"("cache":{"ttl":"1h","max_age":3})")) ==
          "line 1, column 22: /cache/max_age is not known");
    CHECK(told(group("loadbalance", R"("sticky":{"ttl":"1h","enabled":true})"))
              .find("/sticky/enabled is not known") != std::string::npos);
    CHECK(told(group("conditional", R"("conditions":[{"query":{},"then":"a"}])"))
              .find("/conditions/0/query is not known") != std::string::npos);
    // Portkey's own are for the importer.
    for (const char* config : {R"({"virtual_key":"openai-1"})", R"({"override_params":{}})",
                               R"({"strategy":{"mode":"fallback"},"targets":[{}]})"}) {
        CAPTURE(config);
        CHECK(hint(config).find("llmgw import-portkey") != std::string::npos);
    }
}

TEST_CASE("route document: values that cannot be meant") {
    const struct {
        std::string document;
        const char* told;
    } cases[] = {
        {leaf(R"("strategy":"load-balance")"),
         "/strategy must be single, fallback, loadbalance or conditional"},
        {leaf(R"("strategy":null)"), "/strategy must be single"},
        {leaf(R"("name":"")"), "/name must be a text"},
        {leaf(R"("name":7)"), "/name must be a text"},
        {leaf(R"("weight":-1)"), "/weight must be a number ≥ 0"},
        {leaf(R"("weight":1e999)"), "/weight must be a number ≥ 0"},
        {leaf(R"("provider":"openai/gpt-4.1")"), "/provider must be the id of a provider"},
        {leaf(R"("provider":"@")"), "/provider must be the id"},
        {leaf(R"("provider":"my key")"), "/provider must be the id"},
        {leaf(R"("model":"route/other")"), "/model must be a model: a route does not ask another"},
        {leaf(R"("model":[])"), "/model must be the name of a model"},
        {leaf(R"("refuse":"no","model":"m")"), "/refuse asks nobody"},
        {leaf(R"("on_status":[429])"), "/on_status belongs to a group with \"targets\""},
        {leaf(R"("sticky":{})"), "/sticky belongs to a group"},
        {leaf(R"("otherwise":"a")"), "/otherwise belongs to a group"},
        {leaf(R"("targets":[{}])"), "the document has \"targets\" but no \"strategy\""},
        {leaf(R"("targets":{})"), "/targets must be an array"},
        {leaf(R"("targets":[7])"), "/targets/0 must be an object"},
        {group("fallback", R"("provider":"openai")"), "/provider belongs to a target"},
        {group("fallback", R"("model":"m")"), "/model belongs to a target"},
        {group("fallback", R"("refuse":"m")"), "/refuse belongs to a target"},
        {group("fallback", R"("sticky":{})"), "/sticky belongs to the strategy loadbalance"},
        {group("single", R"("on_status":[])"), "/on_status belongs to the strategy fallback"},
        {group("fallback", R"("conditions":[])"),
         "/conditions belongs to the strategy conditional"},
        {group("fallback", R"("on_status":[600])"),
         "/on_status/0 must be a whole number from 100 to 599"},
        {group("fallback", R"("on_status":[429.5])"), "/on_status/0 must be a whole number"},
        {group("fallback", R"("on_status":429)"), "/on_status must be an array"},
        {group("conditional", R"("otherwise":"a")"), "the document needs \"conditions\""},
        {group("conditional", R"("conditions":[],"otherwise":"c")"),
         "/otherwise is the name of no target"},
        {group("conditional", R"("conditions":[{"when":{},"then":"A"}])"),
         "/conditions/0/then is the name of no target"},
        {group("conditional", R"("conditions":[{"then":"a"}])"), "/conditions/0 needs \"when\""},
        {group("conditional", R"("conditions":[{"when":{}}])"), "/conditions/0 needs \"then\""},
        {group("conditional", R"("conditions":["a"])"), "/conditions/0 must be an object"},
        {group("loadbalance", R"("sticky":{"by":["user"]})"), "/sticky/by/0 must be metadata.NAME"},
        {group("loadbalance", R"("sticky":{"by":["metadata."]})"), "/sticky/by/0 must be"},
        {group("loadbalance", R"("sticky":{"ttl":"1 hour"})"), "/sticky/ttl must be a duration"},
        {group("loadbalance", R"("sticky":{"ttl":0})"), "/sticky/ttl must be from 1s to 1y"},
        {R"({"strategy":"loadbalance","targets":[{"weight":0},{"weight":0.0}]})",
         "/targets have no weight above 0"},
        {leaf(R"("set":[])"), "/set must be an object"},
        {leaf(R"("set":{"":1})"), "has no name"},
        {leaf(R"("set":{"a":1,"a":1})"), "/set/a is there twice"},
        {leaf(R"("default":"x")"), "/default must be an object"},
        {leaf(R"("drop":"x")"), "/drop must be an array"},
        {leaf(R"("drop":[""])"), "/drop/0 must be a text"},
        {leaf(R"("drop":["a..b"])"), "/drop/0: \""},
        {leaf(R"("drop":["a[x]"])"), "/drop/0: \""},
        {leaf(R"("drop":["a[0"])"), "/drop/0: \""},
        {leaf(R"("drop":["a[0]b"])"), "/drop/0: \""},
        {leaf(R"("drop":["a."])"), "/drop/0: \""},
        {leaf(R"("drop":["[0]"])"), "/drop/0: \""},
        {leaf(R"("retry":3)"), "/retry must be an object"},
        {leaf(R"("retry":{})"), "/retry needs \"attempts\""},
        {leaf(R"("retry":{"attempts":11})"), "/retry/attempts must be a whole number from 0 to 10"},
        {leaf(R"("retry":{"attempts":1,"retry_after":1})"),
         "/retry/retry_after must be true or false"},
        {leaf(R"("retry":{"attempts":1,"on_status":["429"]})"),
         "/retry/on_status/0 must be a whole"},
        {leaf(R"("timeout":"30")"), "/timeout must be a duration"},
        {leaf(R"("timeout":-1)"), "/timeout must be from 0 to 1d"},
        {leaf(R"("timeout":1.5)"), "/timeout must be a duration"},
        {leaf(R"("timeout":true)"), "/timeout must be a duration"},
        {leaf(R"("cache":"simple")"), "/cache must be true, false or"},
        {leaf(R"("cache":{})"), "/cache needs \"ttl\""},
        {leaf(R"("cache":{"ttl":"1ms"})"), "/cache/ttl must be from 1s to 1y"},
        {leaf(R"("headers":{"Authorization":"x"})"), "/headers/Authorization is for keys"},
        {leaf(R"("headers":{"Host":"x"})"), "/headers/Host is written by llmgw itself"},
        {leaf(R"("headers":{"a b":"x"})"), "/headers/a b is no name of a header"},
        {leaf(R"("headers":{"x-a":"1\r\nx-b: 2"})"), "/headers/x-a must be a text of printable"},
        {leaf(R"("headers":{"x-a":7})"), "/headers/x-a must be a text of printable ASCII"},
        {leaf(R"("headers":{"x-a":"1","X-A":"2"})"), "/headers/X-A is there twice"},
        {leaf(R"("forward_headers":["transfer-encoding"])"), "/forward_headers/0 is written by"},
        {leaf(R"("forward_headers":[""])"), "/forward_headers/0 must be the name of a header"},
        {leaf(R"("forward_headers":"x-a")"), "/forward_headers must be an array"},
        {leaf(R"("cache":true,"cache":false)"), "/cache is there twice"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.document);
        const std::string message = told(each.document);
        CAPTURE(message);
        CHECK(message.find(each.told) != std::string::npos);
        CHECK(message.starts_with("line 1, column "));
    }
    CHECK(hint(leaf(R"("strategy":"load-balance")")) == "did you mean loadbalance?");
    CHECK(hint(group("conditional", R"("conditions":[],"otherwise":"ab")")) == "did you mean a?");
}

TEST_CASE("route document: conditions") {
    const auto query = [](const std::string& json) {
        return told(group("conditional", R"("conditions":[{"when":)" + json + R"(,"then":"a"}])"));
    };
    for (const char* good :
         {"{}", R"({"metadata.a":1,"params.b":null,"metadata.c":"x","body.a.b.c":true})",
          R"({"metadata.a":{"$gt":1,"$lte":"5","$ne":null,"$nin":[],"$in":[1],"$eq":true}})",
          R"({"$and":[],"$or":[{"$and":[{"metadata.a":{}}]}]})",
          R"_({"metadata.a":{"$regex":"^(?!a)"}})_"}) {
        CAPTURE(good);
        CHECK(query(good) == "");
    }
    const struct {
        const char *query, *told;
    } cases[] = {
        {"[]", "/conditions/0/when: a query is an object"},
        {R"({"metadata.a":{"$exists":true}})",
         "column 112: /conditions/0/when/metadata.a/$exists: \"$exists\" is no operator"},
        {R"({"metadata.a":{"x":1}})", "/conditions/0/when/metadata.a/x: \"x\" is no operator"},
        {R"({"metadata.a":[1,2]})", "/conditions/0/when/metadata.a: a field is compared"},
        {R"({"metadata.a":{"$in":"x"}})", "/conditions/0/when/metadata.a/$in: $in takes an array"},
        {R"({"metadata.a":{"$regex":5}})", "/conditions/0/when/metadata.a/$regex: $regex takes"},
        {R"_({"metadata.a":{"$regex":"("}})_", "/conditions/0/when/metadata.a/$regex: "},
        {R"({"a/b~":{"$gt":[]}})", "/conditions/0/when/a~1b~0/$gt: $gt takes a string"},
        {R"({"$or":{"metadata.a":1}})", "/conditions/0/when/$or: $or takes an array of queries"},
        {R"({"$or":[{},{"$not":[]}]})", "/conditions/0/when/$or/1/$not: \"$not\" cannot stand"},
        {R"({"params.a":{"$in":[1,1e999]}})", "/conditions/0/when/params.a/$in/1 is out of range"},
        {R"({"$and":[1]})", "/conditions/0/when/$and/0: a query is an object"},
        {R"({"metadata.a":1,"metadata.a":2})", "/conditions/0/when/metadata.a is there twice"},
        {R"({"$and":[{"metadata.a":{"$gt":1,"$gt":1}}]})",
         "/conditions/0/when/$and/0/metadata.a/$gt is there twice"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.query);
        const std::string message = query(each.query);
        CAPTURE(message);
        CHECK(message.find(each.told) != std::string::npos);
    }
}

TEST_CASE("route document: as deep and as wide as it may be") {
    const auto nested = [](int levels) {
        std::string text = "{}";
        for (int i = 1; i < levels; i++) {
            text = R"({"strategy":"fallback","targets":[)" + text + "]}";
        }
        return text;
    };
    CHECK(told(nested(kMaxRouteDepth)) == "");
    CHECK(told(nested(kMaxRouteDepth + 1)).find("is nested too deeply") != std::string::npos);

    const auto wide = [](const char* head, std::size_t targets) {
        std::string text = head;
        for (std::size_t i = 0; i < targets; i++) {
            text += i == 0 ? "{}" : ",{}";
        }
        return text + "]}";
    };
    constexpr const char* kFallback = R"({"strategy":"fallback","targets":[)";
    constexpr const char* kConditional = R"({"strategy":"conditional","conditions":[],"targets":[)";
    CHECK(told(wide(kFallback, kMaxRootTargets)) == "");
    CHECK(told(wide(kFallback, kMaxRootTargets + 1)).find("there may be 100") != std::string::npos);
    CHECK(told(wide(kConditional, kMaxConditionalTargets)) == "");
    CHECK(told(wide(kConditional, kMaxConditionalTargets + 1)).find("there may be 1000") !=
          std::string::npos);
    const auto below = [&](std::size_t targets) {
        return kFallback + wide(kConditional, targets) + "]}";
    };
    CHECK(told(below(kMaxNestedTargets)) == "");
    CHECK(told(below(kMaxNestedTargets + 1)).find("there may be 50") != std::string::npos);
    std::string members;
    for (int i = 0; i < 501; i++) {
        members += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    }
    CHECK(told("{\"set\":{" + members + "}}").find("/set has 501 members") != std::string::npos);
}

TEST_CASE("route document: headers that a route may set") {
    for (const char* name :
         {"x-tenant", "OpenAI-Organization", "anthropic-beta", "user-agent", "x!#$%&'*+-.^_`|~9"}) {
        CHECK_MESSAGE(header_problem(name).empty(), name);
    }
    for (const char* name :
         {"", "a:b", "a b", "\xc3\xa9", "content-length", "Connection", "TE", "x-api-key", "Cookie",
          "Proxy-Authorization", "x-llmgw-metadata", "X-Portkey-Config", "x-no-cache"}) {
        CHECK_MESSAGE(!header_problem(name).empty(), name);
    }
    CHECK(is_header_value("a b\tc~"));
    for (const char* value : {"\r", "a\nb", "\x7f", "\xc3\xa9"}) {
        CHECK_FALSE(is_header_value(value));
    }
    CHECK_FALSE(is_header_value(std::string_view("\0", 1)));
}
