// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/chat_stream.h"

#include <doctest/doctest.h>

#include <string>

#include "daemon/http/sse.h"

using namespace llmgw;

namespace {

const std::string kFirst =
    "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"h\xc3\xa9\"},"
    "\"finish_reason\":null}],\"usage\":null}\n\n";
const std::string kLast =
    "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
    "\"usage\":null}\n\n";
const std::string kUsage =
    "data: {\"id\":\"a\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}"
    "\n\n";
const std::string kDone = "data: [DONE]\n\n";

struct Outcome {
    std::string out;
    bool finished;
    bool ended;
    bool failed;
    std::optional<Usage> usage;
};

// Feeds the text in two pieces, cut at `split`.
Outcome run(const std::string& text, std::size_t split, bool wants_usage, bool plain = true) {
    Additions additions;
    additions.plain = plain;
    additions.metadata = "\"request_id\":\"r\"";
    ChatStream stream(wants_usage, additions);
    Outcome result{};
    CHECK(stream.feed(text.substr(0, split), result.out));
    CHECK(stream.feed(text.substr(split), result.out));
    result.finished = stream.finish(result.out);
    result.ended = stream.ended();
    result.failed = stream.failed();
    result.usage = stream.usage();
    return result;
}

void check_at_every_split(const std::string& text, bool wants_usage, const std::string& expected) {
    for (std::size_t split = 0; split <= text.size(); split++) {
        const Outcome result = run(text, split, wants_usage);
        CHECK_MESSAGE(result.out == expected, "split at ", split);
        CHECK(result.finished);
    }
}

}  // namespace

TEST_CASE("a stream whose usage was asked for passes byte for byte") {
    const std::string text = kFirst + kLast + kUsage + kDone;
    check_at_every_split(text, true, text);
    CHECK(run(text, 0, true).usage->prompt() == 3);
}

TEST_CASE("usage nobody asked for is taken out") {
    const std::string text = kFirst + kLast + kUsage + kDone;
    std::string expected = kFirst + kLast + kDone;
    for (std::size_t at = expected.find(",\"usage\":null"); at != std::string::npos;
         at = expected.find(",\"usage\":null")) {
        expected.erase(at, 13);
    }
    check_at_every_split(text, false, expected);
    CHECK(run(text, 0, false).usage->output == 2);
}

TEST_CASE("line ends of every kind, comments and a missing last line pass") {
    const std::string crlf =
        ": comment\r\n\r\ndata: {\"choices\":[{\"finish_reason\":\"stop\"}]}\r\n\r\n"
        "data: [DONE]\r\n\r\n";
    check_at_every_split(crlf, false, crlf);
    const std::string cr = "data:{\"choices\":[{\"finish_reason\": \"stop\"}]}\r\rdata: [DONE]\r\r";
    CHECK(run(cr, 5, false).finished);
    const std::string unfinished =
        "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]";
    check_at_every_split(unfinished, false, unfinished + "\n\n");
}

TEST_CASE("a finished stream without [DONE] gets one") {
    const std::string text = "data: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\n";
    check_at_every_split(text, false, text + kDone);
    check_at_every_split(text + "\n", false, text + "\n" + kDone);
}

TEST_CASE("a stream ends the same way whether its events came together or one by one") {
    const std::string text =
        "data: {\"choices\":[]}\n: \"finish_reason\":\"stop\"\n\ndata: {\"usage\":null}\n\n";
    const bool finished = run(text, 0, false).finished;
    for (std::size_t split = 1; split < text.size(); split++) {
        CHECK_MESSAGE(run(text, split, false).finished == finished, "split at ", split);
    }
}

TEST_CASE("a stream that stops in the middle is not finished") {
    const Outcome result = run(kFirst, 3, true);
    CHECK_FALSE(result.finished);
    CHECK(result.out.find("[DONE]") == std::string::npos);
}

TEST_CASE("nothing follows [DONE] or an error") {
    CHECK(run(kLast + kDone + kFirst, 0, true).out == kLast + kDone);
    const std::string error = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
    const Outcome failed = run(kFirst + error + kDone, 7, true);
    CHECK(failed.out == kFirst + error);
    CHECK(failed.failed);
}

TEST_CASE("the word error in a text is not an error") {
    const std::string text =
        "data: {\"choices\":[{\"delta\":{\"content\":\"an \\\"error\\\" here\"},"
        "\"finish_reason\":\"stop\"}],\"error\":null}\n\n";
    CHECK_FALSE(run(text, 0, true).failed);
}

TEST_CASE("the usage chunk gets cost and metadata") {
    const Outcome result = run(kLast + kUsage + kDone, 0, true, false);
    CHECK(result.out.find("\"completion_tokens\":2,\"cost\":null}") != std::string::npos);
    CHECK(result.out.find("\"metadata\":{\"request_id\":\"r\"}}\n\n") != std::string::npos);
}

namespace {

// What the client and the account get of a stream that tells no usage, cut at `split`.
struct Unmetered {
    std::string out;
    std::optional<Usage> usage;
    std::optional<Cost> cost;
};

Unmetered run_unmetered(const std::string& text, std::size_t split, bool wants_usage,
                        bool plain = false) {
    const auto call = InferenceCall::parse(
        Endpoint::chat_completions, "{\"model\":\"m\",\"messages\":[{\"content\":\"12345678\"}]}");
    REQUIRE(call);
    Mapping mapping{};
    mapping.provider = "openai";
    mapping.prices = {.input = Rate{1'000'000'000}, .output = Rate{2'000'000'000}};
    Additions additions;
    additions.plain = plain;
    additions.mapping = &mapping;
    additions.metadata = "\"request_id\":\"r\"";
    ChatStream stream(wants_usage, additions, call->get());
    Unmetered result;
    CHECK(stream.feed(text.substr(0, split), result.out));
    CHECK(stream.feed(text.substr(split), result.out));
    static_cast<void>(stream.finish(result.out));
    result.usage = stream.usage();
    result.cost = stream.cost();
    return result;
}

std::string saying(const std::string& delta) {
    return "data: {\"id\":\"a\",\"service_tier\":\"flex\",\"choices\":[{\"index\":0,\"delta\":{" +
           delta + "},\"finish_reason\":null}]}\n\n";
}

const std::string kStop =
    "data: {\"id\":\"a\",\"service_tier\":\"flex\",\"choices\":[{\"index\":0,\"delta\":{},"
    "\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
const std::string kEstimated =
    "data: {\"id\":\"a\",\"service_tier\":\"flex\",\"choices\":[],\"usage\":{"
    "\"prompt_tokens\":2,\"completion_tokens\":5,\"total_tokens\":7,\"estimated\":true,"
    "\"cost\":0.000006,\"cost_details\":{\"total_cost\":0.000006,\"input_cost\":0.000001,"
    "\"cached_input_cost\":0,\"output_cost\":0.000005}},\"metadata\":{\"request_id\":\"r\"}}\n\n";

}  // namespace

TEST_CASE("a stream without usage gets an estimate, in front of [DONE]") {
    const std::string said =
        saying("\"content\":\"h\xc3\xa9llo\"") + ": a comment\n\n" +  // 5
        saying("\"reasoning_content\":\"hm\"") +                      // 2
        saying(
            "\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"look\","
            "\"arguments\":\"\"}}]") +  // 4
        saying(
            "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\":1}\"}}]") +  // 7
        kStop;
    const std::string whole = said + kDone;
    for (std::size_t split = 0; split <= whole.size(); split++) {
        const Unmetered result = run_unmetered(whole, split, true);
        CHECK_MESSAGE(result.out == said + kEstimated + kDone, "split at ", split);
        REQUIRE(result.usage);
        CHECK(result.usage->output == 5);
        CHECK(result.usage->estimated);
        CHECK(to_decimal(result.cost->total) == "0.000006");  // at half the prices
    }
    Additions additions;
    const auto call = InferenceCall::parse(
        Endpoint::chat_completions, "{\"model\":\"m\",\"messages\":[{\"content\":\"12345678\"}]}");
    ChatStream bytewise(true, additions, call->get());
    std::string out;
    for (const char byte : whole) {
        CHECK(bytewise.feed(std::string_view(&byte, 1), out));
    }
    CHECK(bytewise.usage()->output == 5);
    CHECK(run_unmetered(said, 9, true).out == said + kEstimated + kDone);  // [DONE] is missing, too
}

TEST_CASE("an estimate that the client did not ask for is for the account only") {
    const std::string text = saying("\"content\":\"12345\"") + kStop + kDone;
    for (const bool plain : {false, true}) {
        const Unmetered quiet = run_unmetered(text, 0, false, plain);
        CHECK(quiet.out.find("estimated") == std::string::npos);
        CHECK(quiet.usage->output == 2);
        CHECK(quiet.cost);
    }
    const Unmetered plain = run_unmetered(text, 0, true, true);
    CHECK(plain.out == text);
    CHECK(plain.usage->output == 2);
}

TEST_CASE("nothing is estimated for a stream that failed, stopped or told its usage") {
    const std::string said = saying("\"content\":\"12345\"");
    const std::string error = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
    for (const std::string& text : {said, said + error, said + kStop + error, said + kDone}) {
        CAPTURE(text);
        const Unmetered result = run_unmetered(text, 11, true);
        CHECK_FALSE(result.usage);
        CHECK_FALSE(result.cost);
        CHECK(result.out.find("estimated") == std::string::npos);
    }
    const Unmetered told = run_unmetered(said + kStop + kUsage + kDone, 11, true);
    CHECK_FALSE(told.usage->estimated);
    CHECK(told.usage->output == 2);
    CHECK(told.out.find("estimated") == std::string::npos);
    // A usage without counts is none.
    const Unmetered empty = run_unmetered(
        said + kStop + "data: {\"id\":\"a\",\"choices\":[],\"usage\":{}}\n\n" + kDone, 11, true);
    CHECK(empty.usage->estimated);
}

TEST_CASE("what was delivered of a stream that is given up is estimated, once") {
    const auto call = InferenceCall::parse(
        Endpoint::chat_completions,
        R"({"model":"m","stream":true,"messages":[{"role":"user","content":"12345678"}]})");
    REQUIRE(call);
    Additions additions;
    additions.plain = true;
    std::string out;
    ChatStream broken(true, additions, call->get());
    CHECK(broken.feed(kFirst + "data: {\"cut", out));
    CHECK_FALSE(broken.finish(out));
    CHECK_FALSE(broken.usage());
    broken.give_up();
    REQUIRE(broken.usage());
    CHECK(broken.usage()->estimated);
    CHECK(broken.usage()->output == 1);
    CHECK(broken.usage()->input == 2);

    ChatStream told(true, additions, call->get());
    CHECK(told.feed(kFirst + kUsage, out));
    told.give_up();
    CHECK_FALSE(told.usage()->estimated);
    CHECK(told.usage()->output == 2);

    ChatStream silent(true, additions, call->get());
    CHECK(silent.feed("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n", out));
    silent.give_up();
    CHECK_FALSE(silent.usage());
}

TEST_CASE("an empty finish reason ends nothing") {
    const std::string text =
        "data: {\"choices\":[{\"delta\":{\"content\":\"h\"},\"finish_reason\":\"\"}]}\n\n";
    CHECK_FALSE(run(text, 0, true).finished);
    CHECK(run(text + kLast, 0, true).finished);
}

TEST_CASE("an event without end is bounded") {
    const Additions additions;
    ChatStream stream(true, additions);
    std::string out;
    const std::string piece(ChatStream::kMaxEvent / 2 + 1, 'x');
    CHECK(stream.feed("data: " + piece, out));
    CHECK_FALSE(stream.feed(piece, out));
}

TEST_CASE("several data lines are one text") {
    std::string joined;
    CHECK(event_data("event: x\ndata: a\ndata:b\nid: 1\n\n", joined) == "a\nb");
    CHECK(event_data("data\n\n", joined).empty());
    CHECK(event_data("database: x\n\n", joined).empty());
}
