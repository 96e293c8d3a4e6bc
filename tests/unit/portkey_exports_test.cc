// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "common/portkey/exports.h"
#include "common/portkey/secret_text_kind.h"

using namespace llmgw;

namespace {

PortkeyExports read(std::string_view text, Sniffing sniffing = Sniffing::named,
                    const std::string& file = "a.json") {
    PortkeyExports exports;
    const auto found = read_export(text, file, sniffing, exports);
    REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
    CHECK(*found);
    join_exports(exports);
    return exports;
}

bool is_export(std::string_view text, Sniffing sniffing) {
    PortkeyExports exports;
    const auto found = read_export(text, "a.json", sniffing, exports);
    return found && *found;
}

std::string codes(const PortkeyExports& exports) {
    std::string out;
    for (const auto& finding : exports.findings) {
        out += (out.empty() ? "" : " ") + finding.code;
    }
    return out;
}

std::string detail(const ExportedKey& key, std::string_view name) {
    for (const auto& [each, value] : key.details) {
        if (each == name) {
            return value;
        }
    }
    return "";
}

}  // namespace

TEST_CASE("portkey exports: configs of every shape") {
    const struct {
        const char* text;
        const char* slug;
        const char* name;
        const char* body;
        const char* pointer;
    } cases[] = {
        {R"({"strategy":{"mode":"single"},"targets":[]})", "", "a",
         R"({"strategy":{"mode":"single"},"targets":[]})", ""},
        {R"({"retry":{"attempts":3}})", "", "a", R"({"retry":{"attempts":3}})", ""},
        {R"({"success":true,"data":{"config":{"retry":{"attempts":3}}}})", "", "a",
         R"({"retry":{"attempts":3}})", "/data/config"},
        {R"({"id":"1","name":"Prod","slug":"pc-prod-1","config":"{\"cache\":{}}","object":"config"})",
         "pc-prod-1", "Prod", R"("{\"cache\":{}}")", "/config"},
        {R"({"name":"New","config":{"retry":{}},"isDefault":1})", "", "New", R"({"retry":{}})",
         "/config"},
        {R"([{"retry":{"attempts":3}}])", "", "a", R"({"retry":{"attempts":3}})", "/0"},
        {R"({"named_configs":{"prod":{"provider":"openai"}}})", "", "prod",
         R"({"provider":"openai"})", "/named_configs/prod"},
        {R"({"prod":{"strategy":{"mode":"single"},"targets":[]}})", "", "prod",
         R"({"strategy":{"mode":"single"},"targets":[]})", "/prod"},
        {R"('{"retry":{}}')", "", "a", R"({"retry":{}})", ""},
        {"eyJyZXRyeSI6e319", "", "a", R"("eyJyZXRyeSI6e319")", ""},
        {R"({"afterRequestHooks":[]})", "", "a", R"({"afterRequestHooks":[]})", ""},
        {"// a comment\n{mode: 'single', options: [],}", "", "a",
         R"({"mode":"single","options":[]})", ""},
    };
    for (const auto& each : cases) {
        CAPTURE(each.text);
        const auto exports = read(each.text);
        REQUIRE(exports.configs.size() == 1);
        const auto& config = exports.configs[0];
        CHECK(config.slug == each.slug);
        CHECK(config.name == each.name);
        CHECK(config.body->json == each.body);
        CHECK(config.place.pointer == each.pointer);
    }
}

TEST_CASE("portkey exports: a slug in the file's name") {
    const auto exports = read(R"({"success":true,"data":{"config":{"retry":{}}}})", Sniffing::named,
                              "exports/pc-prod-1a2b3c.json");
    REQUIRE(exports.configs.size() == 1);
    CHECK(exports.configs[0].slug == "pc-prod-1a2b3c");
}

TEST_CASE("portkey exports: a config knows its lines in the file") {
    const auto exports = read(
        "{\n  \"data\": [\n    {\"slug\": \"pc-a\", \"is_default\": 0,\n"
        "     \"config\": {\n       \"retry\": {}\n     }}]}");
    REQUIRE(exports.configs.size() == 1);
    CHECK(exports.configs[0].place.line == 4);
    CHECK(exports.configs[0].body->line_of("/retry") == 5);
}

TEST_CASE("portkey exports: a list names configs, another file has the content") {
    PortkeyExports exports;
    REQUIRE(read_export(R"({"object":"list","total":3,"data":[
        {"name":"One","slug":"pc-1","is_default":0,"organisation_id":"o","object":"config"},
        {"name":"Two","slug":"pc-2","is_default":0,"organisation_id":"o","object":"config"}]})",
                        "list.json", Sniffing::named, exports));
    REQUIRE(read_export(R"({"slug":"pc-1","config":"{\"retry\":{}}","object":"config","id":"7"})",
                        "one.json", Sniffing::named, exports));
    join_exports(exports);
    REQUIRE(exports.configs.size() == 1);
    CHECK(exports.configs[0].name == "One");
    CHECK(exports.configs[0].id == "7");
    CHECK(codes(exports) == "X-PAGE X-NOBODY");
    CHECK(exports.findings[1].portkey.find("pc-2") != std::string::npos);
    CHECK(exports.findings[1].portkey.find("pc-1") == std::string::npos);
    CHECK(exports.findings[1].action.find("configs/$s") != std::string::npos);
}

TEST_CASE("portkey exports: of several versions the latest stays") {
    const auto exports = read(R"({"object":"list","total":2,"data":[
        {"slug":"pc-1","name":"One","config":"{\"retry\":{\"attempts\":2}}",
         "last_updated_at":"2026-02-01","object":"config"},
        {"slug":"pc-1","name":"One","config":"{\"retry\":{\"attempts\":1}}",
         "last_updated_at":"2026-01-01","object":"config"}]})");
    REQUIRE(exports.configs.size() == 1);
    CHECK(exports.configs[0].body->json.find("2") != std::string::npos);
}

TEST_CASE("portkey exports: virtual keys, documented and live") {
    const auto live = read(R"({"object":"list","total":2,"data":[
        {"name":"n","slug":"google","provider":"google","status":"active","integration_id":"google",
         "model_config":null,"rate_limits":null,"object":"virtual-key"},
        {"slug":"old","provider":"openai","status":"exhausted","expires_at":"2026-05-02",
         "usage_limits":{"credit_limit":10.0,"periodic_reset":"weekly"},"object":"virtual-key"}]})");
    REQUIRE(live.keys.size() == 2);
    CHECK(live.keys[0].provider == "google");
    CHECK(live.keys[1].status == "exhausted");
    CHECK(live.keys[1].limits == std::vector<std::string>{"10 USD a week"});

    const auto one = read(R"({"ai_provider_name":"voyage","model_config":{},"key":"",
        "masked_api_key":"pa*****X7a","slug":"voyageai-prod","integration_id":"voyageai-prod",
        "object":"virtual-key"})");
    REQUIRE(one.keys.size() == 1);
    CHECK(one.keys[0].provider == "voyage");
    CHECK(secret_text_kind(one.keys[0].secret) == SecretTextKind::placeholder);

    const auto created = read(R"({"provider":"bedrock","key":"x","name":"Bedrock Key",
        "awsAccessKeyId":"a","awsSecretAccessKey":"b","awsRegion":"c"})");
    REQUIRE(created.keys.size() == 1);
    CHECK(created.keys[0].slug == "bedrock-key");
    CHECK(detail(created.keys[0], "aws_access_key_id") == "a");
    CHECK(detail(created.keys[0], "aws_region") == "c");
}

TEST_CASE("portkey exports: providers get their integration's provider, key and settings") {
    PortkeyExports exports;
    for (const char* text :
         {R"({"object":"list","total":2,"data":[
             {"name":"P","integration_id":"azure-eu","slug":"azure-prod","status":"active",
              "rate_limits":[{"type":"tokens","unit":"rph","value":600}],"object":"provider"},
             {"name":"Q","integration_id":"lost","slug":"q","object":"provider"}]})",
          R"({"object":"list","total":2,"data":[
             {"ai_provider_id":"azure-openai","slug":"azure-eu","name":"A","object":"integration"},
             {"ai_provider_id":"openai","slug":"alone","name":"B","object":"integration"}]})",
          R"({"ai_provider_id":"azure-openai","slug":"azure-eu","masked_key":"ab*****yz",
              "configurations":{"azure_auth_mode":"default","azure_resource_name":"contoso",
              "masked_azure_entra_client_secret":"ab*****yz","custom_headers":{"x-team":"ml"},
              "azure_deployment_config":[
                {"alias":"gpt-4o","azure_api_version":"2024-10-21","azure_deployment_name":"g4o"},
                {"alias":"mini","azure_api_version":"2025-01-01","azure_deployment_name":"m",
                 "is_default":true}]},
              "secret_mappings":[{"target_field":"key","secret_reference_id":"aws"}],
              "object":"integration"})"}) {
        REQUIRE(read_export(text, "a.json", Sniffing::named, exports));
    }
    join_exports(exports);
    REQUIRE(exports.keys.size() == 3);
    const auto& key = exports.keys[0];
    CHECK(key.slug == "azure-prod");
    CHECK(key.provider == "azure-openai");
    CHECK(detail(key, "azure_resource_name") == "contoso");
    CHECK(detail(key, "api_version") == "2025-01-01");
    CHECK(detail(key, "masked_azure_entra_client_secret").empty());
    CHECK(key.headers == std::vector<std::pair<std::string, std::string>>{{"x-team", "ml"}});
    CHECK(key.deployments.size() == 2);
    CHECK(key.secret_store == "aws");
    CHECK(key.limits == std::vector<std::string>{"600 tokens an hour"});
    CHECK(exports.keys[1].provider.empty());
    // An integration without a provider is used by its own slug.
    CHECK(exports.keys[2].slug == "alone");
}

TEST_CASE("portkey exports: conf.json of the open-source gateway") {
    const auto exports = read(R"({"plugins_enabled":["default"],"cache":true,"integrations":[
        {"provider":"azure-openai","slug":"eu","credentials":{"apiKey":"k","resourceName":"c",
         "deploymentId":"d","apiVersion":"v"},
         "rate_limits":[{"type":"requests","unit":"rph","value":3}]}]})");
    REQUIRE(exports.keys.size() == 1);
    const auto& key = exports.keys[0];
    CHECK(key.secret == "k");
    CHECK(detail(key, "resource_name") == "c");
    CHECK(detail(key, "deployment_id") == "d");
    CHECK(key.limits == std::vector<std::string>{"3 requests an hour"});
    CHECK(codes(exports) == "CA-ON");
}

TEST_CASE("portkey exports: API keys") {
    const auto exports = read(R"({"object":"list","total":2,"data":[
        {"id":"f","key":"Xk*******S4","name":"Dev","status":"active","scopes":["completions.write"],
         "usage_limits":{"credit_limit":10,"periodic_reset":"monthly"},
         "rate_limits":[{"type":"requests","unit":"rpm","value":100}],
         "defaults":{"metadata":{"team":"x"},"config_id":"pc-1","allow_config_override":false},
         "expires_at":"2027-01-01T00:00:00.000Z","object":"api-key"},
        {"id":"g","key":"a*z","name":"Admin","scopes":["configs.read"],"defaults":null,
         "object":"api-key"}]})");
    REQUIRE(exports.api_keys.size() == 2);
    const auto& key = exports.api_keys[0];
    CHECK(key.name == "Dev");
    CHECK(key.config == "pc-1");
    CHECK(!key.allows_override);
    CHECK(key.metadata == R"({"team":"x"})");
    CHECK(key.limits == std::vector<std::string>{"10 USD a month", "100 requests a minute"});
    CHECK(!exports.api_keys[1].can_ask);
    CHECK(exports.api_keys[1].allows_override);
}

TEST_CASE("portkey exports: errors and what stays behind are told") {
    const auto refused = read(R"({"success":false,"data":{"message":"Unauthorised Request"}})");
    REQUIRE(codes(refused) == "X-ERROR");
    CHECK(refused.findings[0].severity == Severity::error);
    CHECK(refused.findings[0].portkey.find("Unauthorised") != std::string::npos);

    CHECK(codes(read(R"({"success":true,"data":{"id":"1","version_id":"2"}})")) == "X-OTHER");
    CHECK(codes(read(R"({"name":"s","slug":"s","manager_type":"aws_sm","secret_path":"p",
                         "object":"secret-reference"})")) == "X-OTHER");
    CHECK(codes(read(R"({"total":2,"allow_all_models":false,"models":[
        {"slug":"a","enabled":true,"is_custom":0},
        {"slug":"b","enabled":false,"configurations":{"custom_host":"https://x"}}]})")) ==
          "L-MODELS L-MODELS");
}

TEST_CASE("portkey exports: Terraform's state has the keys") {
    const auto exports = read(R"({"version":4,"resources":[
        {"mode":"managed","type":"aws_instance","name":"x","instances":[{"attributes":{}}]},
        {"mode":"managed","type":"portkey_integration","name":"openai","instances":[{"attributes":
          {"id":"100","slug":"openai-main","ai_provider_id":"openai","key":"sk-example",
           "configurations":"{\"openai_project\":\"p\"}"}}]},
        {"mode":"managed","type":"portkey_provider","name":"prod","instances":[{"attributes":
          {"id":"200","slug":"openai-prod","integration_id":"100"}}]},
        {"mode":"data","type":"portkey_config","name":"no","instances":[{"attributes":
          {"slug":"pc-no","config":"{}"}}]},
        {"mode":"managed","type":"portkey_config","name":"main","instances":[{"attributes":
          {"id":"300","slug":"pc-main","name":"Main","config":"{\"provider\":\"@openai-main\"}"}}]},
        {"mode":"managed","type":"portkey_api_key","name":"back","instances":[{"attributes":
          {"id":"400","name":"Back","config_id":"300","allow_config_override":false}}]}]})");
    REQUIRE(exports.configs.size() == 1);
    CHECK(exports.configs[0].place.pointer == "/resources/4/instances/0/attributes/config");
    CHECK(exports.configs[0].place.address == "portkey_config.main");
    // The integration stays, too: the config names it by its own slug.
    REQUIRE(exports.keys.size() == 2);
    CHECK(exports.keys[1].slug == "openai-prod");
    CHECK(exports.keys[1].provider == "openai");
    CHECK(exports.keys[1].secret == "sk-example");
    CHECK(detail(exports.keys[1], "openai_project") == "p");
    REQUIRE(exports.api_keys.size() == 1);
    CHECK(exports.api_keys[0].config == "300");
    CHECK(!exports.api_keys[0].allows_override);
}

constexpr const char* kTerraform = R"(
# A comment { with a brace
variable "openai_api_key" { type = string }
resource "portkey_integration" "openai" {
  name           = "OpenAI Production"
  ai_provider_id = "openai"
  key            = var.openai_api_key
  configurations = jsonencode({
    openai_project = var.project
    openai_organization = "org"
  })
}
resource "portkey_provider" "prod" {
  name           = "OpenAI prod!"
  integration_id = portkey_integration.openai.id
}
resource "portkey_config" "main" {
  name   = "Main"
  config = jsonencode({
    strategy = { mode = "fallback" }
    targets  = [
      { provider = "@${portkey_provider.prod.slug}" },
      { provider = "@other" },
    ]
  })
}
resource "portkey_config" "here" {
  name   = "Here"
  config = <<-EOT
    {"retry": {"attempts": 2}}
  EOT
}
resource "portkey_api_key" "back" {
  name      = "Back"
  config_id = portkey_config.main.slug
  usage_limits {
    credit_limit   = 500
    periodic_reset = "monthly"
  }
}
resource "portkey_guardrail" "g" { name = "G" }
)";

TEST_CASE("portkey exports: Terraform's language") {
    const auto exports = read(kTerraform, Sniffing::found, "main.tf");
    REQUIRE(exports.configs.size() == 2);
    CHECK(exports.configs[0].place.line == 19);
    CHECK(exports.configs[0].body->json ==
          R"({"strategy":{"mode":"fallback"},"targets":[{"provider":"@openai-prod"},)"
          R"({"provider":"@other"}]})");
    CHECK(exports.configs[0].body->line_of("/targets/1") == 23);
    CHECK(exports.configs[1].body->json.find("attempts") != std::string::npos);
    REQUIRE(exports.keys.size() == 1);
    const auto& key = exports.keys[0];
    CHECK(key.slug == "openai-prod");
    CHECK(key.provider == "openai");
    CHECK(secret_text_kind(key.secret) == SecretTextKind::placeholder);
    CHECK(detail(key, "openai_organization") == "org");
    CHECK(detail(key, "openai_project").empty());
    CHECK(key.has_placeholders);
    REQUIRE(exports.api_keys.size() == 1);
    CHECK(exports.api_keys[0].config == "portkey_config.main");
    CHECK(exports.api_keys[0].limits == std::vector<std::string>{"500 USD a month"});
    CHECK(codes(exports) == "X-OTHER X-SLUG");
}

TEST_CASE("portkey exports: Terraform's state replaces its source") {
    PortkeyExports exports;
    REQUIRE(read_export(kTerraform, "main.tf", Sniffing::found, exports));
    REQUIRE(read_export(R"({"version":4,"resources":[
        {"type":"portkey_provider","name":"prod","instances":[{"index_key":0,"attributes":
          {"slug":"openai-prod-1a2b","integration_id":"openai-main"}}]},
        {"type":"portkey_integration","name":"openai","instances":[{"attributes":
          {"slug":"openai-main","ai_provider_id":"openai","key":"sk-example"}}]},
        {"type":"portkey_config","name":"main","instances":[{"attributes":
          {"slug":"pc-main-1","name":"Main","config":"{\"provider\":\"@openai-prod-1a2b\"}"}}]}]})",
                        "terraform.tfstate", Sniffing::found, exports));
    join_exports(exports);
    REQUIRE(exports.configs.size() == 2);
    CHECK(exports.configs[0].name == "Here");
    CHECK(exports.configs[1].slug == "pc-main-1");
    REQUIRE(exports.keys.size() == 1);
    CHECK(exports.keys[0].slug == "openai-prod-1a2b");
    CHECK(exports.keys[0].secret == "sk-example");
    CHECK(exports.api_keys[0].config == "pc-main-1");
}

TEST_CASE("portkey exports: other programs' files are left alone") {
    for (const char* text :
         {R"({"name":"x","version":"1.0.0","dependencies":{"portkey-ai":"3"}})",
          R"({"retry":{"attempts":3},"cache":true})", R"({"version":4,"resources":[]})",
          R"({"data":[{"id":1,"name":"a","config":"b"}]})", R"([1,2,3])", "{}", "",
          R"({"provider":"openai","key":"k"})", "import os\n", "key: value\n",
          "// comment\nimport x from 'portkey-ai';\n{}"}) {
        CAPTURE(text);
        CHECK(!is_export(text, Sniffing::found));
    }
    CHECK(is_export(R"({"virtual_key":"a"})", Sniffing::found));
    CHECK(is_export(R"({"strategy":{"mode":"single"},"targets":[]})", Sniffing::found));
    CHECK(
        !is_export(R"({"env":{"ANTHROPIC_BASE_URL":"https://api.portkey.ai"}})", Sniffing::named));
}

TEST_CASE("portkey exports: malformed texts are errors with line and column") {
    PortkeyExports exports;
    for (const char* text : {"{\"strategy\": \n {\"mode\": }", "[{", "{\"a\":1",
                             "resource \"portkey_config\" \"x\" {\n name = \"a\"\n"}) {
        CAPTURE(text);
        const auto read = read_export(text, "a.json", Sniffing::named, exports);
        REQUIRE(!read);
        CHECK(read.error().kind == Errc::invalid_file);
        CHECK(read.error().message.find("line") != std::string::npos);
    }
}

TEST_CASE("portkey exports: values of odd types crash nothing") {
    for (
        const char* text :
        {R"({"object":"config","slug":1,"config":[],"id":null})",
         R"({"object":"virtual-key","slug":"x","provider":[],"usage_limits":[null,1,{}],"id":1})",
         R"({"object":"api-key","id":"x","defaults":[],"scopes":"all","expires_at":7})",
         R"({"object":"integration","slug":"x","configurations":"nonsense","secret_mappings":[1]})",
         R"({"version":4,"resources":[1,{"type":"portkey_config","instances":[1,{}]}]})",
         R"({"named_configs":{"a":1}})", R"({"plugins_enabled":1,"integrations":{}})",
         R"({"success":false})", R"({"total":-1,"data":[]})",
         R"({"models":7,"allow_all_models":false})"}) {
        CAPTURE(text);
        PortkeyExports exports;
        CHECK(read_export(text, "a.json", Sniffing::named, exports));
        join_exports(exports);
    }
}

TEST_CASE("portkey exports: what stands in place of a key") {
    const struct {
        const char* text;
        SecretTextKind kind;
        const char* variable;
    } cases[] = {
        {"", SecretTextKind::none, ""},
        {"sk-EXAMPLE-not-a-key", SecretTextKind::secret, ""},
        {"$OPENAI_API_KEY", SecretTextKind::variable, "OPENAI_API_KEY"},
        {"${OPENAI_API_KEY}", SecretTextKind::variable, "OPENAI_API_KEY"},
        {"process.env.OPENAI_API_KEY!", SecretTextKind::variable, "OPENAI_API_KEY"},
        {"os.environ[\"K\"]", SecretTextKind::variable, "K"},
        {"os.getenv('K')", SecretTextKind::variable, "K"},
        {"sk-*****abcd", SecretTextKind::placeholder, ""},
        {"<your key>", SecretTextKind::placeholder, ""},
        {"YOUR_API_KEY", SecretTextKind::placeholder, ""},
        {"var.openai_api_key", SecretTextKind::placeholder, ""},
        {"...", SecretTextKind::placeholder, ""},
        {R"({"type":"service_account","private_key":"***"})", SecretTextKind::placeholder, ""},
        {R"({"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----"})",
         SecretTextKind::secret, ""},
    };
    for (const auto& each : cases) {
        CAPTURE(each.text);
        CHECK(secret_text_kind(each.text) == each.kind);
        CHECK(secret_variable(each.text) == each.variable);
    }
}
