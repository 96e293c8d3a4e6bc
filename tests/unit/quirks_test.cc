// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/quirks.h"

#include <nlohmann/json.hpp>
#include <string>

#include "adapter_trial.h"
#include "daemon/providers/message_quirks.h"
#include "daemon/providers/openai.h"

using namespace llmgw;
using nlohmann::json;

namespace {

struct Adapted {
    std::string body;
    std::string changes;
};

// A client's body as it goes to a model at a provider, of the catalog or "custom".
Adapted adapted(std::string_view provider, std::string_view model, const std::string& body) {
    ProviderAccess access;
    access.provider = catalog::find_provider(provider);
    Candidate candidate;
    candidate.access = &access;
    candidate.mapping = catalog::find_at_provider(provider, model).mapping;
    candidate.upstream_model = model;
    REQUIRE((access.provider != nullptr || provider == "custom"));
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
    CHECK(rows == 9);
    CHECK(quirks_of("custom") != nullptr);
    CHECK(quirks_of("openai") == nullptr);
    CHECK(quirks_of("") == nullptr);
    CHECK(quirks_of("zzz") == nullptr);
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

TEST_CASE("quirks: models that think in streams only are told not to elsewhere") {
    const std::string model = "qwen3-32b";
    const Adapted asked = adapted("alibaba", model, with(R"("reasoning_effort":"low")", model));
    CHECK(asked.body == R"({"model":"qwen3-32b","messages":[{"role":"user","content":"x"}],)"
                        R"("enable_thinking":false})");
    CHECK(asked.changes == "dropped=reasoning_effort");
    const Adapted unasked = adapted("alibaba", model, with(R"("n":1)", model));
    CHECK(unasked.body == with(R"("n":1,"enable_thinking":false)", model));
    CHECK(unasked.changes.empty());
    CHECK(adapted("alibaba", model, with(R"("reasoning_effort":"none")", model)).body ==
          with(R"("reasoning_effort":"none","enable_thinking":false)", model));
    const std::string own = with(R"("enable_thinking":true)", model);
    CHECK(adapted("alibaba", model, own).body == own);
    const std::string stream = R"("stream":true,"stream_options":{"include_usage":true})";
    CHECK(adapted("alibaba", model, with(stream, model)).body == with(stream, model));
    CHECK(adapted("alibaba", model, with(R"("reasoning_effort":"low",)" + stream, model)).body ==
          with(R"("reasoning_effort":"low","enable_thinking":true,)" + stream, model));
}

TEST_CASE("quirks: Groq takes tools or JSON") {
    const std::string model = "gpt-oss-120b";
    const std::string tools = R"("tools":[{"type":"function","function":{"name":"f"}}])";
    for (const char* kind : {"json_object", "json_schema"}) {
        const std::string format = R"("response_format":{"type":")" + std::string(kind) + R"("})";
        const Adapted both = adapted("groq", model, with(format + "," + tools, model));
        CHECK(both.body == with(tools, model));
        CHECK(both.changes == "dropped=response_format");
        for (const std::string& fine :
             {format, format + R"(,"tools":[])", format + R"(,"tools":null)"}) {
            CHECK(adapted("groq", model, with(fine, model)).body == with(fine, model));
        }
    }
    for (const std::string fine :
         {R"("response_format":{"type":"text"},)", R"("response_format":null,)",
          R"("response_format":{"type":7},)"}) {
        CHECK(adapted("groq", model, with(fine + tools, model)).changes ==
              (fine.find('7') == std::string::npos ? "" : "dropped=response_format"));
    }
}

TEST_CASE("quirks: servers outside the catalog get no nulls") {
    CHECK(adapted("custom", "m",
                  R"({"stop":null,"model":"m","user":null,"messages":[{}],)"
                  R"("x":[null,{"y":null}],"tools":null })")
              .body == R"({"model":"m","messages":[{}],"x":[null,{"y":null}] })");
    CHECK(adapted("custom", "m", R"({"stop":null,"user":null,"model":"m","messages":[{}]})").body ==
          R"({"model":"m","messages":[{}]})");
    CHECK(adapted("custom", "m",
                  R"({"messages":[{"role":"user","content":"null","name":null},)"
                  R"({"name":null,"audio":null,"role":"assistant","content":null,)"
                  R"("tool_calls":[{"id":"c","x":null}],"refusal":null},)"
                  R"({"name":null}],"model":"m"})")
              .body == R"({"messages":[{"role":"user","content":"null"},)"
                       R"({"role":"assistant","content":null,"tool_calls":[{"id":"c","x":null}]},)"
                       R"({}],"model":"m"})");
    const Adapted stream = adapted(
        "custom", "m", R"({"model":"m","stream":true,"stream_options":null,"messages":[{}]})");
    CHECK(stream.body == R"({"model":"m","stream":true,"messages":[{}],)"
                         R"("stream_options":{"include_usage":true}})");
    CHECK(stream.changes.empty());
    const std::string untouched = with(R"("stop":null)", "gpt-4o");
    CHECK(adapted("openai", "gpt-4o", untouched).body == untouched);
}
