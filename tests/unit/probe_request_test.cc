// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/probe_request.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/base/json_io.h"

using namespace llmgw;

namespace {

using Options = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kSecret = "sk-live-Zq81xkPd0Wm4Rt7yUn2b";
constexpr const char* kAwsSecret = "abcdefghijklmnop/ABCDEFGHIJKLMNOP+abcdef";

ProviderAccess access_of(const char* provider, const char* base_url, Options options = {},
                         const std::string& secret = kSecret) {
    ProviderKey key;
    key.label = "work";
    key.provider = provider;
    key.base_url = base_url;
    key.options = std::move(options);
    ProviderAccess access = make_access(key, Result<std::string>(secret));
    REQUIRE_FALSE(access.problem);
    return access;
}

ProviderAccess bedrock() {
    return access_of("aws-bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", {},
                     std::string("AKIAABCDEFGHIJKLMNOP:") + kAwsSecret);
}

ProviderAccess vertex() {
    return access_of("google-vertex", "https://aiplatform.googleapis.com/v1",
                     {{"project", "lab-1"}, {"region", "global"}}, "ya29.token");
}

std::string target_of(const char* provider, const char* base_url, Options options = {}) {
    const auto request = make_probe_request(access_of(provider, base_url, std::move(options)));
    REQUIRE(request);
    return (request->lists_models() ? "GET " : "POST ") + request->target;
}

std::string head_of(const ProviderAccess& access) {
    const auto request = make_probe_request(access);
    REQUIRE(request);
    return probe_head(access, *request, access.secret);
}

Json body_of(const ProviderAccess& access) {
    const auto request = make_probe_request(access);
    REQUIRE(request);
    std::string body;
    for (const std::string_view piece : request->chat.body) {
        body += piece;
    }
    return parse_json(body).value();
}

ProbeVerdict judge(const ProviderAccess& access, int status, const std::string& body,
                   std::vector<HeaderView> headers = {}) {
    const auto request = make_probe_request(access);
    REQUIRE(request);
    ResponseHead head;
    head.status = status;
    head.headers = std::move(headers);
    return judge_probe(access, *request, head, body, "ya29.fetched");
}

}  // namespace

TEST_CASE("probe: where each format lists its models") {
    CHECK(target_of("openai", "https://api.openai.com/v1") == "GET /v1/models");
    CHECK(target_of("custom", "http://127.0.0.1:8000") == "GET /models");
    CHECK(target_of("anthropic", "https://api.anthropic.com/v1") == "GET /v1/models");
    CHECK(target_of("google-ai-studio", "https://generativelanguage.googleapis.com/v1beta") ==
          "GET /v1beta/models");
    CHECK(target_of("cohere", "https://api.cohere.com/v2") == "GET /v1/models");
    CHECK(target_of("cohere", "https://proxy.example/cohere") == "GET /cohere/models");
}

TEST_CASE("probe: where Azure lists its models") {
    const char* const resource = "https://lab.openai.azure.com";
    CHECK(target_of("azure", resource) == "GET /openai/models?api-version=2024-10-21");
    CHECK(target_of("azure", resource, {{"api_version", "2025-04-01-preview"}}) ==
          "GET /openai/models?api-version=2025-04-01-preview");
    CHECK(target_of("azure", resource, {{"api_version", "v1"}}) == "GET /openai/v1/models");
    CHECK(target_of("azure", resource, {{"api_version", "preview"}}) ==
          "GET /openai/v1/models?api-version=preview");
    CHECK(target_of("azure", "https://lab.openai.azure.com/openai/v1") == "GET /openai/v1/models");
    CHECK(target_of("azure", "https://h.example/x/openai/deployments/gpt") ==
          "GET /x/openai/models?api-version=2024-10-21");
    CHECK(target_of("azure", "https://lab.services.ai.azure.com") == "GET /openai/v1/models");
}

TEST_CASE("probe: formats without such a list are asked for a model that does not exist") {
    CHECK(target_of("azure", "https://lab.services.ai.azure.com",
                    {{"api_version", "2024-05-01-preview"}}) ==
          "POST /models/chat/completions?api-version=2024-05-01-preview");
    // The deployment would be a real model.
    const auto claude = access_of("azure-anthropic", "https://lab.services.ai.azure.com",
                                  {{"deployment", "claude-opus"}});
    CHECK(make_probe_request(claude)->target == "/anthropic/v1/messages");
    CHECK(body_of(claude)["model"] == "llmgw-probe.no-such-model");
    CHECK(body_of(claude)["max_tokens"] == 1);
    CHECK(make_probe_request(bedrock())->target == "/model/llmgw-probe.no-such-model/converse");
    CHECK(make_probe_request(vertex())->target ==
          "/v1/projects/lab-1/locations/global/publishers/google/models/"
          "llmgw-probe.no-such-model:generateContent");
    const auto express =
        access_of("google-vertex", "https://aiplatform.googleapis.com/v1", {}, "AIzaSyExpress");
    CHECK(make_probe_request(express)->target ==
          "/v1/publishers/google/models/llmgw-probe.no-such-model:generateContent");
}

TEST_CASE("probe: a project that is missing or none is said before anything is sent") {
    for (const char* const provider : {"google-vertex", "vertex-anthropic"}) {
        CAPTURE(provider);
        const char* const url = "https://aiplatform.googleapis.com/v1";
        const auto missing = make_probe_request(access_of(provider, url, {}, "ya29.token"));
        REQUIRE_FALSE(missing);
        CHECK(missing.error().message == "the provider key has no option \"project\"");
        const Options bad = {{"project", "../../x"}};
        CHECK_FALSE(make_probe_request(access_of(provider, url, bad, "ya29.token")));
    }
}

TEST_CASE("probe: every key goes into the header of its format") {
    const auto openai = head_of(access_of("openai", "https://api.openai.com/v1"));
    CHECK(openai.starts_with("GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n"));
    CHECK(openai.ends_with("\r\n\r\n"));
    CHECK(openai.find("Authorization: Bearer " + std::string(kSecret) + "\r\n") !=
          std::string::npos);
    const auto claude = head_of(access_of("anthropic", "https://api.anthropic.com/v1"));
    CHECK(claude.find("x-api-key: " + std::string(kSecret) + "\r\n") != std::string::npos);
    CHECK(claude.find("anthropic-version: ") != std::string::npos);
    const auto azure = head_of(access_of("azure", "https://lab.openai.azure.com"));
    CHECK(azure.find("api-key: " + std::string(kSecret) + "\r\n") != std::string::npos);
    CHECK(azure.find("Bearer") == std::string::npos);
    const auto google = head_of(vertex());
    CHECK(google.starts_with("POST /v1/projects/lab-1/"));
    CHECK(google.find("Authorization: Bearer ya29.token\r\n") != std::string::npos);
    const auto aws = head_of(bedrock());
    CHECK(aws.find("AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/") != std::string::npos);
    CHECK(aws.find(kAwsSecret) == std::string::npos);
}

TEST_CASE("probe: what a list of models says") {
    const auto access = access_of("openai", "https://api.openai.com/v1");
    CHECK(judge(access, 200, R"({"data":[]})").ok());
    const auto refused = judge(access, 401, R"({"error":{"message":"wrong key"}})");
    CHECK(refused.verdict == "key refused");
    CHECK(refused.detail == "wrong key");
    CHECK(refused.kind == Errc::auth);
    CHECK(judge(access, 403, "").verdict == "key refused");
    const auto missing = judge(access, 404, R"({"error":"no route"})");
    CHECK(missing.verdict == "not found");
    CHECK(missing.detail == "there is no list of models at /v1/models; no route");
    CHECK(judge(access, 429, R"({"message":"slow down"})").verdict == "rate limited");
    CHECK(judge(access, 500, "no JSON").verdict == "status 500");
    CHECK(judge(access, 302, "").verdict == "status 302");
    for (const int status : {200, 401, 404, 502}) {
        const auto page =
            judge(access, status, "<html>", {{"content-type", "Text/HTML; charset=utf-8"}});
        CHECK(page.verdict == "a web page");
        CHECK(page.kind == Errc::upstream);
    }
    // Gemini says 400 to a wrong key.
    const auto gemini =
        access_of("google-ai-studio", "https://generativelanguage.googleapis.com/v1beta");
    CHECK(judge(gemini, 400,
                R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.",
                    "status":"INVALID_ARGUMENT"}})")
              .verdict == "key refused");
    CHECK(judge(access_of("cohere", "https://api.cohere.com/v2"), 401,
                R"({"message":"invalid api token"})")
              .detail == "invalid api token");
}

TEST_CASE("probe: what AWS says of a model that does not exist") {
    const auto access = bedrock();
    const auto says = [&](int status, const char* exception, const std::string& message) {
        const std::string body = R"({"message":")" + message + R"("})";
        return judge(access, status, body, {{"x-amzn-errortype", exception}});
    };
    CHECK(says(400, "ValidationException", "The provided model identifier is invalid.").ok());
    CHECK(says(404, "ResourceNotFoundException", "no such model").ok());
    CHECK(says(200, "", "").ok());
    for (const char* const exception :
         {"UnrecognizedClientException", "InvalidSignatureException:http://x",
          "AccessDeniedException", "ExpiredTokenException"}) {
        CAPTURE(exception);
        const auto refused = says(403, exception, "no");
        CHECK(refused.verdict == "key refused");
        CHECK(refused.kind == Errc::auth);
    }
    CHECK(says(404, "UnknownOperationException", "").verdict == "not found");
    CHECK(says(429, "ThrottlingException", "slow down").verdict == "rate limited");
    CHECK(says(500, "InternalServerException", "oh").verdict == "status 500");
    CHECK(judge(access, 400, "{}").verdict == "status 400");
    CHECK(judge(access, 404, "not found").verdict == "not found");  // a proxy's
    const auto echo = says(403, "AccessDeniedException", "bad " + std::string(kAwsSecret));
    CHECK(echo.detail == "bad ***");
}

TEST_CASE("probe: what Google and Azure say of a model that does not exist") {
    const auto google = [](int status, const char* word) {
        const std::string body = R"({"error":{"code":)" + std::to_string(status) +
                                 R"(,"message":"of ya29.fetched","status":")" + word + R"("}})";
        return judge(vertex(), status, body);
    };
    CHECK(google(404, "NOT_FOUND").ok());
    CHECK(google(401, "UNAUTHENTICATED").verdict == "key refused");
    CHECK(google(401, "UNAUTHENTICATED").detail == "of ***");
    CHECK(google(403, "PERMISSION_DENIED").verdict == "key refused");
    CHECK(google(400, "FAILED_PRECONDITION").verdict == "status 400");
    CHECK(judge(vertex(), 404, "").verdict == "not found");

    const auto claude = access_of("azure-anthropic", "https://lab.services.ai.azure.com");
    CHECK(judge(claude, 404, R"({"error":{"code":"DeploymentNotFound","message":"none"}})").ok());
    const auto path = judge(claude, 404, R"({"error":{"code":"404","message":"no resource"}})");
    CHECK(path.verdict == "not found");
    CHECK(path.detail == "there is no API at /anthropic/v1/messages; no resource");
    const auto models = access_of("azure", "https://lab.services.ai.azure.com",
                                  {{"api_version", "2024-05-01-preview"}});
    CHECK(judge(models, 400, R"({"error":{"code":"unknown_model","message":"x"}})").ok());
    CHECK(judge(models, 401, R"({"error":{"code":"401","message":"x"}})").kind == Errc::auth);
}

TEST_CASE("probe: a token that cannot be had is a verdict of its own") {
    Error error;
    error.kind = Errc::auth;
    error.message = "no token for the service account a@b: status 400 (invalid_grant)";
    const auto refused = judge_token_failure(vertex(), error);
    CHECK(refused.verdict == "token refused");
    CHECK(refused.detail == error.message);
    CHECK(refused.kind == Errc::auth);
    error.kind = Errc::timeout;
    CHECK(judge_token_failure(vertex(), error).verdict == "no token");
    CHECK(judge_token_failure(vertex(), error).kind == Errc::timeout);
}
