// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/answer_quirks.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace llmgw;
using nlohmann::json;

namespace {

std::optional<std::string> mended(const char* provider, std::string_view answer) {
    return AnswerMender(*quirks_of(provider), false).mend(answer);
}
std::optional<std::string> mended_chunk(const char* provider, std::string_view chunk) {
    return AnswerMender(*quirks_of(provider), true).mend(chunk);
}

struct Said {
    std::string thoughts;
    std::string text;
    bool operator==(const Said&) const = default;
};

// What a client gathers from a stream with these deltas, which ends as streams do.
Said gathered(const std::vector<std::string>& deltas) {
    AnswerMender mender(*quirks_of("fireworks"), true);
    Said said;
    const auto take = [&](const json& chunk) {
        const std::string sent = chunk.dump();
        const json delta = json::parse(mender.mend(sent).value_or(sent))["choices"][0]["delta"];
        said.thoughts += delta.value("reasoning_content", "");
        said.text += delta.value("content", "");
    };
    for (const std::string& content : deltas) {
        take({{"choices", {{{"index", 0}, {"delta", {{"content", content}}}}}}});
    }
    take({{"choices", {{{"index", 0}, {"delta", json::object()}, {"finish_reason", "stop"}}}}});
    return said;
}

std::vector<std::string> cut(const std::string& text, std::size_t at) {
    return {text.substr(0, at), text.substr(at)};
}

std::vector<std::string> bytes_of(const std::string& text) {
    std::vector<std::string> bytes;
    for (const char c : text) {
        bytes.emplace_back(1, c);
    }
    return bytes;
}

}  // namespace

TEST_CASE("answer quirks: thoughts under the name that clients know") {
    CHECK(mended_chunk("groq", R"({"choices":[{"delta":{"reasoning":"h\u00e9"}}]})") ==
          R"({"choices":[{"delta":{"reasoning_content":"h\u00e9","reasoning":"h\u00e9"}}]})");
    CHECK(mended("groq", R"({"choices":[{"index":0,"message":{"content":"a","reasoning":"b"}},)"
                         R"({"index":1,"message":{"reasoning":"c"}}],"usage":{}})") ==
          R"({"choices":[{"index":0,"message":{"reasoning_content":"b","content":"a",)"
          R"("reasoning":"b"}},{"index":1,"message":{"reasoning_content":"c",)"
          R"("reasoning":"c"}}],"usage":{}})");
    for (const char* same :
         {R"({"choices":[{"delta":{"content":"a"}}]})",
          R"({"choices":[{"delta":{"reasoning":null}}]})",
          R"({"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"}}]})",
          R"({"choices":[{"delta":{"reasoning":{"effort":"low"}}}]})",
          R"({"choices":[],"reasoning":"a"})", R"({"reasoning")", "[DONE]", ""}) {
        CAPTURE(same);
        CHECK_FALSE(mended_chunk("groq", same));
    }
    CHECK_FALSE(mended_chunk("mistral", R"({"choices":[{"delta":{"reasoning":"a"}}]})"));
}

TEST_CASE("answer quirks: servers that have both names, one of them null") {
    CHECK(mended_chunk("custom",
                       R"({"choices":[{"delta":{"reasoning":"a","reasoning_content":null}}]})") ==
          R"({"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"}}]})");
    CHECK_FALSE(mended_chunk(
        "custom", R"({"choices":[{"delta":{"reasoning":null,"reasoning_content":"a"}}]})"));
}

TEST_CASE("answer quirks: thoughts among the parts of Mistral's content") {
    CHECK(mended("mistral",
                 R"({"choices":[{"message":{"role":"assistant","content":[{"type":"thinking",)"
                 R"("thinking":[{"type":"text","text":"Hm"},{"type":"text","text":"."}]},)"
                 R"({"type":"text","text":"A"},{"type":"text","text":"\nB"}]}}]})") ==
          R"({"choices":[{"message":{"reasoning_content":"Hm.","role":"assistant",)"
          R"("content":"A\u000aB"}}]})");
    CHECK(mended_chunk("mistral",
                       R"({"choices":[{"delta":{"content":[{"type":"text","text":"A"}]},)"
                       R"("finish_reason":null}]})") ==
          R"({"choices":[{"delta":{"content":"A"},"finish_reason":null}]})");
    CHECK_FALSE(mended_chunk("mistral", R"({"choices":[{"delta":{"content":"{\"type\":1}"}}]})"));
    CHECK_FALSE(mended("mistral", R"({"choices":[{"message":{"content":"","tool_calls":)"
                                  R"([{"type":"function"}]}}]})"));
}

TEST_CASE("answer quirks: thoughts in tags, in one piece") {
    CHECK(mended("fireworks", R"({"choices":[{"index":0,"message":{"role":"assistant",)"
                              R"("content":"<think>\nHm.\n</think>\n\nYes."}}]})") ==
          R"({"choices":[{"index":0,"message":{"reasoning_content":"Hm.\u000a",)"
          R"("role":"assistant","content":"Yes."}}]})");
    CHECK(mended("fireworks", R"({"choices":[{"message":{"content":"<think>cut off",)"
                              R"("reasoning_content":null}}]})") ==
          R"({"choices":[{"message":{"content":"","reasoning_content":"cut off"}}]})");
    CHECK(mended("together-ai", R"({"choices":[{"message":{"reasoning":"a",)"
                                R"("content":"<think>b</think>c"}}]})") ==
          R"({"choices":[{"message":{"reasoning_content":"ab","reasoning":"a","content":"c"}}]})");
    for (const char* same :
         {R"({"choices":[{"message":{"content":"Yes.\n"}}]})",
          R"({"choices":[{"message":{"content":"A <think> tag </think>"}}]})",
          R"({"choices":[{"message":{"content":"\u003Cthin"}}]})",
          R"({"choices":[{"message":{"content":"</think>"}}]})",
          R"({"choices":[{"message":{"content":null}}]})",
          R"({"choices":[{"message":{"content":[1]}}]})", R"({"choices":[{"message":7},{},null]})",
          R"({"choices":[{"index":128,"message":{"content":"<think>"}}]})"}) {
        CAPTURE(same);
        CHECK_FALSE(mended("fireworks", same));
    }
}

TEST_CASE("answer quirks: thoughts in tags, cut at every byte") {
    struct Sample {
        std::string content;
        Said said;
    };
    const Sample samples[] = {
        {"<think>Let me <i>think</i>.</think>Yes.", {"Let me <i>think</i>.", "Yes."}},
        {" \n<think>\n a </thin b </ </think>\n\n c </think> d",
         {"a </thin b </ ", "c </think> d"}},
        {"<think></think>Yes.", {"", "Yes."}},
        {"<think>\n\n</think>\n\n", {"", ""}},
        {"<think>no end </thi", {"no end </thi", ""}},
        {"<think>", {"", ""}},
        {"<thin", {"", "<thin"}},
        {"<thinking>", {"", "<thinking>"}},
        {" \n", {"", " \n"}},
        {"plain <think>text</think>", {"", "plain <think>text</think>"}},
    };
    for (const Sample& sample : samples) {
        CAPTURE(sample.content);
        CHECK(gathered({sample.content}) == sample.said);
        CHECK(gathered(bytes_of(sample.content)) == sample.said);
        for (std::size_t at = 0; at <= sample.content.size(); at++) {
            CAPTURE(at);
            CHECK(gathered(cut(sample.content, at)) == sample.said);
        }
    }
}

TEST_CASE("answer quirks: each choice of a stream has thoughts of its own") {
    AnswerMender mender(*quirks_of("fireworks"), true);
    CHECK(mender.mend(R"({"choices":[{"index":0,"delta":{"content":"<think>a"}},)"
                      R"({"index":1,"delta":{"content":"b"}}]})") ==
          R"({"choices":[{"index":0,"delta":{"reasoning_content":"a","content":""}},)"
          R"({"index":1,"delta":{"content":"b"}}]})");
    CHECK(mender.mend(R"({"choices":[{"index":0,"delta":{"content":"c</think>d"}},)"
                      R"({"index":1,"delta":{"content":"<think>"}}]})") ==
          R"({"choices":[{"index":0,"delta":{"reasoning_content":"c","content":"d"}},)"
          R"({"index":1,"delta":{"content":"<think>"}}]})");
}

TEST_CASE("answer quirks: what was held back comes with the end") {
    AnswerMender mender(*quirks_of("fireworks"), true);
    CHECK(mender.mend(R"({"choices":[{"delta":{"role":"assistant","content":"<thi"}}]})") ==
          R"({"choices":[{"delta":{"role":"assistant","content":""}}]})");
    CHECK(mender.mend(R"({"choices":[{"delta":{},"finish_reason":"length"}]})") ==
          R"({"choices":[{"delta":{"content":"<thi"},"finish_reason":"length"}]})");
}

TEST_CASE("answer quirks: Perplexity's sources") {
    const std::string annotation =
        R"({"type":"url_citation","url_citation":{"start_index":0,"end_index":0,)"
        R"("url":"https://a.example/","title":"A"}})";
    CHECK(mended("perplexity", R"({"citations":["https://a.example/"],"search_results":[)"
                               R"({"title":"A","url":"https://a.example/","date":null},{},7],)"
                               R"("choices":[{"message":{"content":"x [1]"}}]})") ==
          R"({"citations":["https://a.example/"],"search_results":[)"
          R"({"title":"A","url":"https://a.example/","date":null},{},7],)"
          R"("choices":[{"message":{"annotations":[)" +
              annotation + R"(],"content":"x [1]"}}]})");
    AnswerMender mender(*quirks_of("perplexity"), true);
    CHECK_FALSE(mender.mend(R"({"citations":["https://b.example/"],"choices":[{"message":)"
                            R"({"content":"x"},"delta":{"content":"x"},"finish_reason":null}]})"));
    CHECK(mender.mend(R"({"citations":["https://b.example/"],"choices":[{"message":)"
                      R"({"content":"xy"},"delta":{"content":"y"},"finish_reason":"stop"}]})") ==
          R"({"citations":["https://b.example/"],"choices":[{"message":{"content":"xy"},"delta":)"
          R"({"annotations":[{"type":"url_citation","url_citation":{"start_index":0,)"
          R"("end_index":0,"url":"https://b.example/","title":""}}],"content":"y"},)"
          R"("finish_reason":"stop"}]})");
    for (const char* same : {R"({"citations":[],"choices":[{"message":{"content":"x"}}]})",
                             R"({"citations":{},"choices":[{"message":{"content":"x"}}]})",
                             R"({"citations":["u"],"choices":[{"message":{"content":"x",)"
                             R"("annotations":[]}}]})"}) {
        CAPTURE(same);
        CHECK_FALSE(mended("perplexity", same));
    }
}
