// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/route_target.h"

#include <doctest/doctest.h>

#include <map>

#include "daemon/gateway/extra_headers.h"

using namespace llmgw;

namespace {

ProviderAccess make_key(const char* label, const char* provider, std::int64_t weight = 1) {
    ProviderAccess access;
    access.label = label;
    access.provider = catalog::find_provider(provider);
    access.name = access.provider != nullptr ? provider : label;
    access.weight = weight;
    return access;
}

Snapshot make_snapshot() {
    Snapshot snapshot;
    snapshot.accesses = {make_key("work", "openai", 3), make_key("home", "openai"),
                         make_key("lab", "custom"), make_key("off", "groq")};
    snapshot.accesses[3].enabled = false;
    return snapshot;
}

RouteLeaf leaf_of(const char* provider) {
    RouteLeaf leaf;
    leaf.provider = provider;
    return leaf;
}

std::shared_ptr<const InferenceCall> make_call(const char* model) {
    const std::string body = std::string(R"({"messages":[{"role":"user","content":"x"}])") +
                             (*model == '\0' ? "" : ",\"model\":\"" + std::string(model) + "\"") +
                             "}";
    auto call = InferenceCall::parse(Endpoint::chat_completions, body, ModelField::optional);
    REQUIRE(call);
    return std::move(*call);
}

std::vector<std::string> labels(const Result<RouteTarget>& target) {
    REQUIRE(target);
    std::vector<std::string> names;
    for (const Candidate& candidate : target->offers.candidates) {
        names.push_back(candidate.mock ? "mock" : candidate.access->label);
    }
    return names;
}

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("route target: whom it asks") {
    const Snapshot snapshot = make_snapshot();
    const RouteCall route;
    const auto find = [&](const char* provider, const char* model = "any/model:1") {
        return find_target(snapshot, route, leaf_of(provider), model, {});
    };
    CHECK(labels(find("@lab")) == Labels{"lab"});
    CHECK(find("@lab")->offers.candidates[0].upstream_model == "any/model:1");
    CHECK(labels(find("openai")) == Labels{"work", "home"});
    CHECK(labels(find("lab")) == Labels{"lab"});
    CHECK(labels(find("mock", "echo")) == Labels{"mock"});
    CHECK(!find("openai")->routed);
    CHECK(find("", "gpt-4o")->routed);
    CHECK(!find("@none"));
    CHECK(!find("@off"));
    CHECK(!find("groq"));
    CHECK(!find("cohere"));
    CHECK(!find("", "no-such-model"));
    const auto nothing = find("@lab", "");
    REQUIRE(!nothing);
    CHECK(nothing.error().param == "model");
    RouteLeaf refusing = leaf_of("@lab");
    refusing.refuse = "not today";
    const auto refused = find_target(snapshot, route, refusing, "m", {});
    REQUIRE(!refused);
    CHECK(refused.error().message == "not today");
    CHECK(refused.error().kind == Errc::invalid_request);
}

TEST_CASE("route target: keys that came with the request come first") {
    const Snapshot snapshot = make_snapshot();
    RouteCall route;
    route.keys = std::make_shared<const std::vector<ProviderAccess>>(
        std::vector<ProviderAccess>{make_key("lab", "groq")});
    const auto target = find_target(snapshot, route, leaf_of("@lab"), "m", {});
    REQUIRE(target);
    CHECK(target->own_keys);
    CHECK(target->offers.candidates[0].provider_name() == "groq");
    CHECK(!find_target(snapshot, route, leaf_of("@work"), "m", {})->own_keys);
}

TEST_CASE("route target: the model that is asked for") {
    RouteCall route;
    CHECK(requested_model(route, "gpt") == "gpt");
    CHECK(requested_model(route, "route/prod").empty());
    route.model = "m";
    CHECK(requested_model(route, "route/prod/m") == "m");
    RouteLeaf leaf;
    leaf.default_model = "usual";
    CHECK(model_of(leaf, "") == "usual");
    CHECK(model_of(leaf, "m") == "m");
    leaf.model = "own";
    CHECK(model_of(leaf, "m") == "own");
}

TEST_CASE("route target: an alias of a route is a model's name inside of it") {
    Snapshot snapshot = make_snapshot();
    snapshot.aliases.emplace("gpt-4o", "route/prod");
    snapshot.aliases.emplace("fast", "gpt-4o-mini");
    const RouteCall route;
    CHECK(find_target(snapshot, route, leaf_of(""), "gpt-4o", {}));
    CHECK(find_target(snapshot, route, leaf_of(""), "fast", {}));
}

TEST_CASE("route target: keys are drawn by their weights, those that rest last") {
    const Snapshot snapshot = make_snapshot();
    const auto target = find_target(snapshot, {}, leaf_of("openai"), "m", {});
    REQUIRE(target);
    std::map<std::string, int> drawn;
    const auto none = [](const Candidate&) { return false; };
    for (std::uint64_t bits = 0; bits < 400; bits++) {
        drawn[draw_candidate(target->offers, bits, none).access->label]++;
    }
    CHECK(drawn["work"] == 300);
    CHECK(drawn["home"] == 100);
    const auto work = [](const Candidate& one) { return one.access->label == "work"; };
    const auto all = [](const Candidate&) { return true; };
    for (std::uint64_t bits = 0; bits < 8; bits++) {
        CHECK(draw_candidate(target->offers, bits, work).access->label == "home");
        drawn[draw_candidate(target->offers, bits, all).access->label]++;
    }
    CHECK(drawn["work"] == 306);
}

TEST_CASE("route target: the request that it gets") {
    const auto call = make_call("route/prod");
    RouteLeaf leaf;
    CHECK(call_for_target(call, leaf, "m").value() == call);
    leaf.set.emplace_back("n", "2");
    const auto changed = call_for_target(call, leaf, "m");
    REQUIRE(changed);
    CHECK((*changed)->body == R"({"messages":[{"role":"user","content":"x"}],"model":"m","n":2})");
    CHECK((*changed)->model == "route/prod");
    const auto without = call_for_target(make_call(""), RouteLeaf(), "m");
    REQUIRE(without);
    CHECK((*without)->model == "m");
    leaf.set.emplace_back("messages", "[]");
    const auto wrong = call_for_target(call, leaf, "m");
    REQUIRE(!wrong);
    CHECK(wrong.error().param == "messages");
}

TEST_CASE("route target: headers that go upstream") {
    RequestHead client;
    client.headers = {{"X-Team", "a"},  {"Authorization", "Bearer s"},
                      {"cookie", "c"},  {"x-llmgw-plain", "1"},
                      {"X-Other", "o"}, {"Host", "h"}};
    const std::vector<std::string> forwarded = {"x-team",        "authorization", "cookie",
                                                "x-llmgw-plain", "host",          "x-none"};
    const ExtraHeaders own = {
        {"x-team", "mine"}, {"OpenAI-Beta", "v2"}, {"x-api-key", "k"}, {"x-bad", "a\r\nb: c"}};
    const ExtraHeaders headers = extra_headers(own, forwarded, client);
    CHECK(headers == ExtraHeaders{{"x-team", "a"}, {"OpenAI-Beta", "v2"}});
    std::string head =
        "POST /x HTTP/1.1\r\nHost: h\r\nopenai-beta: v1\r\nX-TEAM: z\r\nAccept: a\r\n\r\n";
    set_headers(head, headers);
    CHECK(head ==
          "POST /x HTTP/1.1\r\nHost: h\r\nAccept: a\r\nx-team: a\r\nOpenAI-Beta: v2\r\n\r\n");
}
