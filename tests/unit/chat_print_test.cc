// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_print.h"

#include <doctest/doctest.h>

#include "common/base/json_io.h"

using namespace llmgw;  // NOLINT: a test of this namespace

TEST_CASE("chat_print: the usage line") {
    Answer answer;
    answer.model = "gpt-4o";
    answer.provider = "openai";
    answer.input_tokens = 812;
    answer.output_tokens = 240;
    answer.cost = Money{4'100'000};
    answer.latency_ms = 1900;
    answer.first_token_ms = 310;
    CHECK(usage_line(answer) == "gpt-4o via openai · 812→240 tok · $0.0041 · 1.9 s (first 310 ms)");
    answer.cost.reset();
    answer.cached_tokens = 500;
    answer.cache = "hit";
    answer.first_token_ms.reset();
    answer.latency_ms = 999;
    CHECK(usage_line(answer) ==
          "gpt-4o via openai · 812→240 tok (500 cached) · cost unknown · 999 ms · cache hit");
    CHECK(usage_line(Answer{}) == " · tokens unknown · cost unknown · 0 ms");
    answer.cost = Money{0};
    CHECK(usage_line(answer).find("$0 ") != std::string::npos);
}

TEST_CASE("chat_print: the document of --json has every field, unknown ones null") {
    Answer answer;
    answer.id = "c1";
    answer.model = "m";
    answer.content = "hi";
    answer.tool_calls = {{"t", "f", "{}"}};
    const Json got = *parse_json(answer_document(answer));
    for (const char* key :
         {"provider", "reasoning", "finish_reason", "cost_usd", "first_token_ms"}) {
        CAPTURE(key);
        REQUIRE(got.contains(key));
        CHECK(got[key].is_null());
    }
    CHECK(got["usage"] ==
          Json{{"input_tokens", nullptr}, {"output_tokens", nullptr}, {"cached_tokens", nullptr}});
    CHECK(got["tool_calls"][0] == Json{{"id", "t"}, {"name", "f"}, {"arguments", "{}"}});
    CHECK(got["attempts"] == Json::array());
    CHECK(got["cache"] == "off");
    answer.cost = Money{123'450};
    CHECK((*parse_json(answer_document(answer)))["cost_usd"] == 0.00012345);
}

TEST_CASE("chat_print: the first code block") {
    CHECK(*first_code_block("Sure:\n```python\nprint(1)\n```\nand\n```\nno\n```\n") ==
          "print(1)\n");
    CHECK(*first_code_block("````md\n```sh\nls\n```\n````\n") == "```sh\nls\n```\n");
    CHECK(*first_code_block("~~~\na\n```\nb\n~~~\n") == "a\n```\nb\n");
    CHECK(*first_code_block("```\nunclosed\n") == "unclosed\n");
    CHECK(*first_code_block("```\n```\n") == "");
    CHECK_FALSE(first_code_block("just `inline` words\n"));
    CHECK_FALSE(first_code_block(""));
}
