// SPDX-License-Identifier: Apache-2.0
#include "common/routes/condition.h"

#include <doctest/doctest.h>

#include <string>

#include "common/routes/script_pattern.h"
#include "common/routes/script_regex.h"
#include "common/routes/script_value.h"

using namespace llmgw;

namespace {

constexpr std::string_view kMetadata =
    R"({"plan":"pro","seats":"12","beta":"true","none":"","nothing":"0","user":"team-7",)"
    R"("a.b":"dot","undefined":"odd","list":[5,null,"x"],"deep":{"k":1},"one":1})";
constexpr std::string_view kBody =
    R"({"model":"gpt-x","max_tokens":64,"temperature":0.25,"stream":false,"n":0,"seed":null,)"
    R"("big":1e400,"small":1e-7,"large":123456789012345680000,"user":"al\u00e9","stop":["a","b"],)"
    R"("messages":[{"role":"user"}],"response_format":{"type":"json_schema","strict":true}})";

ConditionInput input() {
    ConditionInput in;
    in.metadata = *scan_object(kMetadata);
    in.params = *scan_object(kBody);
    in.headers = {{"X-Team", "blue"}, {"x-count", "3"}};
    in.pathname = "/v1/chat/completions";
    return in;
}

bool matches(std::string_view query) {
    const auto condition = Condition::compile(query);
    REQUIRE(condition);
    const auto result = condition->matches(input());
    REQUIRE_MESSAGE(result, query);
    return *result;
}

// The operator that evaluation stumbled over.
std::string unsupported(std::string_view query) {
    const auto result = Condition::compile(query)->matches(input());
    REQUIRE_MESSAGE(!result, query);
    CHECK(result.error().code == "unsupported_operator");
    CHECK(result.error().kind == Errc::invalid_request);
    return result.error().param;
}

}  // namespace

TEST_CASE("condition: queries and whether they match") {
    struct Case {
        const char* query;
        bool match;
    };
    const Case cases[] = {
        // Equality: strict, never converting.
        {R"({})", true},
        {R"({"metadata.plan":"pro"})", true},
        {R"({"metadata.plan":"PRO"})", false},
        {R"({"metadata.plan":{"$eq":"pro"}})", true},
        {R"({"metadata.seats":12})", false},
        {R"({"metadata.seats":"12"})", true},
        {R"({"metadata.beta":true})", false},
        {R"({"params.max_tokens":64})", true},
        {R"({"params.max_tokens":64.0})", true},
        {R"({"params.max_tokens":"64"})", false},
        {R"({"params.stream":false})", true},
        {R"({"params.seed":null})", true},
        {R"({"params.big":1e999})", true},
        {R"({"params.user":"al\u00e9"})", true},
        {R"({"params.stop":{"$eq":"a"}})", false},
        {R"({"params.stop":{"$ne":"a"}})", true},
        // What is not there is undefined.
        {R"({"metadata.no":{"$eq":null}})", false},
        {R"({"metadata.no":null})", false},
        {R"({"metadata.no":{"$ne":"x"}})", true},
        {R"({"metadata.no":{"$in":["x"]}})", false},
        {R"({"metadata.no":{"$nin":["x"]}})", true},
        {R"({"metadata.no":{"$gt":0}})", false},
        {R"({"metadata.no":{"$lte":0}})", false},
        {R"({"metadata.no":{"$regex":"^undef"}})", true},
        {R"({"metadata.none":""})", true},
        // Numbers by parseFloat, both sides.
        {R"({"metadata.seats":{"$gt":11}})", true},
        {R"({"metadata.seats":{"$gt":"11.5 seats"}})", true},
        {R"({"metadata.seats":{"$gte":12,"$lt":13}})", true},
        {R"({"metadata.seats":{"$gte":12,"$lt":12}})", false},
        {R"({"metadata.plan":{"$gt":0}})", false},
        {R"({"metadata.plan":{"$lte":0}})", false},
        {R"({"metadata.list":{"$eq":5}})", false},
        {R"({"metadata.list":{"$gte":5}})", true},
        {R"({"metadata.deep":{"$gt":0}})", false},
        {R"({"params.stream":{"$lt":1}})", false},
        {R"({"params.seed":{"$gte":0}})", false},
        {R"({"params.big":{"$gte":"Infinity"}})", true},
        {R"({"metadata.seats":{"$gt":"-Infinityx"}})", true},
        {R"({"metadata.seats":{"$lt":" \u00a0\ufeff+1.3e1e2"}})", true},
        {R"({"metadata.seats":{"$lt":".5"}})", false},
        {R"({"metadata.seats":{"$lt":"."}})", false},
        // Lists.
        {R"({"metadata.plan":{"$in":["free","pro"]}})", true},
        {R"({"metadata.seats":{"$in":[12]}})", false},
        {R"({"params.seed":{"$in":[null]}})", true},
        {R"({"metadata.plan":{"$in":"pro"}})", false},
        {R"({"metadata.plan":{"$nin":"pro"}})", false},
        {R"({"metadata.plan":{"$nin":["free"]}})", true},
        // Patterns see String(value), and what follows them is not looked at.
        {R"({"params.model":{"$regex":"^gpt-"}})", true},
        {R"({"params.max_tokens":{"$regex":"^64$"}})", true},
        {R"({"params.stream":{"$regex":"false"}})", true},
        {R"({"params.small":{"$regex":"^1e-7$"}})", true},
        {R"({"params.large":{"$regex":"^123456789012345680000$"}})", true},
        {R"({"params.stop":{"$regex":"^a,b$"}})", true},
        {R"({"metadata.list":{"$regex":"^5,,x$"}})", true},
        {R"({"metadata.deep":{"$regex":"^.object Object.$"}})", true},
        {R"({"metadata.user":{"$regex":"team","$eq":"other"}})", true},
        {R"({"metadata.user":{"$eq":"other","$regex":"team"}})", false},
        {R"({"metadata.user":{"$regex":"("}})", false},
        {R"({"metadata.user":{"$regex":7}})", true},
        // Paths have two segments.
        {R"({"params.response_format.type":"json_schema"})", false},
        {R"({"params.response_format":{"$ne":null}})", true},
        {R"({"metadata.a.b":"dot"})", false},
        {R"({"metadata":"odd"})", true},
        {R"({"model":"gpt-x"})", false},
        {R"({"url.pathname":"/v1/chat/completions"})", true},
        {R"({"url.host":{"$eq":"x"}})", false},
        {R"({"elsewhere.k":{"$ne":1}})", true},
        // llmgw's own roots.
        {R"({"headers.x-team":"blue"})", true},
        {R"({"headers.X-Count":{"$gt":2}})", true},
        {R"({"headers.x-none":{"$ne":"blue"}})", true},
        {R"({"body.response_format.type":"json_schema"})", true},
        {R"({"body.response_format.strict":true})", true},
        {R"({"body.response_format.type.deeper":{"$eq":"x"}})", false},
        {R"({"body.model":"gpt-x"})", true},
        // $and and $or, which end the query they stand in.
        {R"({"$or":[]})", false},
        {R"({"$and":[]})", true},
        {R"({"$or":[{"metadata.plan":"free"},{"metadata.seats":"12"}]})", true},
        {R"({"$and":[{"metadata.plan":"pro"},{"metadata.seats":"13"}]})", false},
        {R"({"$and":[{"$or":[{"metadata.plan":"x"},{"metadata.plan":"pro"}]},{}]})", true},
        {R"({"$or":[{"metadata.plan":"pro"}],"metadata.plan":"free"})", true},
        {R"({"metadata.plan":"free","$or":[{"metadata.plan":"pro"}]})", false},
        {R"({"metadata.plan":"pro","$and":[{"metadata.plan":"free"}]})", false},
        // Of a name that is there twice, the last value counts in the first place.
        {R"({"metadata.plan":"free","metadata.plan":"pro"})", true},
        {R"({"metadata.plan":{"$eq":"free","$eq":"pro"}})", true},
        {R"({"metadata.\u0070lan":"pro"})", true},
        // Nothing is unsupported where nothing is looked at.
        {R"({"metadata.plan":{"$eq":"free","$like":1}})", false},
        {R"({"metadata.plan":{"$regex":"pro","$like":1}})", true},
        {R"({"metadata.plan":{}})", true},
        {R"({"metadata.plan":[]})", true}};
    for (const Case& one : cases) {
        CAPTURE(one.query);
        CHECK(matches(one.query) == one.match);
    }
}

TEST_CASE("condition: operators that there are not are told when a request comes to them") {
    CHECK(unsupported(R"({"metadata.plan":{"$like":"x"}})") == "$like");
    CHECK(unsupported(R"({"metadata.plan":{"eq":"pro"}})") == "eq");
    CHECK(unsupported(R"({"metadata.plan":["pro"]})") == "0");
    CHECK(unsupported(R"({"$or":{"metadata.plan":"pro"}})") == "metadata.plan");
    CHECK(unsupported(R"({"$not":{"metadata.plan":"pro"}})") == "metadata.plan");
    CHECK(unsupported(R"({"$or":[{"metadata.plan":"x"},{"metadata.plan":{"$x":1}}]})") == "$x");
}

TEST_CASE("condition: what is no query") {
    for (const char* text : {"", "[]", "1", "{", R"({"a":})", "null", R"({"a":1}x)"}) {
        CAPTURE(text);
        const auto condition = Condition::compile(text);
        REQUIRE(!condition);
        CHECK(condition.error().kind == Errc::invalid_file);
        CHECK(!check_condition(text));
    }
}

TEST_CASE("condition: checks name the place") {
    struct Case {
        const char* query;
        const char* pointer;
    };
    const Case cases[] = {{R"({"metadata.a":{"$like":1}})", "/metadata.a/$like"},
                          {R"({"metadata.a":["x"]})", "/metadata.a"},
                          {R"({"$and":{"metadata.a":1}})", "/$and"},
                          {R"({"$not":{"metadata.a":1}})", "/$not"},
                          {R"({"$or":[{},{"metadata.a":{"$in":"x"}}]})", "/$or/1/metadata.a/$in"},
                          {R"({"$or":[7]})", "/$or/0"},
                          {R"({"metadata.a/b":{"$gt":{}}})", "/metadata.a~1b/$gt"},
                          {R"({"metadata.a":{"$regex":1}})", "/metadata.a/$regex"},
                          {R"({"metadata.a":{"$regex":"(?i)x"}})", "/metadata.a/$regex"},
                          {R"({"metadata.a":{"$regex":"[x"}})", "/metadata.a/$regex"}};
    for (const Case& one : cases) {
        CAPTURE(one.query);
        const auto checked = check_condition(one.query);
        REQUIRE(!checked);
        CHECK(checked.error().param == one.pointer);
        CHECK(checked.error().kind == Errc::invalid_file);
    }
    CHECK(check_condition(R"({"$and":[{"metadata.a":{"$regex":"(?<=x)y","$in":[1]}},{}]})"));
}

TEST_CASE("condition: the fields of sticky") {
    const ConditionInput in = input();
    CHECK(condition_field("metadata.user", in) == "team-7");
    CHECK(condition_field("params.max_tokens", in) == "64");
    CHECK(condition_field("headers.x-team", in) == "blue");
    CHECK(!condition_field("metadata.no", in));
}

TEST_CASE("condition: regular expressions are JavaScript's") {
    struct Case {
        const char* pattern;
        const char* text;
        bool match;
    };
    const Case cases[] = {{"", "", true},
                          {"^a.c$", "abc", true},
                          {"^a.c$", "a\nc", false},
                          {"^a.c$",
                           "a\xe2\x80\xa8"
                           "c",
                           false},  // U+2028 ends a line
                          {"a$", "a\n", false},
                          {"^b", "a\nb", false},
                          {"^[\\w-]+$", "a-b_1", true},
                          {"^[\\d-x]+$", "3-x", true},
                          {"^[x-\\d]+$", "x-3", true},
                          {"[]", "a", false},
                          {"^[^]$", "\n", true},
                          {"^[[]$", "[", true},
                          {"^[[:alpha:]]$", "a]", true},
                          {"\\bword\\b", "a word.", true},
                          {"^\\s$", "\xc2\xa0", true},
                          {"^\\S$", "\xc2\xa0", false},
                          {"^[\\s]$", "\xef\xbb\xbf", true},
                          {"^\\d$", "\xd9\xa3", false},  // ARABIC-INDIC DIGIT THREE
                          {"(?<=user_)\\d+", "user_12", true},
                          {"(?<!user_)\\d", "user_1", false},
                          {"^(?!admin)\\w+$", "admin1", false},
                          {"^(a|b)\\1$", "bb", true},
                          {"^(a)?\\1b$", "b", true},  // a group that took no part matches nothing
                          {"^\\2(a)(b)$", "ab", true},
                          {"^(?<y>a)\\k<y>$", "aa", true},
                          {"^\\k<y>$", "k<y>", true},
                          {"^\\1$", "\x01", true},  // no such group: annex B
                          {"^\\101$", "A", true},
                          {"^\\8$", "8", true},
                          {"^\\x41\\u0042\\u{2}$", "ABuu", true},
                          {"^\\u00e9$", "\xc3\xa9", true},
                          {"^\\ud83d\\ude00$", "\xf0\x9f\x98\x80", true},
                          {"\\ud83d", "\xf0\x9f\x98\x80", false},
                          {"^\\cJ$", "\n", true},
                          {"^\\c$", "\\c", true},
                          {"^\\A\\z\\Q$", "AzQ", true},
                          {"^\\v$", "\x0b", true},
                          {"^[\\b]$", "\b", true},
                          {"^a{,2}$", "a{,2}", true},
                          {"^a{2}$", "aa", true},
                          {"^{$", "{", true},
                          {"^x{1,2}?y", "xxy", true},
                          {"]", "]", true},
                          {"[]*?x", "x", true},
                          {"\\1{2}(.)", "\xc3\xa9", true},
                          {"^(?<n>a)?\\k<n>{2}b", "b", true},
                          {"(?=a)*b", "b", true},
                          // What JavaScript has not matches nothing.
                          {"(?i)abc", "abc", false},
                          {"(?P<n>a)", "a", false},
                          {"(?>a)", "a", false},
                          {"a++", "aa", false},
                          {"a**", "aa", false},
                          {"(?<=a)*", "a", false},
                          {"a{2}{3}", "aaaaaa", false},
                          {"(*ACCEPT)a", "a", false},
                          {"(?#note)a", "a", false},
                          {"(", "(", false},
                          {"[", "[", false},
                          {"*", "*", false},
                          {"\\", "\\", false},
                          {"(?R)", "", false}};
    for (const Case& one : cases) {
        CAPTURE(one.pattern);
        CAPTURE(one.text);
        const auto regex = ScriptRegex::compile(one.pattern);
        CHECK((regex && regex->test(one.text)) == one.match);
    }
}

TEST_CASE("condition: a pattern that takes too long does not match") {
    const auto regex = ScriptRegex::compile("^(a+)+$");
    REQUIRE(regex);
    CHECK(regex->test(std::string(5'000, 'a')));
    CHECK(!regex->test(std::string(5'000, 'a') + "b"));
    const auto plain = ScriptRegex::compile("needle");
    CHECK(plain->test(std::string(1'000'000, 'a') + "needle"));
    const auto words = ScriptRegex::compile("[a-z]+!");
    CHECK(words->test(std::string(100, 'a') + "!"));
}

TEST_CASE("condition: texts that are not UTF-8 end nothing") {
    const auto regex = ScriptRegex::compile("a.c");
    REQUIRE(regex);
    CHECK(!regex->test("\xff\xfe"));
    CHECK(
        regex->test("\xff"
                    "abc"));
}

TEST_CASE("condition: numbers as JavaScript prints them") {
    const std::pair<const char*, const char*> cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"1.0", "1"},
        {"-1.50", "-1.5"},
        {"1e21", "1e+21"},
        {"1e20", "100000000000000000000"},
        {"1e-6", "0.000001"},
        {"1e-7", "1e-7"},
        {"123e-20", "1.23e-18"},
        {"0.1", "0.1"},
        {"1e400", "Infinity"},
        {"-1e400", "-Infinity"},
        {"1e-400", "0"},
        {"5e-324", "5e-324"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"}};
    for (const auto& [json, text] : cases) {
        CAPTURE(json);
        CHECK(script_text(script_value(json)) == text);
    }
}
