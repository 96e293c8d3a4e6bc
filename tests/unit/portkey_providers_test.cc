// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "common/base/url.h"
#include "common/catalog/catalog.h"
#include "common/portkey/providers.h"

using namespace llmgw;

namespace {

std::string base_url(const char* provider, const char* custom_host) {
    const PortkeyProvider* const found = find_portkey_provider(provider);
    REQUIRE(found != nullptr);
    const auto url = portkey_base_url(*found, custom_host);
    return url ? *url : url.error().message;
}

std::string guess(const char* name) {
    const PortkeyProvider* const found = guess_portkey_provider(name);
    return found == nullptr ? "" : std::string(found->id);
}

PortkeyKey key_of(const char* provider, const PortkeyDetails& details,
                  std::vector<PortkeyDetailNote>* notes = nullptr) {
    PortkeyKey key;
    key.provider = provider;
    auto noted = add_portkey_details(key, details);
    if (notes != nullptr) {
        *notes = std::move(noted);
    } else {
        CHECK(noted.empty());
    }
    return key;
}

using Options = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("portkey providers: every one leads to a provider of the catalog, or says why not") {
    std::string_view last;
    for (const PortkeyProvider& provider : portkey_providers()) {
        CAPTURE(provider.id);
        CHECK(last < provider.id);  // they are searched by bisection
        last = provider.id;
        CHECK(find_portkey_provider(provider.id) == &provider);
        if (provider.provider.empty()) {
            CHECK_FALSE(provider.remark.empty());
            CHECK(provider.base_url.empty());
            continue;
        }
        const bool custom = provider.provider == "custom";
        CHECK(custom == (catalog::find_provider(provider.provider) == nullptr));
        CHECK((!custom || !provider.base_url.empty() || !provider.remark.empty()));
        if (!provider.base_url.empty()) {
            const auto url = parse_base_url(provider.base_url);
            REQUIRE(url);
            CHECK(url->text() == provider.base_url);
            CHECK(url->tls);
        }
        CHECK((provider.path.empty() || provider.path.starts_with('/')));
    }
}

TEST_CASE("portkey providers: other spellings") {
    const auto id_of = [](const char* spelling) {
        const PortkeyProvider* const found = find_portkey_provider(spelling);
        return found == nullptr ? std::string() : std::string(found->id);
    };
    CHECK(id_of("azure") == "azure-openai");
    CHECK(id_of("Azure_OpenAI") == "azure-openai");
    CHECK(id_of("open-ai") == "openai");
    CHECK(id_of("together") == "together-ai");
    CHECK(id_of("gemini") == "google");
    CHECK(id_of("xai") == "x-ai");
    CHECK(id_of("hugging-face") == "huggingface");
    CHECK(id_of("foo") == "");
    CHECK(id_of("") == "");
    CHECK(id_of("-") == "");
}

TEST_CASE("portkey providers: concluded from a name") {
    CHECK(guess("openai-prod-1a2b3c") == "openai");
    CHECK(guess("OPENAI_VIRTUAL_KEY") == "openai");
    CHECK(guess("open-ai-xxx") == "openai");
    CHECK(guess("azure-openai-eu") == "azure-openai");
    CHECK(guess("my-azure") == "azure-openai");
    CHECK(guess("prod-anthropic") == "anthropic");
    CHECK(guess("claude-on-bedrock") == "bedrock");
    CHECK(guess("vertex-claude") == "vertex-ai");
    CHECK(guess("gpt-4o-mini") == "openai");
    CHECK(guess("claude-3-5-sonnet-20241022") == "anthropic");
    CHECK(guess("gemini-2.0-flash") == "google");
    CHECK(guess("o3") == "openai");
    CHECK(guess("gpt3-8070a6") == "");
    CHECK(guess("primary-key") == "");
    CHECK(guess("my-modal") == "");  // a word of its own
    CHECK(guess("") == "");
}

TEST_CASE("portkey providers: a custom_host with the path that Portkey appends") {
    CHECK(base_url("openai", "http://127.0.0.1:8000/v1") == "http://127.0.0.1:8000/v1");
    CHECK(base_url("openai", "http://127.0.0.1:8000/v1/") == "http://127.0.0.1:8000/v1");
    CHECK(base_url("openai", "http://127.0.0.1:8000") == "http://127.0.0.1:8000");
    CHECK(base_url("ollama", "http://localhost:11434") == "http://localhost:11434/v1");
    CHECK(base_url("ollama", "http://localhost:11434/v1") == "http://localhost:11434/v1");
    CHECK(base_url("together-ai", "https://proxy.example") == "https://proxy.example/v1");
    CHECK(base_url("lepton", "https://proxy.example") == "https://proxy.example/api/v1");
    CHECK(base_url("google", "https://proxy.example") == "https://proxy.example/v1beta");
    CHECK(base_url("cohere", "https://proxy.example") == "https://proxy.example/v2");
    CHECK(base_url("azure-openai", "https://x.openai.azure.com/openai") ==
          "https://x.openai.azure.com");
    CHECK(base_url("openai", "localhost:8000/v1").find("http://") != std::string::npos);
    CHECK(base_url("openai", "").find("http://") != std::string::npos);
}

TEST_CASE("portkey details: Azure") {
    const PortkeyKey key = key_of("azure", {{"azure_resource_name", "contoso"},
                                            {"deployment_id", "gpt4o"},
                                            {"azure_api_version", "2024-10-21"}});
    CHECK(key.base_url == "https://contoso.openai.azure.com");
    CHECK(key.options == Options{{"deployment", "gpt4o"}, {"api_version", "2024-10-21"}});

    const PortkeyKey entra = key_of("azure", {{"resource_name", "contoso"},
                                              {"azure_auth_mode", "entra"},
                                              {"azure_entra_tenant_id", "t"},
                                              {"azure_entra_client_id", "c"},
                                              {"azure_entra_client_secret", "s3cret-value"}});
    CHECK(entra.options == Options{{"tenant", "t"}, {"client_id", "c"}});
    CHECK(entra.secret == "s3cret-value");

    std::vector<PortkeyDetailNote> notes;
    static_cast<void>(key_of("azure", {{"azure_auth_mode", "managed"}}, &notes));
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].credential);
    CHECK(notes[0].field == "azure_auth_mode");

    const PortkeyKey several =
        key_of("azure",
               {{"deployments", R"([{"deployment_id":"a"},{"deployment_id":"b",)"
                                R"("api_version":"v1","is_default":true}])"}},
               &notes);
    CHECK(several.options == Options{{"deployment", "b"}, {"api_version", "v1"}});
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].field == "deployments");
    CHECK_FALSE(notes[0].credential);

    const PortkeyKey foundry =
        key_of("azure-ai-foundry", {{"azure_foundry_url", "https://x.services.ai.azure.com/models"},
                                    {"azure_api_version", "2024-05-01-preview"},
                                    {"azure_deployment_name", "d"}});
    CHECK(foundry.base_url == "https://x.services.ai.azure.com/models");
    CHECK(foundry.options == Options{{"api_version", "2024-05-01-preview"}, {"deployment", "d"}});
}

TEST_CASE("portkey details: AWS and Google") {
    const PortkeyKey aws = key_of("aws-bedrock", {{"aws_region", "eu-central-1"},
                                                  {"aws_access_key_id", "AKIAABCDEFGHIJKLMNOP"},
                                                  {"aws_secret_access_key", "abcd/efgh"},
                                                  {"aws_session_token", "tok"}});
    CHECK(aws.region == "eu-central-1");
    CHECK(aws.secret == "AKIAABCDEFGHIJKLMNOP:abcd/efgh:tok");

    std::vector<PortkeyDetailNote> notes;
    const PortkeyKey masked =
        key_of("aws-bedrock", {{"aws_access_key_id", "AKIA***"}, {"aws_secret_access_key", "***"}},
               &notes);
    CHECK(masked.secret.empty());
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].field == "aws_secret_access_key");
    const PortkeyKey role = key_of(
        "aws-bedrock",
        {{"aws_auth_type", "assumedRole"}, {"aws_role_arn", "arn:aws:iam::1:role/r"}}, &notes);
    CHECK(role.secret.empty());
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].field == "aws_role_arn");
    CHECK(notes[0].credential);

    const std::string account =
        R"({"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nabc\n"})";
    const PortkeyKey google = key_of("google-vertex", {{"vertex_project_id", "p"},
                                                       {"vertex_region", "europe-west1"},
                                                       {"vertex_service_account_json", account}});
    CHECK(google.region == "europe-west1");
    CHECK(google.options == Options{{"project", "p"}});
    CHECK(google.secret == account);
    static_cast<void>(key_of(
        "google-vertex", {{"vertex_service_account_json", R"({"private_key":"..."})"}}, &notes));
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].credential);
}

TEST_CASE("portkey details: headers, addresses, and what has no place") {
    const PortkeyKey openai = key_of(
        "openai",
        {{"openai_organization", "org-1"}, {"openai_project", "proj"}, {"openai_beta", "x"}});
    CHECK(openai.headers == Options{{"OpenAI-Organization", "org-1"},
                                    {"OpenAI-Project", "proj"},
                                    {"OpenAI-Beta", "x"}});
    CHECK(key_of("custom", {{"workers_ai_account_id", "abc"}}).base_url ==
          "https://api.cloudflare.com/client/v4/accounts/abc/ai/v1");
    CHECK(key_of("custom", {{"huggingface_base_url", "https://h.example"}}).base_url ==
          "https://h.example/v1");
    std::vector<PortkeyDetailNote> notes;
    static_cast<void>(
        key_of("openai", {{"aws_region", "us-east-1"}, {"oracle_user", "u"}}, &notes));
    REQUIRE(notes.size() == 2);
    CHECK(notes[0].field == "aws_region");
    CHECK(notes[1].field == "oracle_user");
    CHECK(is_portkey_detail("vertex_region"));
    CHECK(is_portkey_detail("resource_name"));
    CHECK_FALSE(is_portkey_detail("virtual_key"));
    CHECK_FALSE(is_portkey_detail(""));
}

TEST_CASE("portkey providers: the label of a slug") {
    CHECK(portkey_label("openai-prod-1a2b3c") == "openai-prod-1a2b3c");
    CHECK(portkey_label("My OpenAI Key!") == "my-openai-key");
    CHECK(portkey_label("_x") == "x");
    CHECK(portkey_label("é") == "key");
    CHECK(portkey_label("") == "key");
    CHECK(portkey_label(std::string(100, 'a')).size() == 64);
}
