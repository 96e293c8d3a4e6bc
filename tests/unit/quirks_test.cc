// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/quirks.h"

#include <nlohmann/json.hpp>
#include <string>

#include "adapter_trial.h"
#include "daemon/providers/answer_quirks.h"
#include "daemon/providers/message_quirks.h"
#include "daemon/providers/openai.h"

using namespace llmgw;
using nlohmann::json;

namespace {

struct Adapted {
    std::string body;
    std::string changes;
};

// A client's body as it goes to a model at a provider of the catalog.
Adapted adapted(std::string_view provider, std::string_view model, const std::string& body) {
    ProviderAccess access;
    access.provider = catalog::find_provider(provider);
    Candidate candidate;
    candidate.access = &access;
    candidate.mapping = catalog::find_at_provider(provider, model).mapping;
    candidate.upstream_model = model;
    REQUIRE(access.provider != nullptr);
    const auto call = InferenceCall::parse(Endpoint::chat_completions, body);
    REQUIRE(call);
    const AdaptedRequest request = adapt_openai(**call, candidate, quirks_of(provider));
    return {trial::body_of(request), request.changes()};
}

std::string with(const std::string& members, const std::string& model) {
    return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"x"}],)" + members +
           "}";
}

}  // namespace

TEST_CASE("quirks: every row is of a provider that speaks OpenAI's format") {
    std::size_t rows = 0;
    for (const Provider& provider : catalog::providers()) {
        const Quirks* const quirks = quirks_of(provider.id);
        if (quirks != nullptr) {
            CAPTURE(provider.id);
            CHECK(quirks->provider == provider.id);
            CHECK(provider.wire == Wire::openai);
            rows++;
        }
    }
    CHECK(rows == 8);
    CHECK(quirks_of("openai") == nullptr);
    CHECK(quirks_of("") == nullptr);
    CHECK(quirks_of("zzz") == nullptr);
}

TEST_CASE("quirks: how usage departs from OpenAI's") {
    CHECK(quirks_of("xai")->usage.reasoning_outside_completion);
    CHECK(quirks_of("deepseek")->usage.cached_tokens == "prompt_cache_hit_tokens");
    CHECK(quirks_of("moonshot")->usage.cached_tokens == "cached_tokens");
    CHECK(quirks_of("groq")->usage.envelope == "x_groq");
    CHECK_FALSE(quirks_of("groq")->usage.reasoning_outside_completion);
}

TEST_CASE("quirks: Mistral's names and words") {
    const std::string model = "mistral-large-latest";
    const Adapted request =
        adapted("mistral", model,
                with(R"("seed":7,"tool_choice":"required","max_completion_tokens":9)", model));
    CHECK(request.body == with(R"("random_seed":7,"tool_choice":"any","max_tokens":9)", model));
    CHECK(request.changes == "renamed=seed,max_completion_tokens");
    const Adapted both = adapted("mistral", model, with(R"("seed":7,"random_seed":8)", model));
    CHECK(both.body == with(R"("random_seed":8)", model));
    CHECK(both.changes == "dropped=seed");
    const std::string others = with(R"("tool_choice":"auto")", model);
    CHECK(adapted("mistral", model, others).body == others);
}

TEST_CASE("quirks: ids of tool calls for Mistral") {
    CHECK(short_tool_id("Ab3456789") == "Ab3456789");
    for (const char* id :
         {"call_PTLP8xhu3uwZk4l3nlnrrJha", "", "12345678", "1234567890", "call_5678", "é2345678"}) {
        CAPTURE(id);
        const std::string made = short_tool_id(id);
        CHECK(made.size() == 9);
        CHECK(short_tool_id(made) == made);
        CHECK(short_tool_id(id) == made);
        CHECK(made != id);
    }
    CHECK(short_tool_id("call_1") != short_tool_id("call_2"));
    const std::string body =
        R"({"model":"mistral-large-latest","messages":[ {"role":"user","content":"x"},)"
        R"({"role":"assistant","tool_calls":[{"id":"call_1","type":"function",)"
        R"("function":{"name":"f","arguments":"{\"id\":\"call_1\"}"}},)"
        R"({"id":"Ab3456789","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
        R"({"role":"tool","tool_call_id":"call_1","content":"call_1"},)"
        R"({"role":"tool","tool_call_id":"Ab3456789","content":"y"}]})";
    const Adapted request = adapted("mistral", "mistral-large-latest", body);
    json expected = json::parse(body);
    const std::string made = short_tool_id("call_1");
    expected["messages"][1]["tool_calls"][0]["id"] = made;
    expected["messages"][2]["tool_call_id"] = made;
    CHECK(json::parse(request.body) == expected);
    CHECK(request.changes.empty());
}

TEST_CASE("quirks: messages that are not as they should be are the provider's to refuse") {
    std::vector<TextEdit> edits;
    for (const std::string body :
         {R"(7)", R"([1,null,"x"])", R"([{"tool_call_id":7,"tool_calls":{"id":"a"}}])",
          R"([{"role":7,"tool_calls":[1,{"id":null},{}]}])", R"([{}])"}) {
        CAPTURE(body);
        edit_messages(*quirks_of("mistral"), body, body, edits);
        edit_messages(*quirks_of("deepseek"), body, body, edits);
        CHECK(edits.empty());
    }
}

TEST_CASE("quirks: DeepSeek gets thoughts back, empty ones if need be") {
    const std::string body =
        R"({"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"a"},)"
        R"({"role":"assistant","content":"b","reasoning_content":"kept"},)"
        R"({"role":"assistant","content":"c","reasoning_content":null}],)"
        R"("model":"deepseek-v4-pro"})";
    CHECK(adapted("deepseek", "deepseek-v4-pro", body).body ==
          R"({"messages":[{"role":"user","content":"x"},)"
          R"({"reasoning_content":"","role":"assistant","content":"a"},)"
          R"({"role":"assistant","content":"b","reasoning_content":"kept"},)"
          R"({"role":"assistant","content":"c","reasoning_content":""}],)"
          R"("model":"deepseek-v4-pro"})");
}

TEST_CASE("quirks: Qwen's switch for thinking") {
    const std::string model = "qwen3.7-max";
    CHECK(adapted("alibaba", model, with(R"("reasoning_effort":"low")", model)).body ==
          with(R"("reasoning_effort":"low","enable_thinking":true)", model));
    CHECK(adapted("alibaba", model, with(R"("reasoning_effort":"none")", model)).body ==
          with(R"("reasoning_effort":"none","enable_thinking":false)", model));
    for (const char* untouched :
         {R"("reasoning_effort":"low","enable_thinking":false)", R"("reasoning_effort":null)"}) {
        const std::string body = with(untouched, model);
        CHECK(adapted("alibaba", model, body).body == body);
    }
}

TEST_CASE("quirks: models that reject fields") {
    const Adapted request = adapted(
        "openai", "o4-mini",
        with(R"("temperature":0.5,"max_tokens":9,"top_p":1,"reasoning_effort":"low")", "o4-mini"));
    CHECK(request.body == with(R"("max_completion_tokens":9,"reasoning_effort":"low")", "o4-mini"));
    CHECK(request.changes == "dropped=temperature,top_p; renamed=max_tokens");
    const Adapted both = adapted("openai", "o4-mini",
                                 with(R"("max_tokens":9,"max_completion_tokens":8)", "o4-mini"));
    CHECK(both.body == with(R"("max_completion_tokens":8)", "o4-mini"));
    CHECK(both.changes == "dropped=max_tokens");
    const std::string plain = with(R"("temperature":0.5,"max_tokens":9)", "gpt-4o");
    CHECK(adapted("openai", "gpt-4o", plain).body == plain);
    CHECK(adapted("xai", "grok-4-5", with(R"("stop":["a"])", "grok-4.5")).changes ==
          "dropped=stop");
}

TEST_CASE("quirks: thoughts under the name that clients know") {
    const Quirks& groq = *quirks_of("groq");
    CHECK(mend_answer(groq, R"({"choices":[{"delta":{"reasoning":"h\u00e9"}}]})") ==
          R"({"choices":[{"delta":{"reasoning_content":"h\u00e9","reasoning":"h\u00e9"}}]})");
    CHECK(mend_answer(groq, R"({"choices":[{"index":0,"message":{"content":"a","reasoning":"b"}},)"
                            R"({"index":1,"message":{"reasoning":"c"}}],"usage":{}})") ==
          R"({"choices":[{"index":0,"message":{"content":"a","reasoning_content":"b",)"
          R"("reasoning":"b"}},{"index":1,"message":{"reasoning_content":"c",)"
          R"("reasoning":"c"}}],"usage":{}})");
    for (const char* same :
         {R"({"choices":[{"delta":{"content":"a"}}]})",
          R"({"choices":[{"delta":{"reasoning":null}}]})",
          R"({"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"}}]})",
          R"({"choices":[],"reasoning":"a"})", R"({"reasoning")", "[DONE]", ""}) {
        CAPTURE(same);
        CHECK_FALSE(mend_answer(groq, same));
    }
    CHECK_FALSE(mend_answer(*quirks_of("xai"), R"({"choices":[{"delta":{"reasoning":"a"}}]})"));
}

TEST_CASE("quirks: thoughts among the parts of Mistral's content") {
    const Quirks& mistral = *quirks_of("mistral");
    CHECK(mend_answer(mistral,
                      R"({"choices":[{"message":{"role":"assistant","content":[{"type":"thinking",)"
                      R"("thinking":[{"type":"text","text":"Hm"},{"type":"text","text":"."}]},)"
                      R"({"type":"text","text":"A"},{"type":"text","text":"\nB"}]}}]})") ==
          R"({"choices":[{"message":{"role":"assistant","content":"A\u000aB",)"
          R"("reasoning_content":"Hm."}}]})");
    CHECK(mend_answer(mistral, R"({"choices":[{"delta":{"content":[{"type":"text","text":"A"}]},)"
                               R"("finish_reason":null}]})") ==
          R"({"choices":[{"delta":{"content":"A"},"finish_reason":null}]})");
    CHECK_FALSE(mend_answer(mistral, R"({"choices":[{"delta":{"content":"{\"type\":1}"}}]})"));
    CHECK_FALSE(mend_answer(
        mistral, R"({"choices":[{"message":{"content":"","tool_calls":[{"type":"function"}]}}]})"));
}
