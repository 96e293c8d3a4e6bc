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

// The first of these variables that is set and not empty.
std::string variable(std::initializer_list<const char*> names) {
    for (const char* const name : names) {
        const char* const value = std::getenv(name);
        if (value != nullptr && *value != '\0') {
            return std::string(trim(value));
        }
    }
    return {};
}

// What stands in for a stored key; an empty secret: the environment has none.
struct FoundKey {
    std::string secret;
    std::string base_url;  ///< empty: the provider's own in `region`
    std::string region;
    std::vector<std::pair<std::string, std::string>> options;
};

FoundKey find_aws() {
    FoundKey found;
    found.secret = aws_credential_from_env([](std::string_view name) {
                       const std::string value = variable({std::string(name).c_str()});
                       return value.empty() ? std::nullopt : std::optional(value);
                   }).value_or("");
    found.region = variable({"AWS_REGION", "AWS_DEFAULT_REGION"});
    return found;
}

// Application Default Credentials, as far as they are a service account's file.
FoundKey find_google() {
    FoundKey found;
    const std::string file = variable({"GOOGLE_APPLICATION_CREDENTIALS"});
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
        found.secret = variable({"AZURE_OPENAI_API_KEY"});
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
            found.secret = variable({std::string(name).c_str()});
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

void add_accesses_from_environment(std::vector<ProviderAccess>& accesses) {
    for (const Provider& provider : catalog::providers()) {
        const bool stored =
            std::any_of(accesses.begin(), accesses.end(),
                        [&](const ProviderAccess& access) { return access.provider == &provider; });
        const FoundKey found = stored ? FoundKey() : find_key(provider);
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
        key.base_url = std::move(address->base_url);
        key.region = found.region;
        key.options = found.options;
        key.options.insert(key.options.end(), address->options.begin(), address->options.end());
        accesses.push_back(make_access(key, found.secret));
        accesses.back().from_environment = true;
    }
}

}  // namespace llmgw
