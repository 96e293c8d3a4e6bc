// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/gemini_trial.h"

using namespace llmgw;
using namespace llmgw::trial;

TEST_CASE("gemini request: thinking") {
    struct Row {
        const char* model;
        const char* asked;
        const char* thinking;
        const char* changes;
    };
    constexpr const char* kOn = R"(,"includeThoughts":true})";
    const Row rows[] = {
        {"gemini-3-flash-preview", R"("reasoning_effort":"minimal")", R"("MINIMAL")", ""},
        {"gemini-3-flash-preview", R"("reasoning_effort":"high")", R"("HIGH")", ""},
        {"gemini-flash-latest", R"("reasoning_effort":"low")", R"("LOW")", ""},
        {"gemini-3-pro-preview", R"("reasoning_effort":"high")", R"("HIGH")", ""},
        {"gemini-3-pro-preview", R"("reasoning_effort":"medium")", R"("HIGH")",
         "clamped=reasoning_effort"},
        {"gemini-3-pro-preview", R"("reasoning_effort":"minimal")", R"("LOW")",
         "clamped=reasoning_effort"},
        {"gemini-3.1-pro-preview", R"("reasoning_effort":"medium")", R"("MEDIUM")", ""},
        {"gemini-3.1-pro-preview", R"("reasoning_effort":"xhigh")", R"("HIGH")",
         "clamped=reasoning_effort"},
        {"gemini-3-flash-preview", R"("reasoning":{"max_tokens":500})", R"("LOW")",
         "clamped=reasoning.max_tokens"},
        {"gemini-3-flash-preview", R"("reasoning":{"max_tokens":5000})", R"("MEDIUM")",
         "clamped=reasoning.max_tokens"},
        {"gemini-3-flash-preview", R"("reasoning":{"max_tokens":50000})", R"("HIGH")",
         "clamped=reasoning.max_tokens"},
        {"gemini-2.5-flash", R"("reasoning_effort":"minimal")", "1024", ""},
        {"gemini-2.5-flash", R"("reasoning_effort":"medium")", "8192", ""},
        {"gemini-2.5-flash", R"("reasoning_effort":"max")", "24576", ""},
        {"gemini-2.5-pro", R"("reasoning_effort":"max")", "32768", ""},
        {"gemini-2.5-pro", R"("reasoning":{"max_tokens":100})", "128",
         "clamped=reasoning.max_tokens"},
        {"gemini-2.5-flash", R"("reasoning":{"max_tokens":99999})", "24576",
         "clamped=reasoning.max_tokens"},
        {"gemini-2.5-flash-lite", R"("thinking":{"type":"enabled","budget_tokens":1})", "512",
         "clamped=reasoning.max_tokens"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.model);
        CAPTURE(row.asked);
        const bool level = row.thinking[0] == '"';
        const GeminiSent sent = send(kHello + "," + row.asked, row.model);
        CHECK(sent.body ==
              body_with(R"("generationConfig":{"thinkingConfig":{)" +
                        std::string(level ? "\"thinkingLevel\":" : "\"thinkingBudget\":") +
                        row.thinking + kOn + "}"));
        CHECK(sent.changes == row.changes);
    }
}

TEST_CASE("gemini request: no thinking") {
    const auto asked = [](std::string_view model) {
        return send(kHello + R"(,"reasoning_effort":"none")", model);
    };
    const auto config = [](const char* thinking) {
        return body_with(R"("generationConfig":{"thinkingConfig":{)" + std::string(thinking) +
                         "}}");
    };
    CHECK(asked("gemini-2.5-flash").body == config(R"("thinkingBudget":0)"));
    CHECK(asked("gemini-2.5-flash").changes.empty());
    CHECK(asked("gemini-2.5-pro").body == config(R"("thinkingBudget":128)"));
    CHECK(asked("gemini-2.5-pro").changes == "clamped=reasoning_effort");
    CHECK(asked("gemini-3-flash-preview").body == config(R"("thinkingLevel":"MINIMAL")"));
    CHECK(asked("gemini-3-flash-preview").changes == "clamped=reasoning_effort");
    CHECK(asked("gemini-2.0-flash").body == body_with(""));
    CHECK(asked("gemini-2.0-flash").changes.empty());
    CHECK(send(kHello + R"(,"reasoning_effort":"low")", "gemini-2.0-flash").changes ==
          "dropped=reasoning_effort");
    CHECK(send(kHello + R"(,"reasoning_effort":"low")", "gemma-3-27b-it").changes ==
          "dropped=reasoning_effort");
}

TEST_CASE("gemini request: the catalog's levels count") {
    constexpr std::array<std::string_view, 2> kLevels = {"none", "high"};
    Mapping mapping{};
    mapping.reasoning = Can::yes;
    mapping.reasoning_efforts = kLevels;
    WireTarget target;
    target.mapping = &mapping;
    target.model = "gemini-3.1-flash-lite-image";
    const auto low = translate(kHello + R"(,"reasoning_effort":"low")", target);
    REQUIRE(low);
    CHECK(low->body == body_with(R"("generationConfig":{"thinkingConfig":{)"
                                 R"("thinkingLevel":"HIGH","includeThoughts":true}})"));
    CHECK(low->changes == "clamped=reasoning_effort");
    const auto none = translate(kHello + R"(,"reasoning_effort":"none")", target);
    REQUIRE(none);
    CHECK(none->body == body_with(""));
    CHECK(none->changes.empty());
    mapping.reasoning = Can::no;
    const auto never = translate(kHello + R"(,"reasoning_effort":"low")", target);
    REQUIRE(never);
    CHECK(never->changes == "dropped=reasoning_effort");
}
