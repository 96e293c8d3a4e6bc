// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "common/base/json_io.h"
#include "common/portkey/providers.h"
#include "common/portkey/secret_text_kind.h"

namespace llmgw {

namespace {

constexpr std::array<std::string_view, 27> kDetails = {
    "ad_auth",
    "anthropic_api_key",
    "anthropic_aws_workspace_id",
    "anthropic_beta",
    "anthropic_version",
    "api_version",
    "byteplus_region",
    "databricks_serving_endpoint_name",
    "databricks_workspace",
    "deployment_id",
    "deployments",
    "fireworks_account_id",
    "huggingface_base_url",
    "mistral_fim_completion",
    "openai_beta",
    "openai_organization",
    "openai_project",
    "resource_name",
    "snowflake_account",
    "stability_client_id",
    "stability_client_user_id",
    "stability_client_version",
    "stability_user_id",
    "stability_version",
    "vertex_service_account_json",
    "workers_ai_account_id",
    "workers_ai_api_token",
};
constexpr std::array<std::string_view, 6> kDetailPrefixes = {
    "amz_", "amzn_sagemaker_", "aws_", "azure_", "oracle_", "vertex_"};

struct DetailTwin {
    std::string_view name;
    std::string_view same;
};
// Portkey's documentation prints some that its gateway does not know.
constexpr std::array<DetailTwin, 4> kTwins = {{{"azure_ad_token", "ad_auth"},
                                               {"azure_api_version", "api_version"},
                                               {"azure_deployment_id", "deployment_id"},
                                               {"azure_resource_name", "resource_name"}}};

// Details that become an option of the key under another name.
struct DetailOption {
    std::string_view detail;
    std::string_view provider;  ///< llmgw's
    std::string_view option;
};
constexpr std::array<DetailOption, 8> kOptions = {{
    {"deployment_id", "azure", "deployment"},
    {"api_version", "azure", "api_version"},
    {"azure_entra_tenant_id", "azure", "tenant"},
    {"azure_entra_client_id", "azure", "client_id"},
    {"azure_entra_scope", "azure", "scope"},
    {"api_version", "azure-ai-foundry", "api_version"},
    {"azure_deployment_name", "azure-ai-foundry", "deployment"},
    {"vertex_project_id", "google-vertex", "project"},
}};

struct DetailHeader {
    std::string_view detail;
    std::string_view header;
};
constexpr std::array<DetailHeader, 5> kHeaders = {{
    {"openai_organization", "OpenAI-Organization"},
    {"openai_project", "OpenAI-Project"},
    {"openai_beta", "OpenAI-Beta"},
    {"anthropic_beta", "anthropic-beta"},
    {"anthropic_version", "anthropic-version"},
}};

constexpr std::string_view kNoEffect = "leaves it out";

bool is_azure(const PortkeyKey& key) {
    return key.provider == "azure" || key.provider == "azure-ai-foundry";
}

bool is_google(const PortkeyKey& key) {
    return key.provider == "google-vertex" || key.provider == "vertex-anthropic";
}

void set_option(PortkeyKey& key, std::string_view name, const std::string& value) {
    const auto at = std::find_if(key.options.begin(), key.options.end(),
                                 [&](const auto& option) { return option.first == name; });
    if (at == key.options.end()) {
        key.options.emplace_back(name, value);
    }
}

/// The details of one key, each of which is used or noted.
class DetailReader {
  public:
    DetailReader(PortkeyKey& key, const PortkeyDetails& details) : key_(key) {
        for (const auto& detail : details) {
            const std::string& name = detail.first;
            const auto* const twin = std::find_if(
                kTwins.begin(), kTwins.end(), [&](const DetailTwin& t) { return t.name == name; });
            const std::string plain(twin == kTwins.end() ? name : twin->same);
            left_.push_back({name, plain, detail.second});
            names_.emplace_back(plain, name);
        }
    }

    std::vector<PortkeyDetailNote> read() {
        read_headers();
        if (is_azure(key_)) {
            read_azure();
        } else if (key_.provider == "aws-bedrock" || key_.provider == "aws-mantle") {
            read_aws();
        } else if (is_google(key_)) {
            read_google();
        } else {
            read_addresses();
        }
        read_options();
        for (const Detail& detail : left_) {
            note(detail.written, std::string(kNoEffect), "");
        }
        return std::move(notes_);
    }

  private:
    struct Detail {
        std::string written;
        std::string name;
        std::string value;
    };

    // Its value, which no longer counts as left; empty: there is none.
    std::string take(std::string_view name) {
        const auto at = std::find_if(left_.begin(), left_.end(),
                                     [&](const Detail& detail) { return detail.name == name; });
        if (at == left_.end()) {
            return {};
        }
        std::string value = std::move(at->value);
        left_.erase(at);
        return value;
    }

    void note(std::string_view field, std::string llmgw, std::string action,
              bool credential = false) {
        const auto given = std::find_if(names_.begin(), names_.end(),
                                        [&](const auto& each) { return each.first == field; });
        notes_.push_back({std::string(given == names_.end() ? field : given->second), credential,
                          std::move(llmgw), std::move(action)});
    }

    void take_secret(std::string_view field, const std::string& value) {
        if (value.empty()) {
            return;
        }
        if (secret_text_kind(value) == SecretTextKind::secret) {
            key_.secret = key_.secret.empty() ? value : key_.secret;
            return;
        }
        key_.env = key_.env.empty() ? secret_variable(value) : key_.env;
        note(field, "asks for the key once and keeps it sealed",
             "give the key when it is asked for", true);
    }

    void read_headers() {
        for (const DetailHeader& header : kHeaders) {
            if (std::string value = take(header.detail); !value.empty()) {
                key_.headers.emplace_back(header.header, std::move(value));
            }
        }
        take_secret("anthropic_api_key", take("anthropic_api_key"));
    }

    void read_options() {
        const std::string provider =
            key_.provider == "vertex-anthropic" ? "google-vertex" : key_.provider;
        for (const DetailOption& option : kOptions) {
            if (option.provider != provider) {
                continue;
            }
            if (const std::string value = take(option.detail); !value.empty()) {
                set_option(key_, option.option, value);
            }
        }
    }

    void read_azure() {
        const std::string resource = take("resource_name");
        const std::string foundry = take("azure_foundry_url");
        if (key_.base_url.empty()) {
            key_.base_url = !foundry.empty()   ? foundry
                            : resource.empty() ? std::string()
                                               : "https://" + resource + ".openai.azure.com";
        } else if (!foundry.empty() || !resource.empty()) {
            note(foundry.empty() ? "resource_name" : "azure_foundry_url",
                 "asks the address of custom_host", "");
        }
        read_deployments(take("deployments"));
        read_azure_login(take("azure_auth_mode"));
        take_secret("azure_entra_client_secret", take("azure_entra_client_secret"));
        if (const std::string token = take("ad_auth"); !token.empty()) {
            take_secret("azure_ad_token", token);
            note("ad_auth", "sends it until it ends, like Portkey",
                 "better give the application's own credentials: --option tenant=ID --option "
                 "client_id=ID and its secret as the key",
                 true);
        }
        if (const std::string model = take("azure_model_name"); !model.empty()) {
            note("azure_model_name", "knows the price by the model's own name", "");
        }
    }

    void read_azure_login(const std::string& mode) {
        const std::string managed =
            take("azure_managed_client_id") + take("azure_workload_client_id");
        if (mode == "managed" || mode == "workload" || !managed.empty()) {
            note(mode.empty() ? "azure_managed_client_id" : "azure_auth_mode",
                 "cannot log in with an identity of the machine that it runs on",
                 "give it an API key of the resource, or an application's tenant, client_id and "
                 "secret (llmgw-providers(1), azure)",
                 true);
        }
    }

    // A key asks one deployment, or the one that is called like the model.
    void read_deployments(const std::string& json) {
        if (json.empty()) {
            return;
        }
        const auto parsed = parse_json(json);
        if (!parsed || !parsed->is_array() || parsed->empty()) {
            note("deployments", std::string(kNoEffect), "");
            return;
        }
        const Json* chosen = &parsed->front();
        for (const Json& deployment : *parsed) {
            const auto flag =
                deployment.is_object() ? deployment.find("is_default") : deployment.end();
            if (deployment.is_object() && flag != deployment.end() && *flag == true) {
                chosen = &deployment;
            }
        }
        const auto text_of = [&](const char* name) {
            const auto at = chosen->is_object() ? chosen->find(name) : chosen->end();
            const bool text = chosen->is_object() && at != chosen->end() && at->is_string();
            return text ? at->get<std::string>() : std::string();
        };
        if (const std::string deployment = text_of("deployment_id"); !deployment.empty()) {
            set_option(key_, "deployment", deployment);
        }
        if (const std::string version = text_of("api_version"); !version.empty()) {
            set_option(key_, "api_version", version);
        }
        if (parsed->size() > 1) {
            note("deployments", "asks the default one with this key",
                 "add a key for each of the others: llmgw providers add azure --name NAME --option "
                 "deployment=NAME");
        }
    }

    void read_aws() {
        if (std::string region = take("aws_region"); !region.empty()) {
            key_.region = std::move(region);
        }
        const std::string id = take("aws_access_key_id");
        const std::string secret = take("aws_secret_access_key");
        const std::string session = take("aws_session_token");
        const bool complete = secret_text_kind(id) == SecretTextKind::secret &&
                              secret_text_kind(secret) == SecretTextKind::secret;
        if (complete) {
            const bool temporary = secret_text_kind(session) == SecretTextKind::secret;
            key_.secret = id + ":" + secret + (temporary ? ":" + session : "");
        } else if (!id.empty() || !secret.empty()) {
            note("aws_secret_access_key", "asks for the access key once and keeps it sealed",
                 "give it as ID:SECRET when it is asked for", true);
        }
        const std::string role = take("aws_role_arn");
        const std::string mode = take("aws_auth_type");
        const std::string external = take("aws_external_id");
        const bool own_key = mode == "accessKey" || mode == "apiKey" || mode == "default";
        if (!role.empty() || !external.empty() || (!mode.empty() && !own_key)) {
            note(!role.empty()   ? "aws_role_arn"
                 : !mode.empty() ? "aws_auth_type"
                                 : "aws_external_id",
                 "takes on no role",
                 "give it a Bedrock API key or an access key of that role (llmgw-providers(1), "
                 "aws-bedrock); --key-command can fetch temporary ones",
                 true);
        }
    }

    void read_google() {
        if (std::string region = take("vertex_region"); !region.empty()) {
            key_.region = std::move(region);
        }
        if (const std::string account = take("vertex_service_account_json"); !account.empty()) {
            const bool whole = account.find("PRIVATE KEY-----") != std::string::npos &&
                               account.find("...") == std::string::npos;
            if (whole) {
                key_.secret = account;
            } else {
                note("vertex_service_account_json",
                     "asks for the service account's file once and keeps it sealed",
                     "give the file: --key-file FILE", true);
            }
        }
        if (const std::string mode = take("vertex_auth_type");
            !mode.empty() && mode != "serviceAccount" && mode != "service_account") {
            note("vertex_auth_type", "cannot log in with the machine's own identity",
                 "give it a service account's file: --key-file FILE", true);
        }
    }

    // Addresses that depend on the account.
    void read_addresses() {
        const std::string account = take("workers_ai_account_id");
        const std::string workspace = take("databricks_workspace");
        const std::string hugging_face = take("huggingface_base_url");
        if (!account.empty()) {
            key_.base_url = "https://api.cloudflare.com/client/v4/accounts/" + account + "/ai/v1";
        } else if (!workspace.empty()) {
            key_.base_url = "https://" + workspace + "/serving-endpoints";
        } else if (!hugging_face.empty()) {
            key_.base_url = hugging_face + (hugging_face.ends_with("/v1") ? "" : "/v1");
        }
    }

    PortkeyKey& key_;
    std::vector<Detail> left_;
    std::vector<std::pair<std::string, std::string>> names_;  ///< as they are written
    std::vector<PortkeyDetailNote> notes_;
};

}  // namespace

bool is_portkey_detail(std::string_view name) {
    return std::find(kDetails.begin(), kDetails.end(), name) != kDetails.end() ||
           std::any_of(kDetailPrefixes.begin(), kDetailPrefixes.end(),
                       [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::vector<PortkeyDetailNote> add_portkey_details(PortkeyKey& key, const PortkeyDetails& details) {
    return DetailReader(key, details).read();
}

}  // namespace llmgw
