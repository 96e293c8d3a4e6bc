// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "common/catalog/catalog.h"
#include "daemon/gateway/gateway.h"

using namespace llmgw;

namespace {

Result<ProviderAddress> address(const char* id, const std::string& url, const std::string& region) {
    const Provider* const provider = catalog::find_provider(id);
    REQUIRE(provider != nullptr);
    return provider_address(*provider, url, region);
}

}  // namespace

TEST_CASE("provider address: a region or nothing gives the provider's own host") {
    CHECK(address("openai", "", "")->base_url == "https://api.openai.com/v1");
    CHECK(address("alibaba", "", "us-virginia")->base_url ==
          "https://dashscope-us.aliyuncs.com/compatible-mode/v1");
    CHECK(address("aws-bedrock", "", "eu-central-1")->base_url ==
          "https://bedrock-runtime.eu-central-1.amazonaws.com");
    CHECK(address("google-vertex", "", "europe-west1")->base_url ==
          "https://europe-west1-aiplatform.googleapis.com/v1");
    CHECK(address("vertex-anthropic", "", "")->base_url == "https://aiplatform.googleapis.com/v1");
}

TEST_CASE("provider address: a URL that is given is taken, Azure's is understood") {
    CHECK(address("aws-bedrock", "http://127.0.0.1:9", "eu-west-1")->base_url ==
          "http://127.0.0.1:9");
    const auto azure = address(
        "azure",
        "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
        "");
    REQUIRE(azure);
    CHECK(azure->base_url == "https://x.openai.azure.com");
    CHECK(azure->options == std::vector<std::pair<std::string, std::string>>{
                                {"deployment", "d"}, {"api_version", "2024-10-21"}});
}

TEST_CASE("provider address: what cannot be one is an error of usage with the next step") {
    for (const auto& [id, region] : {std::pair("alibaba", "us-virgina"),
                                     {"azure", ""},
                                     {"aws-bedrock", "evil.example/"},
                                     {"google-vertex", "a.b"}}) {
        CAPTURE(id);
        const auto made = address(id, "", region);
        REQUIRE_FALSE(made);
        CHECK(made.error().kind == Errc::usage);
    }
    CHECK(address("alibaba", "", "us-virgina").error().hint == "did you mean us-virginia?");
}
