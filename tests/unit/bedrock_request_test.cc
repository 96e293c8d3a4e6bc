// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/providers/bedrock.h"
#include "daemon/providers/bedrock_messages.h"

using namespace llmgw;

namespace {

namespace fs = std::filesystem;

// The catalog's mapping is used for models that it knows at Bedrock.
WireTarget target_for(const std::string& model, const std::string& region) {
    WireTarget target;
    target.provider = catalog::find_provider("aws-bedrock");
    target.mapping = catalog::find_at_provider("aws-bedrock", model).mapping;
    target.model = model;
    target.region = region;
    return target;
}

// `openai` lacks its model. The order of its members reaches AWS in schemas that are texts there.
Result<AdaptedRequest> encode(nlohmann::ordered_json openai, const std::string& model,
                              const std::string& region = "") {
    openai["model"] = "m";
    const auto call = InferenceCall::parse(Endpoint::chat_completions, openai.dump());
    REQUIRE(call);
    const auto request = read_chat_request(**call);
    if (!request) {
        FAIL(request.error().message);
    }
    return encode_bedrock(*request, target_for(model, region));
}

std::string body_of(const AdaptedRequest& request) {
    std::string text;
    for (const std::string_view piece : request.body) {
        text += piece;
    }
    CHECK(text.size() == request.body_size());
    CHECK(scan_object(text));
    return text;
}

nlohmann::json user(const char* content) {
    return {{"messages", {{{"role", "user"}, {"content", nlohmann::json::parse(content)}}}}};
}

// The field that a request is refused for.
std::string refused(const nlohmann::json& openai,
                    const std::string& model = "amazon.nova-pro-v1:0") {
    const auto request = encode(openai, model);
    REQUIRE_FALSE(request);
    CHECK(request.error().kind == Errc::invalid_request);
    CHECK(request.error().code == "unsupported_value");
    CHECK(request.error().message.starts_with("AWS Bedrock "));
    return request.error().param;
}

nlohmann::json converse(nlohmann::json openai, const std::string& model,
                        std::string* changes = nullptr) {
    const auto request = encode(std::move(openai), model);
    REQUIRE(request);
    if (changes != nullptr) {
        *changes = request->changes();
    }
    return nlohmann::json::parse(body_of(*request));
}

std::string id_at(const std::string& model, const std::string& region) {
    return bedrock_model_id(target_for(model, region));
}

}  // namespace

TEST_CASE("bedrock request: golden files") {
    std::size_t cases = 0;
    for (const auto& entry : fs::directory_iterator(LLMGW_TEST_DATA "/bedrock/requests")) {
        CAPTURE(entry.path());
        std::ifstream file(entry.path());
        const auto golden = nlohmann::ordered_json::parse(file);
        const auto request =
            encode(golden.at("openai"), golden.at("model"), golden.value("region", ""));
        if (!request) {
            FAIL(request.error().message);
        }
        CHECK(request->path == golden.at("path").get<std::string>());
        CHECK(request->changes() == golden.at("changes").get<std::string>());
        CHECK(nlohmann::json::parse(body_of(*request)) ==
              nlohmann::json::parse(golden.at("converse").dump()));
        CHECK(request->fields.empty());
        cases++;
    }
    CHECK(cases >= 15);
}

TEST_CASE("bedrock request: what the client sent as JSON goes in byte for byte") {
    const auto request =
        encode(nlohmann::json::parse(R"({"messages":[{"role":"user","content":"x"}]})"),
               "amazon.nova-pro-v1:0");
    REQUIRE(request);
    CHECK(body_of(*request) == R"({"messages":[{"role":"user","content":[{"text":"x"}]}]})");
    const auto call = InferenceCall::parse(
        Endpoint::chat_completions,
        R"({"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function",)"
        R"("function":{"name":"f","parameters":{"z": 1e400, "a":{ } }}}]})");
    REQUIRE(call);
    const auto chat = read_chat_request(**call);
    REQUIRE(chat);
    const auto with_tool = encode_bedrock(*chat, target_for("amazon.nova-pro-v1:0", ""));
    REQUIRE(with_tool);
    CHECK(body_of(*with_tool).find(R"("inputSchema":{"json":{"z": 1e400, "a":{ } }})") !=
          std::string::npos);
}

TEST_CASE("bedrock request: what no change can mend is refused, and where") {
    CHECK(refused(user(R"([{"type":"text","text":"a"},
        {"type":"image_url","image_url":{"url":"https://example.com/a.png"}}])")) ==
          "messages[0].content[1]");
    CHECK(refused(user(
              R"([{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AAAA"}}])")) ==
          "messages[0].content[0]");
    CHECK(refused(user(R"([{"type":"file","file":{"file_id":"file-1"}}])")) ==
          "messages[0].content[0]");
    CHECK(refused(user(R"([{"type":"file","file":{"filename":"a.zip",
        "file_data":"data:application/zip;base64,UEsDBA=="}}])")) == "messages[0].content[0]");
    CHECK(refused(
              user(R"([{"type":"input_audio","input_audio":{"format":"midi","data":"AAAA"}}])")) ==
          "messages[0].content[0]");
    auto several = user(R"("x")");
    several["n"] = 2;
    CHECK(refused(several) == "n");
    CHECK(refused(user(R"(" \n")")) == "messages");
    nlohmann::json only_system = {{"messages", {{{"role", "system"}, {"content", "x"}}}}};
    CHECK(refused(only_system) == "messages");
    nlohmann::json with_image = user(R"("x")");
    with_image["messages"].push_back(
        {{"role", "system"},
         {"content",
          nlohmann::json::parse(
              R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}}])")}});
    CHECK(refused(with_image) == "messages[1].content");
}

TEST_CASE("bedrock request: the budget of thoughts leaves room for an answer") {
    const std::string model = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    std::string changes;
    const auto budget = [&](const nlohmann::json& members) -> nlohmann::json {
        auto openai = user(R"("x")");
        openai.update(members);
        return converse(openai, model, &changes)
            .value("/additionalModelRequestFields/thinking/budget_tokens"_json_pointer,
                   nlohmann::json());
    };
    CHECK(budget({{"reasoning_effort", "minimal"}}) == 1024);
    CHECK(budget({{"reasoning_effort", "low"}}) == 2048);
    CHECK(budget({{"reasoning_effort", "medium"}}) == 8192);
    CHECK(budget({{"reasoning_effort", "max"}}) == 32000);
    CHECK(changes.empty());
    CHECK(budget({{"reasoning_effort", "none"}}).is_null());
    CHECK(changes.empty());
    CHECK(budget({{"thinking", {{"type", "enabled"}, {"budget_tokens", 100}}}}) == 1024);
    CHECK(changes == "clamped=reasoning.max_tokens");
    CHECK(budget({{"reasoning_effort", "high"}, {"max_tokens", 1025}}) == 1024);
    CHECK(budget({{"reasoning_effort", "high"}, {"max_tokens", 1024}}).is_null());
    CHECK(changes == "dropped=reasoning_effort");
    CHECK(budget({{"reasoning_effort", "high"}, {"max_tokens", 0}}).is_null());
    CHECK(budget({{"reasoning", {{"max_tokens", 0}, {"effort", "low"}}}}) == 2048);
    CHECK(changes.empty());
    CHECK(budget({{"reasoning", {{"max_tokens", 5000}, {"effort", "low"}}}}) == 5000);
}

TEST_CASE("bedrock request: a budget is an effort where models take no budget") {
    auto openai = user(R"("x")");
    openai["reasoning"] = {{"max_tokens", 16000}};
    std::string changes;
    const auto body = converse(openai, "anthropic.claude-sonnet-4-6", &changes);
    CHECK(body["outputConfig"]["effort"] == "medium");
    CHECK(body["additionalModelRequestFields"]["thinking"] == nlohmann::json{{"type", "adaptive"}});
    CHECK(changes == "renamed=reasoning.max_tokens");
    openai["reasoning"] = {{"max_tokens", 16000}, {"effort", "minimal"}};
    CHECK(converse(openai, "anthropic.claude-sonnet-4-6")["outputConfig"]["effort"] == "low");
    openai["reasoning"] = {{"max_tokens", 0}};
    CHECK_FALSE(converse(openai, "anthropic.claude-sonnet-4-6", &changes).contains("outputConfig"));
    CHECK(changes.empty());
}

TEST_CASE("bedrock request: reasoning is dropped where a model has none") {
    auto openai = user(R"("x")");
    openai["reasoning_effort"] = "high";
    for (const char* const model : {"anthropic.claude-3-5-sonnet-20241022-v2:0",
                                    "meta.llama3-1-70b-instruct-v1:0", "amazon.nova-pro-v1:0"}) {
        std::string changes;
        CHECK_FALSE(converse(openai, model, &changes).contains("additionalModelRequestFields"));
        CHECK(changes == "dropped=reasoning_effort");
    }
    CHECK(converse(openai, "openai.gpt-oss-120b-1:0")["additionalModelRequestFields"] ==
          nlohmann::json{{"reasoning_effort", "high"}});
}

TEST_CASE("bedrock request: thoughts of Claude go to Claude only") {
    auto openai = nlohmann::json::parse(
        R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b",
        "reasoning_details":[{"type":"reasoning.text","text":"t","signature":"s",
        "format":"anthropic-claude-v1"}]},{"role":"user","content":"c"}]})");
    CHECK(converse(openai, "anthropic.claude-opus-4-8")["messages"][1]["content"].size() == 2);
    CHECK(converse(openai, "amazon.nova-pro-v1:0")["messages"][1]["content"].size() == 1);
    // Thoughts alone are no turn.
    openai["messages"][1]["content"] = " ";
    CHECK(converse(openai, "anthropic.claude-opus-4-8")["messages"].size() == 1);
}

TEST_CASE("bedrock request: the answer's tool is apart from the client's") {
    auto openai = nlohmann::json::parse(
        R"({"messages":[{"role":"user","content":"a"}],"tool_choice":"none",
        "tools":[{"type":"function","function":{"name":"answer_x"}}],
        "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{}}}})");
    const auto config = converse(openai, "anthropic.claude-sonnet-5")["toolConfig"];
    CHECK(config["tools"].size() == 1);
    CHECK(config["tools"][0]["toolSpec"]["name"] == "answer_x_");
    CHECK(config["toolChoice"] == nlohmann::json{{"tool", {{"name", "answer_x_"}}}});
    openai["tool_choice"] = {{"type", "function"}, {"function", {{"name", "answer_x"}}}};
    CHECK(
        converse(openai, "anthropic.claude-sonnet-5")["toolConfig"]["toolChoice"]["tool"]["name"] ==
        "answer_x");
}

TEST_CASE("bedrock request: versions of Claude are read from their ids") {
    const auto version = [](std::string_view id) {
        WireTarget target;
        target.model = id;
        return BedrockModel(target).claude;
    };
    CHECK(version("anthropic.claude-sonnet-4-5-20250929-v1:0") == 405);
    CHECK(version("us.anthropic.claude-opus-4-6-v1") == 406);
    CHECK(version("anthropic.claude-sonnet-4-20250514-v1:0") == 400);
    CHECK(version("anthropic.claude-3-7-sonnet-20250219-v1:0") == 307);
    CHECK(version("anthropic.claude-3-haiku-20240307-v1:0") == 300);
    CHECK(version("anthropic.claude-fable-5-1") == 501);
    CHECK(version("anthropic.claude-opus-5") == 500);
    CHECK(version("anthropic.claude-instant-v1") == 1);
    CHECK(version("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-8") ==
          408);
    CHECK(version("amazon.nova-pro-v1:0") == 0);
    CHECK(version("") == 0);
}

TEST_CASE("bedrock endpoint: the region selects the inference profile") {
    const std::string sonnet = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    CHECK(id_at(sonnet, "") == "global." + sonnet);
    CHECK(id_at(sonnet, "global") == "global." + sonnet);
    CHECK(id_at(sonnet, "eu") == "eu." + sonnet);
    CHECK(id_at(sonnet, "apac") == "apac." + sonnet);  // not offered: for AWS to say
    CHECK(id_at(sonnet, "us-west-2") == "us." + sonnet);
    CHECK(id_at(sonnet, "eu-west-1") == "eu." + sonnet);
    CHECK(id_at(sonnet, "ap-northeast-1") == "jp." + sonnet);
    CHECK(id_at(sonnet, "ap-southeast-2") == "au." + sonnet);
    // Nobody who names a region is served from another continent.
    CHECK(id_at(sonnet, "ap-south-1") == sonnet);
    CHECK(id_at("anthropic.claude-opus-5", "ap-northeast-1") == "anthropic.claude-opus-5");
    // In one region, without a profile.
    CHECK(id_at("anthropic.claude-sonnet-4-6", "eu-west-2") == "anthropic.claude-sonnet-4-6");
    CHECK(id_at("xai.grok-4.6", "") == "xai.grok-4.6");
    CHECK(id_at("meta.llama3-1-70b-instruct-v1:0", "") == "us.meta.llama3-1-70b-instruct-v1:0");
    // What is exact stays.
    CHECK(id_at("eu." + sonnet, "us") == "eu." + sonnet);
    CHECK(id_at("amazon.nova-pro-v1:0", "eu") == "amazon.nova-pro-v1:0");
    CHECK(id_at("arn:aws:bedrock:us-east-1:1:inference-profile/x", "eu").starts_with("arn:"));
}

TEST_CASE("bedrock endpoint: an ARN is one segment of the path") {
    const auto request =
        encode(user(R"("x")"), "arn:aws:bedrock:us-east-1:1:application-inference-profile/ab");
    REQUIRE(request);
    CHECK(request->path ==
          "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-"
          "profile%2Fab/converse");
}

TEST_CASE("bedrock endpoint: no model leads to another path") {
    for (const char* const model : {"", ".", ".."}) {
        CHECK_FALSE(encode(user(R"("x")"), model));
    }
    CHECK(encode(user(R"("x")"), "../a?b#c")->path == "/model/..%2Fa%3Fb%23c/converse");
}

TEST_CASE("bedrock endpoint: addresses of regions") {
    CHECK(*bedrock_base_url("eu-west-3") == "https://bedrock-runtime.eu-west-3.amazonaws.com");
    // As in the catalog.
    for (const RegionEndpoint& known : catalog::find_provider("aws-bedrock")->regions) {
        CAPTURE(known.region);
        CHECK(*bedrock_base_url(known.region) == known.url);
    }
    CHECK(*bedrock_base_url("") == *bedrock_base_url("global"));
    for (const char* const bad :
         {"evil.example/x", "us-east-1.evil.example", "a b", "US-EAST-1", "us-east-1#",
          "user@us-east-1", "moon", "-\n", "us-east-1-us-east-1-us-east-1-us-east-1"}) {
        CAPTURE(bad);
        const auto url = bedrock_base_url(bad);
        REQUIRE_FALSE(url);
        CHECK(url.error().kind == Errc::invalid_request);
    }
}

TEST_CASE("bedrock endpoint: a signature names the host's region") {
    CHECK(bedrock_signing_region("bedrock-runtime.eu-west-1.amazonaws.com", "us") == "eu-west-1");
    CHECK(bedrock_signing_region("bedrock-runtime-fips.us-west-2.amazonaws.com", "") ==
          "us-west-2");
    CHECK(bedrock_signing_region("vpce-0a-b.bedrock-runtime.eu-north-1.vpce.amazonaws.com", "us") ==
          "eu-north-1");
    CHECK(bedrock_signing_region("127.0.0.1:4000", "eu") == "eu-central-1");
    CHECK(bedrock_signing_region("127.0.0.1", "ca-central-1") == "ca-central-1");
    CHECK(bedrock_signing_region("proxy.example.com", "") == "us-east-1");
}
