// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/vertex.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"
#include "daemon/providers/gemini.h"

using namespace llmgw;

namespace {

using Options = std::vector<std::pair<std::string, std::string>>;

ChatRequest hello() {
    ChatRequest request;
    request.messages.resize(1);
    request.messages[0].content.resize(1);
    request.messages[0].content[0].text = "Hi";
    return request;
}

WireTarget target_of(const Options& options, std::string_view region = {}) {
    WireTarget target;
    target.model = "gemini-3-flash-preview";
    target.region = region;
    target.options = &options;
    return target;
}

}  // namespace

TEST_CASE("vertex: a region's base URL") {
    CHECK(*vertex_base_url("europe-west1") == "https://europe-west1-aiplatform.googleapis.com/v1");
    CHECK(*vertex_base_url("global") == "https://aiplatform.googleapis.com/v1");
    CHECK(*vertex_base_url("us") == "https://aiplatform.us.rep.googleapis.com/v1");
    for (const char* region : {"", "evil.example/", "a.b", "a@b", "a#", "-a", "a-", "A", "a b",
                               "a:1", "a/../b", "a%2e"}) {
        CAPTURE(region);
        CHECK_FALSE(vertex_base_url(region));
    }
    CHECK_FALSE(vertex_base_url(std::string(64, 'a')));
}

TEST_CASE("vertex: the request goes to the project's model") {
    const Options options = {{"project", "proj-1"}, {"region", "us-east5"}};
    ChatRequest request = hello();
    const auto plain = encode_vertex(request, target_of(options));
    REQUIRE(plain);
    CHECK(plain->path ==
          "/projects/proj-1/locations/us-east5/publishers/google/models/"
          "gemini-3-flash-preview:generateContent");
    REQUIRE(plain->body.size() == 1);
    CHECK(plain->body[0] == R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]}]})");
    request.stream = true;
    const auto stream = encode_vertex(request, target_of(options, "europe-west4"));
    REQUIRE(stream);
    CHECK(stream->path ==
          "/projects/proj-1/locations/europe-west4/publishers/google/models/"
          "gemini-3-flash-preview:streamGenerateContent?alt=sse");
}

TEST_CASE("vertex: where the region comes from") {
    const Options none;
    Provider provider{};
    WireTarget target = target_of(none);
    CHECK(vertex_region(target) == "global");
    provider.default_region = "us-central1";
    target.provider = &provider;
    CHECK(vertex_region(target) == "us-central1");
    target.region = "eu";
    CHECK(vertex_region(target) == "eu");
}

TEST_CASE("vertex: express mode has no project") {
    const auto adapted = encode_vertex(hello(), target_of({}));
    REQUIRE(adapted);
    CHECK(adapted->path == "/publishers/google/models/gemini-3-flash-preview:generateContent");
}

TEST_CASE("vertex: ids that would lead elsewhere are refused") {
    for (const char* project : {"a/b", "a?b", "..", "a b", ":x", ".x:y", "x:", "a#"}) {
        CAPTURE(project);
        const Options options = {{"project", project}};
        const auto adapted = encode_vertex(hello(), target_of(options));
        REQUIRE_FALSE(adapted);
        CHECK(adapted.error().kind == Errc::invalid_request);
    }
    const Options options = {{"project", "example.com:proj"}};
    CHECK(encode_vertex(hello(), target_of(options)));
    CHECK_FALSE(encode_vertex(hello(), target_of(options, "x/y")));
    CHECK_FALSE(vertex_model_path("anthropic", target_of({})));
}

TEST_CASE("vertex: calls have no ids there") {
    Provider provider{};
    provider.wire = Wire::vertex;
    const Options options = {{"project", "p"}};
    WireTarget target = target_of(options);
    target.provider = &provider;
    ChatRequest request = hello();
    request.messages.resize(3);
    request.messages[1].role = ChatMessage::Role::assistant;
    request.messages[1].tool_calls.push_back({"call_1", "f", "{}", ""});
    request.messages[2].role = ChatMessage::Role::tool;
    request.messages[2].tool_call_id = "call_1";
    const auto adapted = encode_vertex(request, target);
    REQUIRE(adapted);
    CHECK(std::string(adapted->body[0]).find("call_1") == std::string::npos);
    target.provider = nullptr;
    CHECK(std::string(encode_vertex(request, target)->body[0]).find(R"("id":"call_1")") !=
          std::string::npos);
}

TEST_CASE("vertex: Claude there") {
    const Options options = {{"project", "proj-1"}, {"region", "us-east5"}};
    WireTarget target = target_of(options);
    target.model = "claude-sonnet-4@20250514";
    ChatRequest request = hello();
    request.max_tokens = 9;
    const auto plain = encode_vertex_anthropic(request, target);
    REQUIRE(plain);
    CHECK(plain->path ==
          "/projects/proj-1/locations/us-east5/publishers/anthropic/models/"
          "claude-sonnet-4@20250514:rawPredict");
    REQUIRE(plain->body.size() == 1);
    const auto fields = scan_object(plain->body[0]);
    REQUIRE(fields);
    CHECK(find_field(*fields, "model") == nullptr);
    REQUIRE(find_field(*fields, "anthropic_version") != nullptr);
    CHECK(find_field(*fields, "anthropic_version")->value == R"("vertex-2023-10-16")");
    request.stream = true;
    const auto stream = encode_vertex_anthropic(request, target);
    REQUIRE(stream);
    CHECK(stream->path.ends_with(":streamRawPredict"));
    CHECK(std::string(stream->body[0]).find(R"("stream":true)") != std::string::npos);
    target.options = nullptr;
    CHECK_FALSE(encode_vertex_anthropic(request, target));
}

TEST_CASE("vertex: errors of Claude and of the platform") {
    const ProviderError google = read_vertex_anthropic_error(
        429, {}, R"([{"error":{"code":429,"message":"Quota.","status":"RESOURCE_EXHAUSTED"}}])");
    CHECK(google.message == "Quota.");
    CHECK(google.type == "rate_limit_error");
    const ProviderError claude = read_vertex_anthropic_error(
        400, {}, R"({"type":"error","error":{"type":"invalid_request_error","message":"Bad."}})");
    CHECK(claude.message == "Bad.");
    CHECK(claude.type == "invalid_request_error");
}

TEST_CASE("vertex: the formats have their adapters") {
    CHECK(adapter_for(Wire::gemini) == &kGeminiAdapter);
    CHECK(adapter_for(Wire::vertex) == &kVertexAdapter);
    CHECK(adapter_for(Wire::vertex_anthropic) == &kVertexAnthropicAdapter);
}
