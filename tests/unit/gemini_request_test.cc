// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "tests/unit/gemini_trial.h"

using namespace llmgw;
using namespace llmgw::trial;

namespace {

std::string messages(const std::string& list, std::string_view model = "gemini-3-flash-preview") {
    return send("\"messages\":[" + list + "]", model).body;
}

const std::string kAskTool = R"({"role":"user","content":"Weather?"},)";
const std::string kAskedTool = R"({"role":"user","parts":[{"text":"Weather?"}]},)";

std::string call_of(const std::string& id, const std::string& more = "") {
    return R"({"id":")" + id + R"(","type":"function","function":{"name":"f_)" + id +
           R"(","arguments":"{\"n\": 1e400}"})" + more + "}";
}

std::string tool_result(const std::string& id, const std::string& content) {
    return R"({"role":"tool","tool_call_id":")" + id + R"(","content":)" + content + "}";
}

}  // namespace

TEST_CASE("gemini request: path and plainest body") {
    const GeminiSent plain = send(kHello);
    CHECK(plain.path == "/models/gemini-3-flash-preview:generateContent");
    CHECK(plain.body == body_with(""));
    CHECK(plain.changes.empty());
    CHECK(send(kHello + R"(,"stream":true)").path ==
          "/models/gemini-3-flash-preview:streamGenerateContent?alt=sse");
    CHECK(send(kHello, "models/gemini-2.5-pro").path == "/models/gemini-2.5-pro:generateContent");
}

TEST_CASE("gemini request: a model's name cannot lead to another method") {
    CHECK(send(kHello, "../x?key=1#/:y z").path ==
          "/models/..%2Fx%3Fkey%3D1%23%2F%3Ay%20z:generateContent");
    CHECK(send(kHello, "a\r\nb\xC3\xA9").path == "/models/a%0D%0Ab%C3%A9:generateContent");
}

TEST_CASE("gemini request: instructions and turns") {
    CHECK(messages(R"({"role":"system","content":"Be brief."},{"role":"user","content":"A"},)"
                   R"({"role":"developer","content":[{"type":"text","text":"Be kind."}]},)"
                   R"({"role":"user","content":[{"type":"text","text":"B"}]},)"
                   R"({"role":"assistant","content":"C"},{"role":"assistant","content":"D"},)"
                   R"({"role":"user","content":"E"})") ==
          R"({"systemInstruction":{"parts":[{"text":"Be brief."},{"text":"Be kind."}]},)"
          R"("contents":[{"role":"user","parts":[{"text":"A"},{"text":"B"}]},)"
          R"({"role":"model","parts":[{"text":"C"},{"text":"D"}]},)"
          R"({"role":"user","parts":[{"text":"E"}]}]})");
    SUBCASE("turns without parts never begin") {
        CHECK(messages(R"({"role":"user","content":"A"},{"role":"assistant","content":""},)"
                       R"({"role":"user","content":"B"},{"role":"user","content":""})") ==
              R"({"contents":[{"role":"user","parts":[{"text":"A"},{"text":"B"}]}]})");
    }
    SUBCASE("instructions alone become the prompt") {
        CHECK(messages(R"({"role":"system","content":"Say hi."})") ==
              R"({"contents":[{"role":"user","parts":[{"text":"Say hi."}]}]})");
    }
    SUBCASE("nothing at all is an error") {
        WireTarget target;
        target.model = "gemini-3-flash-preview";
        const auto sent = translate(R"("messages":[{"role":"user","content":""}])", target);
        REQUIRE_FALSE(sent);
        CHECK(sent.error().kind == Errc::invalid_request);
        CHECK(sent.error().param == "messages");
    }
}

TEST_CASE("gemini request: parallel calls, their results and the next question") {
    const std::string conversation =
        kAskTool + R"({"role":"assistant","content":"Let me see.","tool_calls":[)" + call_of("a") +
        "," + call_of("b") + "]}," + tool_result("b", R"("sunny")") + "," +
        tool_result("a", R"("{\"t\": 21.50}")") + R"(,{"role":"user","content":"And?"})";
    const std::string model_part = R"({"role":"model","parts":[{"text":"Let me see."},)"
                                   R"({"functionCall":{"name":"f_a","args":{"n": 1e400}}},)"
                                   R"({"functionCall":{"name":"f_b","args":{"n": 1e400}}}]},)";
    // Results go into one content in the order of the calls, in front of the next text.
    const std::string user_part =
        R"({"role":"user","parts":[{"functionResponse":{"name":"f_a","response":{"t": 21.50}}},)"
        R"({"functionResponse":{"name":"f_b","response":{"output":"sunny"}}},{"text":"And?"}]})";
    CHECK(messages(conversation, "gemini-2.5-flash") ==
          "{\"contents\":[" + kAskedTool + model_part + user_part + "]}");
    SUBCASE("generation 3 has ids and wants a signature on the first call") {
        CHECK(messages(conversation) ==
              "{\"contents\":[" + kAskedTool +
                  R"({"role":"model","parts":[{"text":"Let me see."},)"
                  R"({"functionCall":{"id":"a","name":"f_a","args":{"n": 1e400}},)"
                  R"("thoughtSignature":"skip_thought_signature_validator"},)"
                  R"({"functionCall":{"id":"b","name":"f_b","args":{"n": 1e400}}}]},)"
                  R"({"role":"user","parts":[)"
                  R"({"functionResponse":{"id":"a","name":"f_a","response":{"t": 21.50}}},)"
                  R"({"functionResponse":{"id":"b","name":"f_b","response":{"output":"sunny"}}},)"
                  R"({"text":"And?"}]}]})");
    }
}

TEST_CASE("gemini request: results that are no objects") {
    const auto response_to = [](const std::string& content) {
        const std::string body =
            messages(kAskTool + R"({"role":"assistant","content":null,"tool_calls":[)" +
                         call_of("a") + "]}," + tool_result("a", content),
                     "gemini-2.5-flash");
        const auto at = body.find("\"response\":");
        return body.substr(at + 11, body.size() - at - 11 - std::string("}}]}]}").size());
    };
    CHECK(response_to(R"("plain \"text\"")") == R"({"output":"plain \"text\""})");
    CHECK(response_to(R"("[1, {}]")") == R"({"output":[1, {}]})");
    CHECK(response_to(R"("7")") == R"({"output":"7"})");
    CHECK(response_to(R"("")") == R"({"output":""})");
    CHECK(response_to(R"("{broken")") == R"({"output":"{broken"})");
    CHECK(response_to(R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])") ==
          R"({"output":"a\u000ab"})");
}

TEST_CASE("gemini request: a call id that comes back later belongs to its own turn") {
    const std::string turn = R"({"role":"assistant","tool_calls":[{"id":"call_0",)"
                             R"("type":"function","function":{"name":"NAME","arguments":""}}]},)" +
                             tool_result("call_0", "\"{}\"");
    std::string first = turn;
    std::string second = turn;
    first.replace(first.find("NAME"), 4, "one");
    second.replace(second.find("NAME"), 4, "two");
    CHECK(messages(kAskTool + first + "," + second, "gemini-2.5-flash") ==
          "{\"contents\":[" + kAskedTool +
              R"({"role":"model","parts":[{"functionCall":{"name":"one","args":{}}}]},)"
              R"({"role":"user","parts":[{"functionResponse":{"name":"one","response":{}}}]},)"
              R"({"role":"model","parts":[{"functionCall":{"name":"two","args":{}}}]},)"
              R"({"role":"user","parts":[{"functionResponse":{"name":"two","response":{}}}]}]})");
}

TEST_CASE("gemini request: a result without a call is an error") {
    ChatRequest request;
    request.messages.resize(1);
    request.messages[0].role = ChatMessage::Role::tool;
    request.messages[0].tool_call_id = "nowhere";
    WireTarget target;
    target.model = "gemini-3-pro";
    const auto adapted = encode_gemini(request, target);
    REQUIRE_FALSE(adapted);
    CHECK(adapted.error().param == "messages[0].tool_call_id");
}

TEST_CASE("gemini request: signatures come back where they belong") {
    const auto model_parts = [](const std::string& assistant, std::string_view model) {
        const std::string body = messages(kAskTool + assistant, model);
        const auto begin = body.find(R"({"role":"model","parts":[)") + 25;
        return body.substr(begin, body.find("]}", begin) - begin);
    };
    const std::string results = "," + tool_result("a", "\"{}\"") + "," + tool_result("b", "\"{}\"");
    const std::string call_a = R"({"functionCall":{"name":"f_a","args":{"n": 1e400}})";
    const std::string call_b = R"(,{"functionCall":{"name":"f_b","args":{"n": 1e400}})";
    const auto details = [](const std::string& list) {
        return R"("reasoning_details":[)" + list + "],";
    };
    const auto encrypted = [](const std::string& data, const std::string& id,
                              const std::string& format) {
        return R"({"type":"reasoning.encrypted","data":")" + data + R"(","id":")" + id +
               R"(","format":")" + format + R"("})";
    };

    SUBCASE("as Google's own endpoint has it") {
        const std::string signed_call =
            call_of("a", R"(,"extra_content":{"google":{"thought_signature":"S1"}})");
        CHECK(model_parts(R"({"role":"assistant","tool_calls":[)" + signed_call + "," +
                              call_of("b") + "]}" + results,
                          "gemini-2.5-pro") ==
              call_a + R"(,"thoughtSignature":"S1"})" + call_b + "}");
    }
    SUBCASE("as a reasoning detail of the call") {
        CHECK(model_parts("{" + details(encrypted("S2", "b", "google-gemini-v1")) +
                              R"("role":"assistant","tool_calls":[)" + call_of("a") + "," +
                              call_of("b") + "]}" + results,
                          "gemini-2.5-pro") ==
              call_a + "}" + call_b + R"(,"thoughtSignature":"S2"})");
    }
    SUBCASE("as a reasoning detail of no call in particular") {
        CHECK(model_parts("{" + details(encrypted("S3", "", "google-gemini-v1")) +
                              R"("role":"assistant","tool_calls":[)" + call_of("a") + "," +
                              call_of("b") + "]}" + results,
                          "gemini-2.5-pro") ==
              call_a + R"(,"thoughtSignature":"S3"})" + call_b + "}");
    }
    SUBCASE("of another provider it is nothing to Gemini") {
        CHECK(model_parts("{" + details(encrypted("S4", "a", "anthropic-claude-v1")) +
                              R"("role":"assistant","tool_calls":[)" + call_of("a") + "," +
                              call_of("b") + "]}" + results,
                          "gemini-2.5-pro") == call_a + "}" + call_b + "}");
    }
    SUBCASE("on the text of a turn without calls") {
        CHECK(model_parts("{" + details(encrypted("S5", "", "google-gemini-v1")) +
                              R"("role":"assistant","content":"done"},{"role":"user",)"
                              R"("content":"more"})",
                          "gemini-3.1-pro-preview") ==
              R"({"text":"done","thoughtSignature":"S5"})");
    }
}

TEST_CASE("gemini request: media") {
    const auto parts = [](const std::string& content) {
        const std::string body =
            messages(R"({"role":"user","content":[)" + content + "]}", "gemini-2.5-flash");
        const auto begin = body.find("\"parts\":[") + 9;
        return body.substr(begin, body.find("]}]", begin) - begin);
    };
    CHECK(
        parts(R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}})") ==
        R"({"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}})");
    CHECK(parts(R"({"type":"image_url","image_url":{"url":"https://x.test/a.WEBP?w=1#z"}})") ==
          R"({"fileData":{"mimeType":"image/webp","fileUri":"https://x.test/a.WEBP?w=1#z"}})");
    CHECK(parts(R"({"type":"image_url","image_url":{"url":"https://x.test/a"}})") ==
          R"({"fileData":{"mimeType":"image/jpeg","fileUri":"https://x.test/a"}})");
    CHECK(parts(R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"mp3"}})") ==
          R"({"inlineData":{"mimeType":"audio/mp3","data":"AAAA"}})");
    CHECK(parts(R"({"type":"file","file":{"file_id":"https://files.test/v1beta/files/1"}})") ==
          R"({"fileData":{"mimeType":"application/pdf",)"
          R"("fileUri":"https://files.test/v1beta/files/1"}})");
    SUBCASE("the finest resolution that was asked for decides") {
        const auto image = [](const char* detail) {
            return R"({"type":"image_url","image_url":{"url":"https://x.test/a.png","detail":")" +
                   std::string(detail) + "\"}}";
        };
        const auto has = [&](const std::string& images, const char* resolution) {
            return messages(R"({"role":"user","content":[)" + images + "]}").find(resolution) !=
                   std::string::npos;
        };
        CHECK(has(image("low"), "MEDIA_RESOLUTION_LOW"));
        CHECK(has(image("low") + "," + image("high"), "MEDIA_RESOLUTION_HIGH"));
        CHECK_FALSE(has(image("low") + "," + image("auto"), "MEDIA_RESOLUTION"));
    }
}

TEST_CASE("gemini request: tools") {
    const std::string schema =
        R"({"type":"object","properties":{"c":{"$ref":"#/$defs/C"}},"$defs":{"C":{"const":"x"}}})";
    const std::string tools = R"(,"tools":[{"type":"function","function":{"name":"f",)"
                              R"("description":"d","parameters":)" +
                              schema + R"(}},{"type":"function","function":{"name":"g"}}])";
    const auto declared = [&](const std::string& parameters) {
        return R"("tools":[{"functionDeclarations":[{"name":"f","description":"d",)" + parameters +
               R"(},{"name":"g"}]}])";
    };
    CHECK(send(kHello + tools).body == body_with(declared("\"parametersJsonSchema\":" + schema)));
    CHECK(send(kHello + tools, "gemini-2.0-flash").body ==
          body_with(declared(R"("parameters":{"type":"OBJECT","properties":{"c":{"type":"STRING",)"
                             R"("enum":["x"]}}})")));

    const auto with_choice = [&](const std::string& choice) {
        const std::string body = send(kHello + tools + ",\"tool_choice\":" + choice).body;
        const auto at = body.find("\"toolConfig\":");
        return at == std::string::npos ? "" : body.substr(at + 13, body.size() - at - 14);
    };
    CHECK(with_choice("\"auto\"").empty());
    CHECK(with_choice("\"none\"") == R"({"functionCallingConfig":{"mode":"NONE"}})");
    CHECK(with_choice("\"required\"") == R"({"functionCallingConfig":{"mode":"ANY"}})");
    CHECK(with_choice(R"({"type":"function","function":{"name":"g"}})") ==
          R"({"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}})");
    CHECK(send(kHello + R"(,"tool_choice":"none")").body == body_with(""));
    CHECK(send(kHello + tools + R"(,"parallel_tool_calls":false)").changes ==
          "dropped=parallel_tool_calls");
    CHECK(send(kHello + tools + R"(,"parallel_tool_calls":true)").changes.empty());
}

TEST_CASE("gemini request: a schema that older models cannot be given") {
    WireTarget target;
    target.model = "gemini-2.0-flash";
    const auto tool = translate(kHello + R"(,"tools":[{"type":"function","function":{"name":"f",)"
                                         R"("parameters":{"$ref":"#/$defs/no"}}}])",
                                target);
    REQUIRE_FALSE(tool);
    CHECK(tool.error().param == "tools");
    CHECK(tool.error().code == "unsupported_parameter");
    const auto format =
        translate(kHello + R"(,"response_format":{"type":"json_schema","json_schema":)"
                           R"({"name":"n","schema":{"$ref":"https://x.test/s"}}})",
                  target);
    REQUIRE_FALSE(format);
    CHECK(format.error().param == "response_format");
}

TEST_CASE("gemini request: web search") {
    const std::string search = R"(,"web_search_options":{})";
    CHECK(send(kHello + search).body == body_with(R"("tools":[{"googleSearch":{}}])"));
    const GeminiSent both =
        send(kHello + search + R"(,"tools":[{"type":"function","function":{"name":"g"}}])");
    CHECK(both.body == body_with(R"("tools":[{"functionDeclarations":[{"name":"g"}]}])"));
    CHECK(both.changes == "dropped=web_search_options");
}

TEST_CASE("gemini request: answer format") {
    const std::string schema = R"({"type":"object","additionalProperties":false})";
    const std::string format = R"(,"response_format":{"type":"json_schema","json_schema":)"
                               R"({"name":"n","strict":true,"schema":)" +
                               schema + "}}";
    const std::string mime = R"("generationConfig":{"responseMimeType":"application/json")";
    CHECK(send(kHello + format).body ==
          body_with(mime + ",\"responseJsonSchema\":" + schema + "}"));
    CHECK(send(kHello + format, "gemini-2.0-flash").body ==
          body_with(mime + R"(,"responseSchema":{"type":"OBJECT"}})"));
    CHECK(send(kHello + R"(,"response_format":{"type":"json_object"})").body ==
          body_with(mime + "}"));
    CHECK(send(kHello + R"(,"response_format":{"type":"text"})").body == body_with(""));
    SUBCASE("older models do not take it together with tools") {
        const std::string tools = R"(,"tools":[{"type":"function","function":{"name":"g"}}])";
        const GeminiSent older = send(kHello + format + tools, "gemini-2.5-flash");
        CHECK(older.changes == "dropped=response_format");
        CHECK(older.body.find("responseMimeType") == std::string::npos);
        CHECK(send(kHello + format + tools).changes.empty());
        CHECK(send(kHello + format + tools + R"(,"tool_choice":"none")", "gemini-2.5-flash")
                  .changes.empty());
    }
}

TEST_CASE("gemini request: limits and sampling") {
    CHECK(send(kHello + R"(,"max_tokens":10,"temperature":0.5,"top_p":0.25,"top_k":3,)"
                        R"("stop":"END","seed":42,"n":2,"presence_penalty":-1,)"
                        R"("frequency_penalty":1.5,"logprobs":true,"top_logprobs":4)")
              .body ==
          body_with(R"("generationConfig":{"maxOutputTokens":10,"temperature":0.5,"topP":0.25,)"
                    R"("topK":3,"stopSequences":["END"],"seed":42,"candidateCount":2,)"
                    R"("presencePenalty":-1,"frequencyPenalty":1.5,"responseLogprobs":true,)"
                    R"("logprobs":4})"));
    SUBCASE("more stops than five") {
        const GeminiSent sent = send(kHello + R"(,"stop":["1","2","3","4","5","6"])");
        CHECK(sent.body == body_with(R"("generationConfig":{"stopSequences":)"
                                     R"(["1","2","3","4","5"]})"));
        CHECK(sent.changes == "clamped=stop");
    }
    SUBCASE("a seed of more than 32 bits") {
        const GeminiSent sent = send(kHello + R"(,"seed":4294967299)");
        CHECK(sent.body == body_with(R"("generationConfig":{"seed":3})"));
        CHECK(sent.changes == "clamped=seed");
        CHECK(send(kHello + R"(,"seed":-5)").body ==
              body_with(R"("generationConfig":{"seed":-5})"));
    }
    SUBCASE("a temperature over the limit") {
        const GeminiSent sent = send(kHello + R"(,"temperature":2.5)");
        CHECK(sent.body == body_with(R"("generationConfig":{"temperature":2})"));
        CHECK(sent.changes == "clamped=temperature");
    }
    SUBCASE("what has no place is named") {
        CHECK(send(R"("messages":[{"role":"user","name":"ann","content":[{"type":"text",)"
                   R"("text":"Hi","cache_control":{"type":"ephemeral"}}]}],"user":"u",)"
                   R"("logit_bias":{"1":2},"prediction":{},"service_tier":"auto")")
                  .changes == "dropped=cache_control,messages.name,logit_bias,user,prediction");
    }
}

TEST_CASE("gemini request: what the catalog knows of provider and model") {
    constexpr std::array<ServiceTier, 1> kTiers = {ServiceTier{"flex", 500}};
    constexpr std::array<std::string_view, 1> kRejects = {"seed"};
    constexpr std::array<std::string_view, 2> kSupported = {"temperature", "seed"};
    Provider provider{};
    provider.service_tiers = kTiers;
    provider.rejects = kRejects;
    Mapping mapping{};
    mapping.max_output = 100;
    mapping.supported_parameters = kSupported;
    WireTarget target;
    target.provider = &provider;
    target.mapping = &mapping;
    target.model = "gemini-3-flash-preview";
    const auto sent = translate(kHello + R"(,"max_tokens":101,"seed":1,"top_p":1,)"
                                         R"("temperature":1,"service_tier":"flex")",
                                target);
    REQUIRE(sent);
    CHECK(sent->body == body_with(R"("generationConfig":{"maxOutputTokens":100,"temperature":1},)"
                                  R"("serviceTier":"flex")"));
    CHECK(sent->changes == "dropped=top_p,seed; clamped=max_tokens");
    const auto other = translate(kHello + R"(,"service_tier":"priority")", target);
    REQUIRE(other);
    CHECK(other->changes == "dropped=service_tier");
}
