// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/azure.h"

#include <string>

#include "adapter_trial.h"
#include "daemon/providers/openai.h"
#include "daemon/providers/responses.h"

using namespace llmgw;

namespace {

struct AzureFixture {
    std::vector<std::pair<std::string, std::string>> options;
    WireTarget target;

    explicit AzureFixture(std::string_view provider = "azure") {
        target.provider = catalog::find_provider(provider);
        REQUIRE(target.provider != nullptr);
        target.model = "gpt-4o";
        target.options = &options;
    }
    AzureFixture& with(const char* name, const char* value) {
        options.emplace_back(name, value);
        return *this;
    }
    Result<std::string> complete(const char* base, const char* operation) const {
        const auto url = parse_base_url(base);
        REQUIRE(url);
        AdaptedRequest request;
        request.path = operation;
        const auto done = complete_azure_path(request, target, *url);
        if (!done) {
            return tl::unexpected(done.error());
        }
        return url->path + request.path;
    }
    // The whole path that is asked.
    std::string path(const char* base, const char* operation = "/chat/completions") const {
        const auto whole = complete(base, operation);
        return whole ? *whole : "! " + whole.error().message;
    }
};

// "base deployment version" as they are understood, or "! " and what is wrong.
std::string understood(const std::string& text) {
    const auto endpoint = read_azure_url(text);
    if (!endpoint) {
        CHECK(endpoint.error().kind == Errc::usage);
        CHECK_FALSE(endpoint.error().hint.empty());
        return "! " + endpoint.error().message;
    }
    CHECK(parse_base_url(endpoint->base_url));
    return endpoint->base_url + " " + endpoint->deployment + " " + endpoint->api_version;
}

constexpr const char* kClassic = "https://r.openai.azure.com";
constexpr const char* kFoundry = "https://r.services.ai.azure.com";

}  // namespace

TEST_CASE("azure: a resource's deployments") {
    AzureFixture azure;
    CHECK(azure.path(kClassic) ==
          "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
    CHECK(azure.path(kClassic, "/embeddings") ==
          "/openai/deployments/gpt-4o/embeddings?api-version=2024-10-21");
    CHECK(azure.path("https://r.openai.azure.com/openai") ==
          "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
    CHECK(azure.path("https://r.openai.azure.com/openai/deployments/mine") ==
          "/openai/deployments/mine/chat/completions?api-version=2024-10-21");
    CHECK(azure.path(kClassic, "/chat/completions?x=1") ==
          "/openai/deployments/gpt-4o/chat/completions?x=1&api-version=2024-10-21");
    // Behind a gateway of one's own, such as API Management.
    CHECK(azure.path("https://apim.example.com/team-a") ==
          "/team-a/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
    azure.with("deployment", "chat eu").with("api_version", "2025-01-01-preview");
    CHECK(azure.path(kClassic) ==
          "/openai/deployments/chat%20eu/chat/completions?api-version=2025-01-01-preview");
}

TEST_CASE("azure: version 1 has the deployment in the body") {
    AzureFixture azure;
    CHECK(azure.path("https://r.openai.azure.com/openai/v1") == "/openai/v1/chat/completions");
    CHECK(azure.path("https://r.openai.azure.com/openai/v1", "/responses") ==
          "/openai/v1/responses");
    azure.with("api_version", "v1");
    CHECK(azure.path(kClassic) == "/openai/v1/chat/completions");
    CHECK(azure.path("https://r.openai.azure.com/openai") == "/openai/v1/chat/completions");
    AzureFixture preview;
    preview.with("api_version", "preview");
    CHECK(preview.path(kClassic) == "/openai/v1/chat/completions?api-version=preview");
}

TEST_CASE("azure: Foundry") {
    AzureFixture azure("azure-ai-foundry");
    CHECK(azure.path(kFoundry) == "/openai/v1/chat/completions");
    CHECK(azure.path("https://r.services.ai.azure.com/models") ==
          "/models/chat/completions?api-version=2024-05-01-preview");
    CHECK(azure.path("https://r.services.ai.azure.com/models", "/embeddings") ==
          "/models/embeddings?api-version=2024-05-01-preview");
    CHECK(azure.path("https://r.services.ai.azure.com/openai/v1") == "/openai/v1/chat/completions");
    azure.with("api_version", "2024-05-01-preview");
    CHECK(azure.path(kFoundry) == "/models/chat/completions?api-version=2024-05-01-preview");
}

TEST_CASE("azure: the Responses API") {
    AzureFixture azure;
    CHECK(azure.path(kClassic, "/responses") == "/openai/responses?api-version=2025-04-01-preview");
    CHECK(azure.path("https://r.services.ai.azure.com/models", "/responses").find("/openai/v1") !=
          std::string::npos);
    CHECK_FALSE(azure.complete("https://r.services.ai.azure.com/models", "/responses"));
    CHECK_FALSE(azure.complete("https://r.openai.azure.com/openai/deployments/d", "/responses"));
    AzureFixture older;
    older.with("api_version", "2024-10-21");  // has none: a version that has is asked
    CHECK(older.path(kClassic, "/responses") == "/openai/responses?api-version=2025-04-01-preview");
    AzureFixture newer;
    newer.with("api_version", "2025-05-01-preview");
    CHECK(newer.path(kClassic, "/responses") == "/openai/responses?api-version=2025-05-01-preview");
}

TEST_CASE("azure: a model that only the Responses API has") {
    AzureFixture azure;
    azure.with("deployment", "codex-eu");
    azure.target.mapping = catalog::find_at_provider("azure", "gpt-5.3-codex").mapping;
    REQUIRE(azure.target.mapping != nullptr);
    CHECK(azure.target.mapping->responses_only);
    auto request = encode_responses(trial::chat_request_with(R"("stream":true)"), azure.target);
    REQUIRE(request);
    REQUIRE(complete_azure_path(*request, azure.target, *parse_base_url(kClassic)));
    CHECK(request->path == "/openai/responses?api-version=2025-04-01-preview");
    CHECK(trial::body_of(*request).starts_with(R"({"model":"codex-eu",)"));
}

TEST_CASE("azure: Claude") {
    const AzureFixture azure("azure-anthropic");
    for (const char* base :
         {"https://r.services.ai.azure.com", "https://r.services.ai.azure.com/anthropic",
          "https://r.services.ai.azure.com/anthropic/v1"}) {
        CAPTURE(base);
        CHECK(azure.path(base, "/messages") == "/anthropic/v1/messages");
    }
    CHECK(azure_auth_field(Wire::azure_anthropic, "k1") == "x-api-key: k1\r\n");
}

TEST_CASE("azure: no model's name leads out of its path") {
    AzureFixture azure;
    azure.target.model = "../../x?y#z";
    CHECK(azure.path(kClassic) ==
          "/openai/deployments/..%2F..%2Fx%3Fy%23z/chat/completions?api-version=2024-10-21");
    for (const char* name : {"", ".", ".."}) {
        azure.target.model = name;
        const auto path = azure.complete(kClassic, "/chat/completions");
        REQUIRE_FALSE(path);
        CHECK(path.error().kind == Errc::invalid_request);
        CHECK(path.error().param == "model");
    }
    AzureFixture injected;
    injected.with("api_version", "2024-10-21&a=b\r\nx: y");
    CHECK(injected.path(kClassic).ends_with("api-version=2024-10-21%26a%3Db%0D%0Ax%3A%20y"));
}

TEST_CASE("azure: keys and tokens") {
    CHECK(azure_auth_field(Wire::azure, "0123456789abcdef") == "api-key: 0123456789abcdef\r\n");
    CHECK(azure_auth_field(Wire::azure, "eyJh.eyJi.c2ln") ==
          "authorization: Bearer eyJh.eyJi.c2ln\r\n");
    CHECK(azure_auth_field(Wire::azure_anthropic, "eyJh.eyJi.c2ln") ==
          "authorization: Bearer eyJh.eyJi.c2ln\r\n");
    CHECK(azure_auth_field(Wire::azure, "eyJh.only-two") == "api-key: eyJh.only-two\r\n");
}

TEST_CASE("azure: old versions refuse stream_options") {
    const auto drops = [](const char* base, const char* version) {
        AzureFixture azure;
        azure.with("api_version", version);
        const Quirks* const quirks = azure_quirks(azure.target, *parse_base_url(base));
        const auto call = InferenceCall::parse(
            Endpoint::chat_completions,
            R"({"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},)"
            R"("messages":[{"role":"user","content":"x"}]})");
        REQUIRE(call);
        Candidate candidate;
        candidate.upstream_model = "gpt-4o";
        const AdaptedRequest request = adapt_openai(**call, candidate, quirks);
        const bool sent = trial::body_of(request).find("stream_options") != std::string::npos;
        CHECK(request.changes() == (sent ? "" : "dropped=stream_options"));
        return !sent;
    };
    CHECK(drops(kClassic, "2024-06-01"));
    CHECK(drops(kClassic, "2023-05-15"));
    CHECK_FALSE(drops(kClassic, "2024-09-01-preview"));
    CHECK_FALSE(drops(kClassic, "2024-10-21"));
    CHECK_FALSE(drops(kClassic, "v1"));
    CHECK_FALSE(drops(kClassic, ""));
    // No version of OpenAI's API, but of Foundry's.
    CHECK_FALSE(drops("https://r.services.ai.azure.com/models", "2024-05-01-preview"));
}

TEST_CASE("azure: the verdict on the prompt is not yet the answer") {
    const std::string stream = test_data("azure/stream.sse");
    std::string preludes;
    for (std::size_t at = 0, end = 0; (end = stream.find("\n\n", at)) != std::string::npos;
         at = end + 2) {
        const std::string data = stream.substr(at + 6, end - at - 6);
        preludes += is_azure_prelude(data) ? 'p' : '.';
    }
    CHECK(preludes == "p......");
    CHECK_FALSE(is_azure_prelude("[DONE]"));
    CHECK_FALSE(is_azure_prelude(R"({"choices":[],"error":{"message":"x"}})"));
}

TEST_CASE("azure: addresses that people copy") {
    const std::string root = std::string(kClassic) + "  ";
    CHECK(understood("https://r.openai.azure.com") == root);
    CHECK(understood("https://R.openai.azure.com/") == root);
    CHECK(understood("https://r.openai.azure.com/openai/") == root);
    CHECK(understood("https://r.openai.azure.com/openai/v1/") ==
          "https://r.openai.azure.com/openai/v1  ");
    CHECK(understood("https://r.openai.azure.com/openai/v1/chat/completions") ==
          "https://r.openai.azure.com/openai/v1  ");
    CHECK(understood("https://r.openai.azure.com/openai/deployments/gpt-4o/chat/completions"
                     "?api-version=2024-08-01-preview") ==
          "https://r.openai.azure.com gpt-4o 2024-08-01-preview");
    CHECK(understood("https://r.openai.azure.com/openai/deployments/e5/embeddings") ==
          "https://r.openai.azure.com e5 ");
    CHECK(understood("https://r.openai.azure.com/openai/deployments/d") ==
          "https://r.openai.azure.com d ");
    CHECK(
        understood("https://r.openai.azure.com/openai/responses?api-version=2025-04-01-preview") ==
        "https://r.openai.azure.com  2025-04-01-preview");
    CHECK(understood("https://r.openai.azure.com/openai/models?api-version=v1") ==
          "https://r.openai.azure.com  v1");
    CHECK(understood("https://r.cognitiveservices.azure.com/") ==
          "https://r.cognitiveservices.azure.com  ");
    CHECK(understood("https://r.services.ai.azure.com/models/chat/completions"
                     "?api-version=2024-05-01-preview") ==
          "https://r.services.ai.azure.com/models  2024-05-01-preview");
    CHECK(understood("https://r.services.ai.azure.com/models") ==
          "https://r.services.ai.azure.com/models  ");
    CHECK(understood("https://r.services.ai.azure.com/api/projects/p1") ==
          "https://r.services.ai.azure.com  ");
    CHECK(understood("https://r.services.ai.azure.com/api/projects/p1/openai/v1/responses") ==
          "https://r.services.ai.azure.com/openai/v1  ");
    CHECK(understood("https://r.services.ai.azure.com/anthropic/v1/messages") ==
          "https://r.services.ai.azure.com  ");
    CHECK(understood("https://apim.example.com/team-a/openai") ==
          "https://apim.example.com/team-a  ");
}

TEST_CASE("azure: addresses that are of no use") {
    for (const char* text :
         {"", "r.openai.azure.com", "ftp://r.openai.azure.com", "https://portal.azure.com/#home",
          "https://ai.azure.com/resource", "https://oai.azure.com",
          "https://r.openai.azure.com/openai/deployments/d/images/generations",
          "https://r.openai.azure.com/openai/deployments/d/x/openai/deployments/d",
          "https://r.openai.azure.com/?api-version=", "https://r.openai.azure.com/?api-version",
          "https://r.openai.azure.com/?api-version=2024-10-21&key=secret",
          "https://r.openai.azure.com/?key=secret", "https://r.openai.azure.com/?",
          "https://r.openai.azure.com/?api-version=x%20y", "https://u:p@r.openai.azure.com"}) {
        CAPTURE(text);
        CHECK(understood(text).starts_with("! "));
    }
    CHECK(understood("https://r.openai.azure.com/?key=secret").find("secret") == std::string::npos);
}
