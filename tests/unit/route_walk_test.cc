// SPDX-License-Identifier: Apache-2.0
#include "common/routes/route_walk.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "common/routes/parameters.h"

using namespace llmgw;

namespace {

RouteTree tree_of(const char* document) {
    const auto node = parse_route(document);
    REQUIRE_MESSAGE(node, document);
    const auto tree = compile_route(*node);
    REQUIRE(tree);
    return *tree;
}

/// A walk and what it is asked for.
struct Trial {
    explicit Trial(const char* document) : tree(tree_of(document)) {}

    RouteWalk walk() {
        WalkInput input;
        input.condition.params = *scan_object(body);
        input.condition.metadata = *scan_object(metadata);
        input.condition.pathname = "/v1/chat/completions";
        input.session = session;
        input.route = "r";
        input.random = [this] { return random(); };
        input.now = now;
        return RouteWalk(*tree, std::move(input));
    }
    // The targets that are asked when each answers with the next of these statuses.
    std::vector<std::string> asked(const std::vector<LeafStatuses>& statuses) {
        RouteWalk walked = walk();
        std::vector<std::string> paths;
        auto step = walked.first();
        for (const LeafStatuses& one : statuses) {
            REQUIRE(step);
            if (*step == nullptr) {
                break;
            }
            paths.push_back((*step)->path);
            step = walked.next(one);
        }
        REQUIRE(step);
        if (*step != nullptr) {
            paths.push_back("and " + (*step)->path);
        }
        return paths;
    }

    RouteTree tree;
    std::string body = R"({"model":"m","n":1})";
    std::string metadata = "{}";
    std::string session;
    std::int64_t now = 1'700'000'000'000;
    std::mt19937_64 random{7};
};

using Paths = std::vector<std::string>;

std::string applied(const char* document, const char* body, std::string_view model = "m") {
    const RouteTree tree = tree_of(document);
    const RouteStep* step = tree.get();
    while (!step->targets.empty()) {
        step = &step->targets.front();
    }
    const auto fields = scan_object(body);
    REQUIRE(fields);
    return apply_parameters(*fields, step->leaf, model);
}

std::string dropped(const char* path, const char* json) {
    const auto parsed = parse_drop_path(path);
    REQUIRE_MESSAGE(parsed, path);
    return drop_from_json(json, {*parsed}).value_or("unchanged");
}

}  // namespace

TEST_CASE("route walk: fallback goes on after any status but 2xx") {
    Trial trial(R"({"strategy":"fallback","targets":[{"provider":"a"},{"provider":"b"}]})");
    CHECK(trial.asked({{200}}) == Paths{"targets[0]"});
    CHECK(trial.asked({{246}}) == Paths{"targets[0]"});
    for (const int status : {199, 302, 400, 401, 404, 408, 429, 446, 500, 529}) {
        CHECK(trial.asked({{status}, {200}}) == Paths{"targets[0]", "targets[1]"});
    }
    CHECK(trial.asked({{500}, {500}}) == Paths{"targets[0]", "targets[1]"});
}

TEST_CASE("route walk: fallback goes on after the statuses that it lists, and no others") {
    Trial listed(
        R"({"strategy":"fallback","on_status":[429,200],"targets":[{"provider":"a"},{"provider":"b"}]})");
    CHECK(listed.asked({{429}, {200}}) == Paths{"targets[0]", "targets[1]"});
    CHECK(listed.asked({{200}, {200}}) == Paths{"targets[0]", "targets[1]"});
    CHECK(listed.asked({{500}}) == Paths{"targets[0]"});
    CHECK(listed.asked({{500, 429}, {200}}) == Paths{"targets[0]", "targets[1]"});
    Trial none(
        R"({"strategy":"fallback","on_status":[],"targets":[{"provider":"a"},{"provider":"b"}]})");
    CHECK(none.asked({{500}}) == Paths{"targets[0]"});
}

TEST_CASE("route walk: the successes that are not wanted") {
    Trial trial(R"({"strategy":"fallback","on_status":[200,201,429],"targets":[
        {"strategy":"fallback","targets":[{"provider":"a"},{"provider":"b"}]},{"provider":"c"}]})");
    RouteWalk walk = trial.walk();
    REQUIRE(walk.first());
    CHECK(walk.unwanted_successes() == std::vector<int>{200, 201});
    CHECK((*walk.next({200}))->path == "targets[1]");
    CHECK(walk.unwanted_successes().empty());  // the last answer is the answer
}

TEST_CASE("route walk: a group is one target") {
    Trial trial(R"({"strategy":"fallback","targets":[
        {"strategy":"fallback","on_status":[429],"targets":[{"provider":"a"},{"provider":"b"}]},
        {"strategy":"single","targets":[{"provider":"c"},{"provider":"d"}]},
        {"provider":"e"}]})");
    const Paths all{"targets[0].targets[0]", "targets[0].targets[1]", "targets[1].targets[0]",
                    "targets[2]"};
    CHECK(trial.asked({{429}, {429}, {500}, {200}}) == all);
    // The inner group does not go on after 500, the outer one does.
    CHECK(trial.asked({{500}, {200}}) == Paths{all[0], all[2]});
    CHECK(trial.asked({{429}, {200}}) == Paths{all[0], all[1]});
}

TEST_CASE("route walk: a target that refuses is the last") {
    Trial trial(R"({"strategy":"fallback","targets":[
        {"provider":"openai","model":"a"},
        {"strategy":"single","targets":[{"refuse":"not today"}]},
        {"provider":"openai","model":"c"}]})");
    CHECK(trial.asked({{500}, {400}}) ==
          std::vector<std::string>{"targets[0]", "targets[1].targets[0]"});
}

TEST_CASE("route walk: loadbalance draws by weight, and makes up for nobody") {
    Trial trial(R"({"strategy":"loadbalance","targets":[
        {"provider":"a","weight":0.5},{"provider":"b"},{"provider":"c","weight":0},
        {"provider":"d","weight":2.5}]})");
    std::map<std::string, int> drawn;
    for (int i = 0; i < 40'000; i++) {
        drawn[trial.asked({{500}}).front()]++;
    }
    CHECK(drawn["targets[0]"] == doctest::Approx(5'000).epsilon(0.05));
    CHECK(drawn["targets[1]"] == doctest::Approx(10'000).epsilon(0.05));
    CHECK(drawn.count("targets[2]") == 0);
    CHECK(drawn["targets[3]"] == doctest::Approx(25'000).epsilon(0.05));
    CHECK(trial.asked({{500}}).size() == 1);
    RouteWalk walk = trial.walk();
    REQUIRE(walk.first());
    CHECK(walk.choices().front().weights == 4);
    CHECK(walk.choices().front().mode == RouteMode::loadbalance);
    CHECK(!walk.choices().front().sticky);
}

TEST_CASE("route walk: no weight at all") {
    Trial trial(R"({"provider":"a"})");
    RouteNode root;
    root.mode = RouteMode::loadbalance;
    root.targets.resize(2);
    root.targets[0].weight = root.targets[1].weight = 0;
    trial.tree = *compile_route(root);
    RouteWalk walk = trial.walk();
    const auto first = walk.first();
    REQUIRE(!first);
    CHECK(first.error().code == "no_route_target");
}

TEST_CASE("route walk: sticky requests keep to their target for a time") {
    Trial trial(R"({"strategy":"loadbalance","sticky":{"by":["metadata.user"],"ttl":"1h"},
        "targets":[{"provider":"a"},{"provider":"b"},{"provider":"c"}]})");
    std::map<std::string, int> drawn;
    for (int user = 0; user < 3'000; user++) {
        trial.metadata = "{\"user\":\"u" + std::to_string(user) + "\"}";
        const std::string target = trial.asked({{200}}).front();
        CHECK(trial.asked({{500}}).front() == target);
        drawn[target]++;
    }
    for (const auto& [target, count] : drawn) {
        CHECK(count == doctest::Approx(1'000).epsilon(0.12));
    }
    // After the time most of them are drawn anew; before, hardly any.
    int moved_soon = 0;
    int moved_late = 0;
    for (int user = 0; user < 300; user++) {
        trial.metadata = "{\"user\":\"u" + std::to_string(user) + "\"}";
        const std::int64_t start = trial.now;
        const std::string target = trial.asked({{200}}).front();
        trial.now += 60'000;
        moved_soon += trial.asked({{200}}).front() == target ? 0 : 1;
        trial.now = start + 2 * 3'600'000;
        moved_late += trial.asked({{200}}).front() == target ? 0 : 1;
        trial.now = start;
    }
    CHECK(moved_soon < 20);
    CHECK(moved_late > 120);
    // Without the field it is chance.
    trial.metadata = "{}";
    std::map<std::string, int> any;
    for (int i = 0; i < 100; i++) {
        any[trial.asked({{200}}).front()]++;
    }
    CHECK(any.size() == 3);
}

TEST_CASE("route walk: sticky by the session") {
    Trial trial(R"({"strategy":"loadbalance","sticky":{},
        "targets":[{"provider":"a"},{"provider":"b"},{"provider":"c"}]})");
    trial.session = "s-1";
    const std::string target = trial.asked({{200}}).front();
    for (int i = 0; i < 20; i++) {
        CHECK(trial.asked({{200}}).front() == target);
    }
    RouteWalk walk = trial.walk();
    REQUIRE(walk.first());
    CHECK(walk.choices().front().sticky);
}

TEST_CASE("route walk: the first condition that matches decides") {
    Trial trial(R"({"strategy":"conditional","conditions":[
            {"when":{"metadata.plan":"paid"},"then":"b"},{"when":{},"then":"c"}],
        "otherwise":"a","targets":[{"name":"a","provider":"a"},{"name":"b","provider":"b"},
        {"name":"c","provider":"c"},{"name":"b","provider":"second"}]})");
    CHECK(trial.asked({{500}}) == Paths{"targets[2]"});
    trial.metadata = R"({"plan":"paid"})";
    CHECK(trial.asked({{500}}) == Paths{"targets[1]"});
    RouteWalk walk = trial.walk();
    REQUIRE(walk.first());
    CHECK(walk.choices().front().condition == 0);
    CHECK(walk.choices().front().name == "b");
}

TEST_CASE("route walk: no condition matches") {
    Trial otherwise(R"({"strategy":"conditional","conditions":[
        {"when":{"metadata.plan":"paid"},"then":"b"}],"otherwise":"a",
        "targets":[{"name":"b","provider":"b"},{"name":"a","provider":"a"}]})");
    CHECK(otherwise.asked({{200}}) == Paths{"targets[1]"});
    RouteNode root;
    root.mode = RouteMode::conditional;
    root.conditions.push_back({R"({"metadata.plan":"paid"})", "A"});
    root.targets.resize(1);
    root.targets[0].name = "a";
    otherwise.tree = *compile_route(root);
    RouteWalk none = otherwise.walk();
    const auto first = none.first();
    REQUIRE(!first);
    CHECK(first.error().code == "no_route_target");
    CHECK(first.error().kind == Errc::invalid_request);
    otherwise.metadata = R"({"plan":"paid"})";
    RouteWalk unknown = otherwise.walk();
    const auto second = unknown.first();
    REQUIRE(!second);
    CHECK(second.error().code == "unknown_route_target");
    CHECK(second.error().param == "A");
}

TEST_CASE("route walk: an operator that is none, in a group that is come to late") {
    RouteNode root;
    root.mode = RouteMode::fallback;
    root.targets.resize(2);
    root.targets[0].provider = "a";
    root.targets[1].mode = RouteMode::conditional;
    root.targets[1].conditions.push_back({R"({"metadata.x":{"$like":1}})", "t"});
    root.targets[1].targets.resize(1);
    Trial trial(R"({"provider":"a"})");
    trial.tree = *compile_route(root);
    RouteWalk walk = trial.walk();
    REQUIRE(walk.first());
    const auto next = walk.next({500});
    REQUIRE(!next);
    CHECK(next.error().code == "unsupported_operator");
}

TEST_CASE("route walk: what was chosen, and why") {
    Trial trial(R"({"strategy":"fallback","targets":[{"name":"x","provider":"a"},
        {"name":"y","strategy":"single","targets":[{"provider":"b"}]}]})");
    RouteWalk walk = trial.walk();
    REQUIRE(walk.first());
    REQUIRE(walk.next({503}));
    const auto& choices = walk.choices();
    REQUIRE(choices.size() == 3);
    CHECK(choices[0].name == "x");
    CHECK(!choices[0].after_status);
    CHECK(choices[1].name == "y");
    CHECK(choices[1].after_status == 503);
    CHECK(choices[2].path == "targets[1].targets[0]");
    CHECK(choices[2].mode == RouteMode::single);
}

TEST_CASE("route tree: settings go down, and the nearest wins") {
    const RouteTree tree = tree_of(R"({"strategy":"fallback",
        "set":{"temperature":0.1,"top_p":0.1,"seed":1,"response_format":{"type":"x","k":1}},
        "default":{"max_tokens":5,"n":1},"drop":["user"],"headers":{"X-A":"1","x-b":"1"},
        "forward_headers":["x-f"],"retry":{"attempts":2,"on_status":[429]},"timeout":100,
        "cache":{"ttl":"1h"},
        "targets":[
          {"provider":"a","set":{"top_p":0.2,"response_format":{"type":"y"}},
           "default":{"n":2},"drop":["logprobs"],"headers":{"x-a":"2"},"forward_headers":["x-g"],
           "retry":{"attempts":0},"timeout":2000,"cache":false},
          {"strategy":"single","set":{"seed":2},"forward_headers":[],
           "targets":[{"provider":"b","set":{"n":3}}]}]})");
    const RouteLeaf& own = tree->targets[0].leaf;
    CHECK(own.set == RouteParameters{{"temperature", "0.1"},
                                     {"top_p", "0.2"},
                                     {"seed", "1"},
                                     {"response_format", R"({"type":"y"})"}});
    CHECK(own.defaults == RouteParameters{{"max_tokens", "5"}, {"n", "2"}});
    REQUIRE(own.drop.size() == 1);
    CHECK(own.drop[0][0].name == "logprobs");
    CHECK(own.headers.size() == 2);
    CHECK(own.headers[0].second == "2");
    CHECK(own.forward_headers == std::vector<std::string>{"x-g"});
    CHECK(own.retry.attempts == 0);
    CHECK(own.retry.statuses == RouteRetry().statuses);
    CHECK(own.timeout_ms == 2000);
    CHECK(!own.cache->enabled);
    const RouteLeaf& deep = tree->targets[1].targets[0].leaf;
    CHECK(deep.set[2] == std::pair<std::string, std::string>("seed", "2"));
    CHECK(deep.set.back() == std::pair<std::string, std::string>("n", "3"));
    CHECK(deep.retry.attempts == 2);
    CHECK(deep.retry.statuses == std::vector<int>{429});
    CHECK(deep.timeout_ms == 100);
    CHECK(deep.cache->ttl_ms == 3'600'000);
    CHECK(deep.drop[0][0].name == "user");
    CHECK(deep.forward_headers.empty());
}

TEST_CASE("route tree: the model of a target") {
    const RouteTree tree = tree_of(R"({"strategy":"fallback","set":{"model":"outer"},"targets":[
        {"provider":"a"},{"provider":"b","model":"own"},{"provider":"c","set":{"model":"set"}},
        {"provider":"d","default":{"model":"usual"}}]})");
    CHECK(tree->targets[0].leaf.model == "outer");
    CHECK(tree->targets[1].leaf.model == "own");
    CHECK(tree->targets[2].leaf.model == "set");
    CHECK(tree->targets[3].leaf.default_model == "usual");
    CHECK(tree->targets[0].leaf.set.empty());
    RouteNode wrong;
    wrong.set.emplace_back("model", "7");
    CHECK(compile_route(wrong).error().kind == Errc::invalid_file);
    RouteNode path;
    path.drop.emplace_back("a..b");
    CHECK(compile_route(path).error().kind == Errc::invalid_file);
    RouteNode query;
    query.conditions.push_back({"[]", "x"});
    CHECK(compile_route(query).error().kind == Errc::invalid_file);
}

TEST_CASE("route parameters: default, then set, then drop") {
    CHECK(applied(R"({"provider":"a"})", R"({ "model" : "x", "n" : 1.0 })") ==
          R"({"model":"m","n":1.0})");
    CHECK(applied(R"({"provider":"a","set":{"t":0.1,"k":null}})",
                  R"({"t":0.90,"model":"x","u":1e1})") ==
          R"({"t":0.1,"model":"m","u":1e1,"k":null})");
    CHECK(applied(R"({"provider":"a","default":{"t":1,"k":2}})", R"({"t":null})") ==
          R"({"t":null,"model":"m","k":2})");
    CHECK(applied(R"({"provider":"a","default":{"t":1},"set":{"t":2}})", R"({"model":"x"})") ==
          R"({"model":"m","t":2})");
    CHECK(applied(R"({"provider":"a","default":{"d":1},"set":{"s":1},"drop":["d","s","c"]})",
                  R"({"c":1,"model":"x"})") == R"({"model":"m"})");
    CHECK(applied(R"({"provider":"a","set":{"messages":[{"role":"user","content":"é"}]}})",
                  R"({"messages":[1],"model":"x"})") ==
          R"({"messages":[{"role":"user","content":"é"}],"model":"m"})");
    CHECK(applied(R"({"provider":"a","drop":["model","n"]})", R"({"n":1,"model":"x"})") ==
          R"({"model":"m"})");
    CHECK(applied(R"({"provider":"a","set":{"t":1}})", R"({"\u0074":0,"t":0})", "q\"") ==
          R"({"\u0074":1,"t":1,"model":"q\""})");
    CHECK(applied(R"({"provider":"a"})", "{}") == R"({"model":"m"})");
}

TEST_CASE("route parameters: paths of drop") {
    CHECK(dropped("a", R"({"a":1,"b":2})") == R"({"b":2})");
    CHECK(dropped("a", R"({"b":2})") == "unchanged");
    CHECK(dropped("a.b", R"({"a":{"b":1, "c" : 2},"b":3})") == R"({"a":{"c":2},"b":3})");
    CHECK(dropped("a.b", R"({"a":1})") == "unchanged");
    CHECK(dropped("a.b.c", R"({"a":{"b":[1]}})") == "unchanged");
    CHECK(dropped("a[0]", R"({"a":[1,2]})") == R"({"a":[2]})");
    CHECK(dropped("a[2]", R"({"a":[1,2]})") == "unchanged");
    CHECK(dropped("a[*]", R"({"a":[1,2]})") == R"({"a":[]})");
    CHECK(dropped("a[1].n", R"({"a":[{"n":1},{"n":2,"m":3}]})") == R"({"a":[{"n":1},{"m":3}]})");
    CHECK(dropped("a[*].n", R"({"a":[{"n":1},5,{"m":{"n":1}}]})") ==
          R"({"a":[{},5,{"m":{"n":1}}]})");
    CHECK(dropped("a[*].f[0].s", R"({"a":[{"f":[{"s":1},{"s":2}]}]})") ==
          R"({"a":[{"f":[{},{"s":2}]}]})");
    CHECK(dropped("a.n", R"({"a":[{"n":1}]})") == "unchanged");
    CHECK(dropped("a[0]", R"({"a":{"0":1}})") == "unchanged");
    CHECK(dropped("caf\u00e9", R"({"caf\u00e9":1})") == "{}");
    const std::vector<DropPath> two = {*parse_drop_path("a[0]"), *parse_drop_path("a[1]")};
    CHECK(drop_from_json(R"({"a":[1,2,3]})", two) == R"({"a":[3]})");
    for (const char* path : {"", ".", "a.", ".a", "a..b", "[0]", "a[", "a[]", "a[x]", "a[-1]",
                             "a[0", "a]", "a[0]b", "a[*]x", "a[99999999999999999999]"}) {
        CAPTURE(path);
        CHECK(!parse_drop_path(path));
    }
}
