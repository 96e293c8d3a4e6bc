// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/near.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"
#include "common/store/settings.h"
#include "daemon/cache/near_text.h"

using namespace llmgw;

namespace {

// Pairs of prompts: two texts a line with a tab between, written with JSON's escapes.
std::vector<std::pair<std::string, std::string>> read_pairs(const std::string& name) {
    std::ifstream file(std::string(LLMGW_TEST_DATA) + "/near/" + name);
    std::vector<std::pair<std::string, std::string>> pairs;
    const auto decoded = [](std::string text) {
        for (auto at = text.find('"'); at != std::string::npos; at = text.find('"', at + 2)) {
            text.insert(at, "\\");
        }
        return json_text("\"" + text + "\"").value();
    };
    for (std::string line; std::getline(file, line);) {
        const std::size_t tab = line.find('\t');
        REQUIRE_MESSAGE(tab != std::string::npos, line);
        pairs.emplace_back(decoded(line.substr(0, tab)), decoded(line.substr(tab + 1)));
    }
    return pairs;
}

std::unique_ptr<InferenceCall> call_of(const std::string& body) {
    auto call = InferenceCall::parse(Endpoint::chat_completions, body);
    REQUIRE_MESSAGE(call, body);
    return std::move(*call);
}

std::optional<NearPrint> print_of(const std::string& body, std::string_view target = "m",
                                  std::string_view scope = "") {
    const auto call = call_of(body);
    RequestHasher hasher;
    return near_print(hasher, {*call, target, scope});
}

std::string chat(const std::string& text, const std::string& members = "") {
    return R"({"model":"m","messages":[{"role":"user","content":)" + json_quote(text) + "}]" +
           members + "}";
}

double likeness(const std::string& a, const std::string& b) {
    const auto one = print_of(chat(a));
    const auto other = print_of(chat(b));
    return one && other ? similarity(*one, *other) : 0;
}

bool match(const std::string& a, const std::string& b) {
    const SettingInfo* const threshold = find_setting("cache.near_threshold");
    REQUIRE(threshold != nullptr);
    return likeness(a, b) >= std::stod(std::string(threshold->default_value));
}

}  // namespace

TEST_CASE("near: prompts that ask the same match") {
    const auto pairs = read_pairs("same.txt");
    CHECK(pairs.size() >= 20);
    for (const auto& [a, b] : pairs) {
        CHECK_MESSAGE(match(a, b), a, " | ", b);
        CHECK(match(b, a));
        CHECK(match(a, a));
    }
}

TEST_CASE("near: prompts that ask something else never match") {
    const auto pairs = read_pairs("different.txt");
    CHECK(pairs.size() >= 100);
    for (const auto& [a, b] : pairs) {
        // Whatever the threshold is, and however much text is the same.
        CHECK_MESSAGE(likeness(a, b) == 0, a, " | ", b);
        const std::string more(3'000, 'x');
        CHECK(likeness("See " + more + ". " + a, "See " + more + ". " + b) == 0);
    }
}

TEST_CASE("near: all else of the request must be the same") {
    const std::string text = "What is the capital of France?";
    const std::string spelled = "what is the capital of  France";
    const auto one = print_of(chat(text, R"(,"temperature":0.5,"tools":[{"a":1}])"));
    REQUIRE(one);
    const auto similar = [&](const std::optional<NearPrint>& other) {
        return other ? similarity(*one, *other) : -1;
    };
    CHECK(similar(print_of(chat(spelled, R"(,"tools":[{"a":1.0}],"temperature":5e-1)"))) == 1);
    CHECK(similar(print_of(chat(spelled, R"(,"user":"u","temperature":0.5,"tools":[{"a":1}])"))) ==
          1);
    CHECK(similar(print_of(chat(spelled, R"(,"temperature":0.6,"tools":[{"a":1}])"))) == 0);
    CHECK(similar(print_of(chat(spelled, R"(,"temperature":0.5,"tools":[{"a":2}])"))) == 0);
    CHECK(similar(print_of(chat(spelled, R"(,"temperature":0.5,"tools":[{"a":1}])"), "n")) == 0);
    CHECK(similar(print_of(chat(spelled, R"(,"temperature":0.5,"tools":[{"a":1}])"), "m", "k")) ==
          0);

    const auto turns = [&](const std::string& before, const std::string& last) {
        return print_of(R"({"model":"m","messages":[)" + before + R"({"role":"user","content":)" +
                        json_quote(last) + "}]}");
    };
    const std::string brief = R"({"role":"system","content":"Be brief."},)";
    CHECK(similarity(*turns(brief, text), *turns(brief, spelled)) == 1);
    CHECK(similarity(*turns(brief, text),
                     *turns(R"({"role":"system","content":"be brief."},)", spelled)) == 0);
    CHECK(similarity(*turns(brief, text), *turns("", spelled)) == 0);
}

TEST_CASE("near: how much of the order is the same shows") {
    const std::string asked = "How do I reverse a list in Python?";
    CHECK(likeness(asked, "how do i reverse  a list in Python") == 1);
    const double moved = likeness(asked, "In Python, how do I reverse a list?");
    CHECK(moved > 0.8);
    CHECK(moved < 1);
}

TEST_CASE("near: only a last message of one text has near-duplicates") {
    const auto with_last = [](const std::string& message) {
        return print_of(R"({"model":"m","messages":[{"role":"user","content":"a"},)" + message +
                        "]}");
    };
    CHECK(with_last(R"({"role":"user","content":"b"})"));
    CHECK(with_last(R"({"role":"user","content":[{"type":"text","text":"b"}]})"));
    CHECK_FALSE(with_last(R"({"role":"assistant","content":"b"})"));
    CHECK_FALSE(with_last(R"({"role":"tool","content":"b"})"));
    CHECK_FALSE(with_last(R"({"role":"user","content":null})"));
    CHECK_FALSE(with_last(R"({"role":"user","content":""})"));
    CHECK_FALSE(with_last(R"({"role":"user","content":" ? "})"));
    CHECK_FALSE(with_last(R"({"role":"user","content":"\ud800"})"));
    CHECK_FALSE(with_last(
        R"({"role":"user","content":[{"type":"text","text":"b"},{"type":"text","text":"c"}]})"));
    CHECK_FALSE(
        with_last(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]})"));
    CHECK_FALSE(
        with_last(R"({"role":"user","content":)" + json_quote(std::string(70'000, 'x')) + "}"));
    CHECK_FALSE(with_last("1"));
    // A block of text and a text are different requests.
    CHECK(similarity(*with_last(R"({"role":"user","content":"b"})"),
                     *with_last(R"({"role":"user","content":[{"type":"text","text":"b"}]})")) == 0);
}
