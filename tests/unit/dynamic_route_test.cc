// SPDX-License-Identifier: Apache-2.0
// LLM Gateway's dynamic routes, and the trees that they become.
#include <doctest/doctest.h>

#include <string>

#include "common/routes/route.h"

using namespace llmgw;

namespace {

constexpr const char* kSupport = R"({
  "entry": "tier",
  "nodes": [
    {"id": "tier", "type": "conditional", "else": "split", "conditions": [
      {"field": {"source": "header", "path": "x-tier"}, "op": "eq", "value": "paid", "next": "best"},
      {"field": {"source": "body", "path": "metadata.vip"}, "op": "exists", "next": "best"},
      {"field": {"source": "header", "path": "x-tier"}, "op": "eq", "value": "none", "next": "stop"}
    ]},
    {"id": "best", "type": "model", "model": "claude-sonnet-4-6"},
    {"id": "split", "type": "percentage", "splits": [
      {"weight": 80, "next": "stable"}, {"weight": 20, "next": "best"}]},
    {"id": "stable", "type": "model", "model": "gpt-5-nano", "providers": ["openai", "azure"]},
    {"id": "stop", "type": "end"}
  ]
})";

std::string told(const std::string& json) {
    const auto node = parse_route(json);
    return node ? "" : node.error().message;
}

// A graph of these nodes, which begins at "a".
std::string graph(const std::string& nodes) {
    return R"({"entry":"a","nodes":[)" + nodes + "]}";
}
constexpr const char* kModel = R"({"id":"m","type":"model","model":"gpt-4.1"})";

// The query that a condition becomes, or what is told about it.
std::string query(const std::string& condition) {
    const auto node = parse_route(
        graph(R"({"id":"a","type":"conditional","else":"m","conditions":[{"next":"m",)" +
              condition + "}]}," + kModel));
    return node ? node->conditions.at(0).query : node.error().message;
}

}  // namespace

TEST_CASE("dynamic route: a graph becomes a tree") {
    const auto root = parse_route(kSupport);
    REQUIRE_MESSAGE(root, root.error().message);
    CHECK(root->name == "tier");
    CHECK(root->mode == RouteMode::conditional);
    CHECK(root->otherwise == "split");
    REQUIRE(root->conditions.size() == 3);
    CHECK(root->conditions[0].query == R"({"headers.x-tier":"paid"})");
    CHECK(root->conditions[0].then == "best");
    CHECK(root->conditions[1].then == "best");
    CHECK(root->conditions[2].then == "stop");

    REQUIRE(root->targets.size() == 3);
    CHECK(root->targets[0].name == "best");
    CHECK(root->targets[0].model == "claude-sonnet-4-6");
    CHECK(root->targets[0].provider.empty());
    CHECK(root->targets[1].name == "stop");
    CHECK_FALSE(root->targets[1].refuse.empty());
    const RouteNode& split = root->targets[2];
    CHECK(split.mode == RouteMode::loadbalance);
    REQUIRE(split.sticky);
    CHECK(split.sticky->fields.empty());  // the session
    REQUIRE(split.targets.size() == 2);
    CHECK(split.targets[0].weight == 80);
    CHECK(split.targets[1].weight == 20);
    CHECK(split.targets[1].name == "best");
    const RouteNode& stable = split.targets[0];
    CHECK(stable.mode == RouteMode::fallback);
    REQUIRE(stable.on_status);
    CHECK(stable.on_status->front() == 401);
    REQUIRE(stable.targets.size() == 2);
    CHECK(stable.targets[0].provider == "openai");
    CHECK(stable.targets[1].provider == "azure");
    CHECK(stable.targets[1].model == "gpt-5-nano");
}

TEST_CASE("dynamic route: the tree is a document of llmgw's own") {
    CHECK(is_dynamic_route(kSupport));
    const auto root = parse_route(kSupport);
    REQUIRE(root);
    const std::string document = print_route(*root);
    CHECK_FALSE(is_dynamic_route(document));
    const auto again = parse_route(document);
    REQUIRE_MESSAGE(again, again.error().message);
    CHECK(print_route(*again) == document);
    CHECK_FALSE(is_dynamic_route("{\"provider\":\"openai\"}"));
    CHECK_FALSE(is_dynamic_route("no JSON"));
}

TEST_CASE("dynamic route: conditions hold for the same requests") {
    constexpr const char* kField = R"("field":{"source":"body","path":"a.b.c"},)";
    const auto test = [&](const std::string& rest) { return query(kField + rest); };
    // Texts are compared: a number and its text are the same there.
    CHECK(test(R"("op":"eq","value":"x")") == R"({"body.a.b.c":"x"})");
    CHECK(test(R"("op":"eq","value":5)") == R"({"body.a.b.c":{"$in":["5",5]}})");
    CHECK(test(R"("op":"eq","value":"5.0")") == R"({"body.a.b.c":"5.0"})");
    CHECK(test(R"("op":"eq","value":5.0)") == R"({"body.a.b.c":{"$in":["5",5]}})");
    CHECK(test(R"("op":"eq","value":0.25)") == R"({"body.a.b.c":{"$in":["0.25",0.25]}})");
    CHECK(test(R"("op":"eq","value":true)") == R"({"body.a.b.c":{"$in":["true",true]}})");
    CHECK(test(R"("op":"neq","value":"x")") == R"({"body.a.b.c":{"$ne":"x"}})");
    CHECK(test(R"("op":"neq","value":false)") == R"({"body.a.b.c":{"$nin":["false",false]}})");
    CHECK(test(R"("op":"in","value":["x","7"])") == R"({"body.a.b.c":{"$in":["x","7",7]}})");
    CHECK(test(R"("op":"gt","value":1e3)") == R"({"body.a.b.c":{"$gt":1e3}})");
    CHECK(test(R"("op":"lt","value":-2)") == R"({"body.a.b.c":{"$lt":-2}})");
    CHECK(test(R"("op":"contains","value":"a.(b")") ==
          R"({"body.a.b.c":{"$regex":"^(?!undefined$)[\\s\\S]*a\\.\\(b"}})");
    CHECK(test(R"("op":"exists")") == R"_({"body.a.b.c":{"$regex":"^(?!undefined$)"}})_");
    CHECK(query(R"("field":{"source":"metadata","path":"plan"},"op":"eq","value":"pro")") ==
          R"({"metadata.plan":"pro"})");

    const auto says = [&](const std::string& rest, const char* what) {
        CAPTURE(rest);
        CHECK(test(rest).find(what) != std::string::npos);
    };
    says(R"("op":"like","value":1)", "/nodes/0/conditions/0/op must be eq, neq, in, contains");
    says(R"("op":"eq")", "/nodes/0/conditions/0 needs \"value\"");
    says(R"("op":"exists","value":1)", "/nodes/0/conditions/0/value has no meaning");
    says(R"("op":"gt","value":"5")", "/nodes/0/conditions/0/value must be a number");
    says(R"("op":"gt","value":1e999)", "/nodes/0/conditions/0/value is out of range");
    says(R"("op":"eq","value":-1e999)", "/nodes/0/conditions/0/value is out of range");
    says(R"("op":"in","value":"x")", "/nodes/0/conditions/0/value must be an array");
    says(R"("op":"eq","value":["x"])", "/nodes/0/conditions/0/value must be a text, a number");
    says(R"("op":"contains","value":"")", "/nodes/0/conditions/0/value must be a text");
    says(R"("value":"x")", "/nodes/0/conditions/0 needs \"op\"");
    CHECK(query(R"("op":"exists")").find("needs \"field\"") != std::string::npos);
    CHECK(query(R"("field":{"source":"cookie","path":"a"},"op":"exists")")
              .find("/nodes/0/conditions/0/field/source must be header, body or metadata") !=
          std::string::npos);
}

TEST_CASE("dynamic route: graphs that cannot be a tree") {
    const auto says = [](const std::string& document, const char* what) {
        CAPTURE(document);
        const std::string message = told(document);
        CAPTURE(message);
        CHECK(message.find(what) != std::string::npos);
    };
    says(R"({"entry":"a"})", "the document needs \"nodes\"");
    says(R"({"nodes":[]})", "the document needs \"entry\"");
    says(R"({"entry":"x","nodes":[]})", "/entry is the id of no node");
    says(R"({"entry":"m","nodes":[)" + std::string(kModel) + "],\"name\":1}", "/name is not known");
    says(graph(R"({"id":"a","type":"model"})"), "/nodes/0 needs \"model\"");
    says(graph(R"({"id":"a","type":"model","model":"route/a"})"), "/nodes/0/model must be a model");
    says(graph(R"({"id":"a","type":"model","model":"x","providers":[]})"),
         "/nodes/0/providers has no provider");
    says(graph(R"({"id":"a","type":"model","model":"x","providers":["a/b"]})"),
         "/nodes/0/providers/0 must be the id of a provider");
    says(graph(R"({"id":"a","type":"model","model":"x","next":"b"})"),
         "/nodes/0/next is not known");
    says(graph(R"({"id":"a","type":"classifier"})"),
         "/nodes/0/type is a kind of node that llmgw does not have");
    says(graph(R"({"id":"a","type":"budget"})"), "/nodes/0/type must be conditional, percentage");
    says(graph(R"({"id":"a"})"), "/nodes/0 needs \"type\"");
    says(graph(R"({"type":"end"})"), "/nodes/0 needs \"id\"");
    says(graph(R"({"id":"a","type":"end"},{"id":"a","type":"end"})"),
         "/nodes/1/id is the id of another node already");
    says(graph(R"({"id":"a","type":"end"},)" + std::string(kModel)),
         "/nodes/1 cannot be reached from the entry");
    says(graph(R"({"id":"a","type":"percentage","splits":[]})"), "/nodes/0/splits has no branch");
    says(graph(R"({"id":"a","type":"percentage","splits":[{"weight":0,"next":"m"}]},)" +
               std::string(kModel)),
         "/nodes/0/splits/0/weight must be a number > 0");
    says(graph(R"({"id":"a","type":"percentage","splits":[{"weight":1,"next":"x"}]})"),
         "/nodes/0/splits/0/next is the id of no node");
    says(graph(R"({"id":"a","type":"conditional","conditions":[]})"), "/nodes/0 needs \"else\"");

    // A cycle, of one node and of two.
    says(graph(R"({"id":"a","type":"percentage","splits":[{"weight":1,"next":"a"}]})"),
         "/nodes/0/splits/0/next leads back");
    says(graph(R"({"id":"a","type":"percentage","splits":[{"weight":1,"next":"b"}]},)"
               R"({"id":"b","type":"percentage","splits":[{"weight":1,"next":"a"}]})"),
         "/nodes/1/splits/0/next leads back");
}

TEST_CASE("dynamic route: too long, and too much when written out") {
    // A chain: each node leads to the next, `width` times.
    const auto chain = [](int length, int width, const std::string& last) {
        std::string nodes;
        for (int i = 0; i < length; i++) {
            nodes += R"({"id":"n)" + std::to_string(i) + R"(","type":"percentage","splits":[)";
            for (int j = 0; j < width; j++) {
                nodes += std::string(j == 0 ? "" : ",") + R"({"weight":1,"next":"n)" +
                         std::to_string(i + 1) + "\"}";
            }
            nodes += "]},";
        }
        return R"({"entry":"n0","nodes":[)" + nodes + R"({"id":"n)" + std::to_string(length) +
               R"(","type":"model","model":"x")" + last + "}]}";
    };
    CHECK(told(chain(kMaxRouteDepth - 1, 1, "")) == "");
    CHECK(told(chain(kMaxRouteDepth, 1, "")).find("is too many steps from the entry") !=
          std::string::npos);
    // Several providers are a group of their own.
    constexpr const char* kTwo = R"(,"providers":["openai","azure"])";
    CHECK(told(chain(kMaxRouteDepth - 2, 1, kTwo)) == "");
    CHECK(told(chain(kMaxRouteDepth - 1, 1, kTwo)).find("/nodes/7/providers is too many steps") !=
          std::string::npos);
    CHECK(told(chain(2, 20, "")) == "");
    CHECK(told(chain(2, 20, ",\"providers\":[\"" + std::string(10'000, 'x') + "\"]"))
              .find("the document is too large when it is written out") != std::string::npos);
    CHECK(told(chain(3, 20, "")).find("has more than 1000 nodes") != std::string::npos);
}
