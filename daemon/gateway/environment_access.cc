// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "common/base/home.h"
#include "common/base/text.h"
#include "daemon/gateway/gateway.h"
#include "daemon/gateway/provider_access.h"

namespace llmgw {

namespace {

std::string variable(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::string() : std::string(trim(value));
}

// The first of these variables that is set and not empty.
std::string variable(std::initializer_list<const char*> names) {
    for (const char* const name : names) {
        if (std::string value = variable(std::string(name)); !value.empty()) {
            return value;
        }
    }
    return {};
}

// What stands in for a stored key; an empty secret: the environment has none.
struct FoundKey {
    std::string name;  ///< of the variable
    std::string secret;
    std::string base_url;  ///< empty: the provider's own in `region`
    std::string region;
    std::vector<std::pair<std::string, std::string>> options;
};

FoundKey find_aws() {
    FoundKey found;
    found.secret = aws_credential_from_env([](std::string_view name) {
                       const std::string value = variable(std::string(name));
                       return value.empty() ? std::nullopt : std::optional(value);
                   }).value_or("");
    const char* const api_key = "AWS_BEARER_TOKEN_BEDROCK";
    found.name = variable({api_key}).empty() ? "AWS_ACCESS_KEY_ID" : api_key;
    found.region = variable({"AWS_REGION", "AWS_DEFAULT_REGION"});
    return found;
}

// Application Default Credentials, as far as they are a service account's file.
FoundKey find_google() {
    FoundKey found;
    found.name = "GOOGLE_APPLICATION_CREDENTIALS";
    const std::string file = variable(found.name);
    const auto content = file.empty() ? Result<std::string>(std::string()) : read_file(file);
    if (content && is_service_account(*content)) {
        found.secret = *content;
        found.region = variable({"GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION"});
        if (const std::string project = variable({"GOOGLE_CLOUD_PROJECT"}); !project.empty()) {
            found.options.emplace_back("project", project);
        }
    }
    return found;
}

FoundKey find_azure() {
    FoundKey found;
    found.base_url = variable({"AZURE_OPENAI_ENDPOINT"});
    if (!found.base_url.empty()) {
        found.name = "AZURE_OPENAI_API_KEY";
        found.secret = variable(found.name);
        if (std::string version = variable({"OPENAI_API_VERSION"}); !version.empty()) {
            found.options.emplace_back("api_version", std::move(version));
        }
    }
    return found;
}

FoundKey find_usual(const Provider& provider) {
    FoundKey found;
    for (const std::string_view name : provider.env) {
        if (found.secret.empty()) {
            found.name = name;
            found.secret = variable(found.name);
        }
    }
    return found;
}

FoundKey find_key(const Provider& provider) {
    switch (provider.wire) {
        case Wire::bedrock:
            return find_aws();
        case Wire::vertex:
        case Wire::vertex_anthropic:
            return find_google();
        case Wire::azure:
            return provider.id == "azure" ? find_azure() : FoundKey();
        default:
            return find_usual(provider);
    }
}

}  // namespace

std::vector<EnvironmentKey> find_environment_keys() {
    std::vector<EnvironmentKey> keys;
    for (const Provider& provider : catalog::providers()) {
        FoundKey found = find_key(provider);
        if (found.secret.empty()) {
            continue;
        }
        auto address = provider_address(provider, found.base_url, found.region);
        if (!address) {
            continue;
        }
        ProviderKey key;
        key.label = provider.id;
        key.provider = provider.id;
        key.source = SecretSource::env;
        key.source_ref = found.name;
        key.base_url = std::move(address->base_url);
        key.region = found.region;
        key.options = found.options;
        key.options.insert(key.options.end(), address->options.begin(), address->options.end());
        keys.push_back({std::move(key), std::move(found.secret)});
    }
    return keys;
}

void add_accesses_from_environment(std::vector<ProviderAccess>& accesses) {
    const std::size_t stored = accesses.size();
    for (EnvironmentKey& found : find_environment_keys()) {
        const auto end = accesses.begin() + static_cast<std::ptrdiff_t>(stored);
        const bool is_stored =
            std::any_of(accesses.begin(), end, [&](const ProviderAccess& access) {
                return access.provider != nullptr && access.provider->id == found.key.provider;
            });
        if (!is_stored) {
            accesses.push_back(make_access(found.key, std::move(found.secret)));
            accesses.back().from_environment = true;
        }
    }
}

}  // namespace llmgw
