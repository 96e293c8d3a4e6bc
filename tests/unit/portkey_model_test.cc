// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/portkey_model.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/portkey/model_condition.h"
#include "common/portkey/pattern_sample.h"
#include "common/portkey/proof.h"
#include "common/portkey/proof_request.h"
#include "common/portkey/proof_table.h"

namespace llmgw {
namespace {

constexpr std::string_view kBody = R"({"model":"asked","messages":[]})";

ModelNode model_of(std::string_view config, bool oss = false) {
    auto model = read_portkey_model(config, oss);
    REQUIRE(model);
    return *std::move(model);
}

ProofFate answers(int status, int times = 0) {
    return {ProofFate::Kind::answers, status, times};
}

// "targets[0] a x2, targets[1] b = 200"
std::string run(std::string_view config, std::map<std::string, ProofFate> fates,
                std::map<std::string, double> chances = {}, std::string metadata = "",
                bool oss = false) {
    ProofCase row;
    row.body = kBody;
    row.fates = std::move(fates);
    row.chances = std::move(chances);
    row.metadata = std::move(metadata);
    const auto result = run_portkey_model(model_of(config, oss), row);
    if (!result) {
        return "unknown";
    }
    std::string text;
    for (const ProofCall& call : result->run.calls) {
        text += (text.empty() ? "" : ", ") + call.target + " " + call.model + " x" +
                std::to_string(call.tries);
    }
    return text + " = " + std::to_string(result->run.status);
}

// A group of two targets, with more members of its own and of its strategy.
std::string two(const std::string& strategy, const std::string& more = "") {
    return R"({"strategy":{)" + strategy + "}" + more +
           R"(,"targets":[)"
           R"({"name":"a","provider":"@x","weight":0.7,"override_params":{"model":"a"}},)"
           R"({"name":"b","virtual_key":"y","weight":0.3,"override_params":{"model":"b"}}]})";
}

ModelMatch matches(std::string_view query, std::string metadata = "",
                   std::string_view body = kBody) {
    ProofCase request;
    request.metadata = std::move(metadata);
    request.body = body;
    return evaluate_portkey_query(query, request);
}

}  // namespace

TEST_CASE("portkey model: fallback goes on after any status but 2xx, or after those listed") {
    const std::string any = two(R"("mode":"fallback")");
    CHECK(run(any, {}) == "targets[0] a x1 = 200");
    CHECK(run(any, {{"targets[0]", answers(246)}}) == "targets[0] a x1 = 246");
    CHECK(run(any, {{"targets[0]", answers(400)}}) == "targets[0] a x1, targets[1] b x1 = 200");
    CHECK(run(any, {{"targets[0]", {ProofFate::Kind::no_connection}}}) ==
          "targets[0] a x1, targets[1] b x1 = 200");
    CHECK(run(any, {{"targets[0]", answers(500)}, {"targets[1]", answers(429)}}) ==
          "targets[0] a x1, targets[1] b x1 = 429");
    const std::string listed = two(R"("mode":"fallback","on_status_codes":[429])");
    CHECK(run(listed, {{"targets[0]", answers(500)}}) == "targets[0] a x1 = 500");
    CHECK(run(listed, {{"targets[0]", answers(429)}}) == "targets[0] a x1, targets[1] b x1 = 200");
    const std::string never = two(R"("mode":"fallback","onStatusCodes":[])");
    CHECK(run(never, {{"targets[0]", answers(500)}}) == "targets[0] a x1 = 500");
    const std::string good = two(R"("mode":"fallback","on_status_codes":[200])");
    CHECK(run(good, {}) == "targets[0] a x1, targets[1] b x1 = 200");
}

TEST_CASE("portkey model: loadbalance draws by weight and does not fail over") {
    const std::string config = two(R"("mode":"loadbalance")");
    CHECK(run(config, {}, {{"", 0.69}}) == "targets[0] a x1 = 200");
    CHECK(run(config, {}, {{"", 0.71}}) == "targets[1] b x1 = 200");
    CHECK(run(config, {{"targets[0]", answers(500)}}, {{"", 0.1}}) == "targets[0] a x1 = 500");
    const ModelNode mixed = model_of(
        R"({"strategy":{"mode":"loadbalance"},"targets":[{"provider":"@a","weight":0.5},{"provider":"@b"}]})");
    CHECK(mixed.targets[1].weight == 1);
}

TEST_CASE("portkey model: retries and timeouts") {
    const auto leaf = [](const std::string& retry) {
        return R"({"provider":"@x","retry":)" + retry + R"(,"request_timeout":300})";
    };
    const auto ask = [&](const std::string& retry, ProofFate fate, bool oss = false) {
        return run(leaf(retry), {{"", fate}}, {}, "", oss);
    };
    CHECK(ask(R"({"attempts":2})", answers(503)) == " asked x3 = 503");
    CHECK(ask(R"({"attempts":2})", answers(400)) == " asked x1 = 400");
    CHECK(ask(R"({"attempts":2})", answers(503, 1)) == " asked x2 = 200");
    CHECK(ask(R"({"attempts":2,"on_status_codes":[400]})", answers(400)) == " asked x3 = 400");
    CHECK(ask(R"({"attempts":2,"on_status_codes":[]})", answers(429)) == " asked x1 = 429");
    CHECK(ask(R"({"attempts":9})", answers(429)) == " asked x6 = 429");
    CHECK(ask(R"({"attempts":9})", answers(429), true) == " asked x10 = 429");
    CHECK(ask(R"({"attempts":1})", answers(529)) == " asked x2 = 529");
    CHECK(ask(R"({"attempts":1})", answers(529), true) == " asked x1 = 529");
    CHECK(ask(R"({"attempts":1})", {ProofFate::Kind::silent}) == " asked x1 = 408");
    CHECK(ask(R"({"attempts":1})", {ProofFate::Kind::no_connection}) == " asked x2 = 500");
    CHECK(ask(R"({"attempts":1,"use_retry_after_header":true})",
              {ProofFate::Kind::answers, 429, 0, 61}) == " asked x1 = 429");
    // The child's replaces the parent's as a whole.
    CHECK(run(R"({"strategy":{"mode":"single"},"retry":{"attempts":3,"on_status_codes":[418]},)"
              R"("targets":[{"provider":"@a","retry":{"attempts":1}}]})",
              {{"targets[0]", answers(418)}}) == "targets[0] asked x1 = 418");
}

TEST_CASE("portkey model: nested groups, inherited models, and targets without a provider") {
    const std::string nested =
        R"({"strategy":{"mode":"fallback"},"override_params":{"model":"m"},"targets":[)"
        R"({"strategy":{"mode":"loadbalance"},"targets":[{"provider":"@a"},{"provider":"@b"}]},)"
        R"({"override_params":{"model":"@c/x/y"}},{"api_key":"k"},{"provider":"@d"}]})";
    CHECK(run(nested, {{"targets[0].targets[1]", answers(500)}}, {{"targets[0]", 0.6}}) ==
          "targets[0].targets[1] m x1, targets[1] x/y x1 = 200");
    // Nobody to ask is an answer of Portkey's own, after which nothing comes.
    CHECK(run(nested, {{"targets[0].targets[0]", answers(500)}, {"targets[1]", answers(500)}}) ==
          "targets[0].targets[0] m x1, targets[1] x/y x1 = 500");
}

TEST_CASE("portkey model: what Portkey refuses") {
    CHECK(run(R"({"targets":[{"provider":"@a"}]})", {}) == " = 400");
    CHECK(run(R"({"strategy":"fallback","targets":[{"provider":"@a"}]})", {}) == " = 400");
    CHECK(run(R"({"strategy":{"mode":"single"}})", {}) == " = 500");
    CHECK(run(R"({"mode":"fallback","options":[{"provider":"a"}]})", {}) ==
          "targets[0] asked x1 = 200");
    CHECK_FALSE(read_portkey_model("[]", false));
    CHECK_FALSE(read_portkey_model("{", false));
}

TEST_CASE("portkey model: conditional") {
    const std::string config = two(R"("mode":"conditional","default":"b","conditions":[)"
                                   R"({"query":{"metadata.plan":{"$eq":"paid"}},"then":"a"},)"
                                   R"({"query":{"metadata.plan":"lost"},"then":"nobody"}])");
    CHECK(run(config, {}, {}, R"({"plan":"paid"})") == "targets[0] a x1 = 200");
    CHECK(run(config, {}, {}, R"({"plan":"free"})") == "targets[1] b x1 = 200");
    CHECK(run(config, {}, {}, "{'plan':'paid'}") == "targets[1] b x1 = 200");
    CHECK(run(config, {}, {}, R"({"plan":"lost"})") == " = 400");
    const std::string bare = two(
        R"("mode":"conditional","conditions":[{"query":{"metadata.a":{"$exists":1}},"then":"a"}])");
    CHECK(run(bare, {}) == " = 400");
    const std::string pattern = two(
        R"("mode":"conditional","conditions":[{"query":{"metadata.a":{"$regex":"(?<=x)y"}},"then":"a"}])");
    CHECK(run(pattern, {}) == "unknown");
}

TEST_CASE("portkey model: queries") {
    using M = ModelMatch;
    struct Case {
        std::string_view query, metadata;
        M match;
    };
    const Case cases[] = {
        {"{}", "", M::yes},
        {R"({"metadata.n":5})", R"({"n":"5"})", M::no},
        {R"({"metadata.n":5})", R"({"n":5.0})", M::yes},
        {R"({"metadata.n":{"$gt":4}})", R"({"n":"5abc"})", M::yes},
        {R"({"metadata.n":{"$gt":4}})", R"({"n":"abc"})", M::no},
        {R"({"metadata.n":{"$lte":"5"}})", R"({"n":5})", M::yes},
        {R"({"metadata.n":{"$ne":"a"}})", "", M::yes},
        {R"({"metadata.n":{"$nin":["a"]}})", "", M::yes},
        {R"({"metadata.n":{"$nin":"a"}})", "", M::no},
        {R"({"metadata.n":{"$in":["a","b"]}})", R"({"n":"b"})", M::yes},
        {R"({"metadata.n":{"$regex":"^undef"}})", "", M::yes},
        {R"({"metadata.n":{"$regex":"^1$"}})", R"({"n":1.0})", M::yes},
        {R"({"metadata.n":{"$regex":"a","$eq":"b"}})", R"({"n":"ca"})", M::yes},
        {R"({"metadata.n":{}})", "", M::yes},
        {R"({"metadata.n":[]})", "", M::yes},
        {R"({"metadata.n":null})", "", M::no},
        {R"({"metadata.n":null})", R"({"n":null})", M::yes},
        {R"({"$and":[]})", "", M::yes},
        {R"({"$or":[]})", "", M::no},
        {R"({"$or":[{"metadata.a":1},{"metadata.b":1}],"metadata.c":1})", R"({"b":1})", M::yes},
        {R"({"metadata.c":1,"$or":[{}]})", "", M::no},
        {R"({"metadata.a.b":{"$eq":1}})", R"({"a":{"b":1}})", M::no},
        {R"({"metadata.a":{"$like":1}})", "", M::fails},
        {R"({"url.pathname":"/v1/chat/completions"})", "", M::yes},
        {R"({"params.model":{"$regex":"ask"}})", "", M::yes},
    };
    for (const Case& each : cases) {
        CAPTURE(each.query);
        CAPTURE(each.metadata);
        CHECK(matches(each.query, std::string(each.metadata)) == each.match);
    }
}

TEST_CASE("proof: a sample for a pattern") {
    CHECK(pattern_sample("^gpt-(4|5)o?$") == "gpt-4o");
    CHECK(pattern_sample("(?:eu|us)-[a-z]+\\d{3}") == "eu-a111");
    CHECK(pattern_sample("a\\.b(?=c)c") == "a.bc");
    CHECK(pattern_sample("(?<name>x)|y") == "x");
    for (const std::string_view odd : {"(", "[", "\\", "{", "a{", "((((", "[^", "(?", "(?<", "*"}) {
        CHECK(pattern_sample(odd).size() < 10);
    }
    CHECK(pattern_sample(std::string(100'000, '(')).empty());
}

TEST_CASE("proof: the decision table") {
    const auto table_of = [](std::string_view config, std::size_t most = 500) {
        return make_proof_table(model_of(config), most);
    };
    const auto has = [](const ProofTable& table, std::string_view what) {
        return std::any_of(table.rows.begin(), table.rows.end(), [&](const ProofTable::Row& row) {
            return row.request.what.starts_with(what);
        });
    };
    SUBCASE("each target fails in each way") {
        const auto table = table_of(
            two(R"("mode":"fallback","on_status_codes":[418])",
                R"(,"retry":{"attempts":2,"on_status_codes":[521]},"request_timeout":300)"));
        for (const char* const target : {"targets[0]", "targets[1]"}) {
            for (const char* const way :
                 {" answers 200", " answers 400", " answers 401", " answers 418", " answers 429",
                  " answers 500", " answers 503", " answers 521", " cannot be connected to",
                  " is silent for 300 ms", " answers 521 once"}) {
                CHECK(has(table, std::string(target) + way));
            }
        }
        CHECK(table.not_asked.empty());
        CHECK_FALSE(table.cut);
    }
    SUBCASE("what nothing leads to is said") {
        const auto table = table_of(two(R"("mode":"fallback","on_status_codes":[])"));
        CHECK(table.not_asked == std::vector<std::string>{"targets[1]"});
    }
    SUBCASE("each draw is made at both ends of its share") {
        const auto table = table_of(two(R"("mode":"loadbalance")"));
        CHECK(has(table, "targets[0] has 70 %, chance says 0.0001 %"));
        CHECK(has(table, "targets[0] has 70 %, chance says 70 %"));
        CHECK(has(table, "targets[1] has 30 %, chance says 70 %"));
        CHECK(has(table, "targets[1] has 30 %, chance says 100 %"));
    }
    SUBCASE("each condition holds, does not, and lacks its field") {
        const auto table =
            table_of(two(R"("mode":"conditional","default":"b","conditions":[)"
                         R"({"query":{"metadata.tier":{"$ne":"x"}},"then":"a"},)"
                         R"({"query":{"$and":[{"metadata.region":{"$regex":"^eu-\\d+"}},)"
                         R"({"params.max_tokens":{"$gt":100}}]},"then":"b"}])"));
        CHECK(has(table, "conditions[0] holds"));
        CHECK(has(table, "conditions[0] does not hold: metadata.tier = \"x\""));
        CHECK(has(table, "conditions[0] without metadata.tier"));
        CHECK(has(table, "conditions[1] holds"));
        CHECK(has(table, "conditions[1] without metadata.region"));
        CHECK(has(table, "no condition holds"));
        CHECK(has(table, "targets[1] answers 429"));
    }
    SUBCASE("it is cut") {
        const auto table = table_of(two(R"("mode":"fallback")"), 5);
        CHECK(table.rows.size() == 5);
        CHECK(table.cut);
    }
}

TEST_CASE("proof: verdicts") {
    ProofSubject subject;
    const std::string config = two(R"("mode":"fallback","on_status_codes":[429])");
    subject.config = config;
    const auto row_of = [](const RouteProof& proof, std::string_view what) {
        const auto found =
            std::find_if(proof.rows.begin(), proof.rows.end(),
                         [&](const ProofRow& row) { return row.request.what == what; });
        REQUIRE(found != proof.rows.end());
        return *found;
    };
    // Does as Portkey, until it is made to do something else.
    const ModelNode model = model_of(config);
    const auto faithful = [&](const ProofCase& row, const std::vector<double>&) {
        return run_portkey_model(model, row)->run;
    };
    SUBCASE("all the same") {
        const auto proof = prove_route(subject, faithful);
        REQUIRE(proof);
        CHECK(proof->count_same() == proof->rows.size());
        CHECK(proof->count_unexplained() == 0);
    }
    SUBCASE("each kind of difference is seen") {
        struct Fault {
            std::string_view difference;
            std::function<void(ProofRun&)> make;
        };
        const Fault faults[] = {
            {"answers 500, Portkey 200", [](ProofRun& run) { run.status = 500; }},
            {"asks nobody, Portkey targets[1]", [](ProofRun& run) { run.calls.pop_back(); }},
            {"asks targets[1], Portkey targets[0]",
             [](ProofRun& run) { run.calls.erase(run.calls.begin()); }},
            {"asks targets[0] 2 times, Portkey 1 times",
             [](ProofRun& run) { run.calls[0].tries = 2; }},
            {"asks targets[1] for c, Portkey for b",
             [](ProofRun& run) { run.calls[1].model = "c"; }},
            {"asks targets[2], Portkey nobody",
             [](ProofRun& run) {
                 run.calls.push_back({"targets[2]", "c", 1});
             }},
        };
        constexpr std::string_view kWhat = "targets[0] answers 429";
        for (const Fault& fault : faults) {
            const auto proof = prove_route(subject, [&](const ProofCase& row, const auto& draws) {
                ProofRun run = faithful(row, draws);
                if (row.what == kWhat) {
                    fault.make(run);
                }
                return run;
            });
            REQUIRE(proof);
            CHECK(proof->count_unexplained() == 1);
            CHECK(row_of(*proof, kWhat).difference == fault.difference);
        }
    }
    SUBCASE("a finding explains what is about its target") {
        const auto faulty = [&](const ProofCase& row, const std::vector<double>& draws) {
            ProofRun run = faithful(row, draws);
            run.calls[0].tries += row.what == "targets[0] answers 500" ? 1 : 0;
            return run;
        };
        const auto unexplained = [&](const char* code, const char* pointer) {
            Finding finding;
            finding.code = code;
            finding.pointer = pointer;
            subject.findings = {finding};
            const auto proof = prove_route(subject, faulty);
            return proof ? proof->count_unexplained() : 99;
        };
        CHECK(unexplained("I-TYPE", "/targets/0/retry/attempts") == 0);
        CHECK(unexplained("I-TYPE", "/retry") == 0);
        CHECK(unexplained("I-TYPE", "/targets/1/retry/attempts") == 1);
        CHECK(unexplained("CA-SEM", "/targets/0/cache") == 1);
        CHECK(unexplained("R-PUBLISHER", "/targets/0") == 1);
    }
    SUBCASE("no connection is another status, and may lead on") {
        const auto proof = prove_route(subject, [&](const ProofCase& row, const auto& draws) {
            ProofRun run = faithful(row, draws);
            if (row.what == "targets[0] cannot be connected to") {
                run.status = 502;
            }
            if (row.what == "targets[1] cannot be connected to") {
                run.status = 503;
            }
            return run;
        });
        REQUIRE(proof);
        CHECK(row_of(*proof, "targets[0] cannot be connected to").code == "D-CONNECT");
        CHECK(row_of(*proof, "targets[1] cannot be connected to").code.empty());
    }
}

}  // namespace llmgw
