// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/provider_access.h"

#include <algorithm>

#include "daemon/providers/wire_adapter.h"

namespace llmgw {

namespace {

void set_default_option(ProviderAccess& access, const char* name, const std::string& value) {
    if (!value.empty() && access.option(name).empty()) {
        access.options.emplace_back(name, value);
    }
}

Result<void> read_service_account(ProviderAccess& access) {
    auto account = parse_service_account(access.secret);
    if (!account) {
        return tl::unexpected(std::move(account.error()));
    }
    set_default_option(access, "project", account->project_id);
    access.tokens = std::make_shared<const TokenCredential>(std::move(*account));
    return {};
}

// With a tenant and a client id, the secret is that of an application known to Microsoft Entra.
Result<void> read_entra_client(ProviderAccess& access) {
    EntraClient client;
    client.tenant = access.option("tenant");
    client.client_id = access.option("client_id");
    client.client_secret = access.secret;
    if (client.tenant.empty() || client.client_id.empty()) {
        return {};
    }
    if (const std::string_view other = access.option("authority"); !other.empty()) {
        client.authority = other;
    }
    if (const std::string_view other = access.option("scope"); !other.empty()) {
        client.scope = other;
    }
    if (auto address = entra_token_uri(client); !address) {
        return tl::unexpected(std::move(address.error()));
    }
    access.tokens = std::make_shared<const TokenCredential>(std::move(client));
    return {};
}

// Understands the secret, as far as it is more than a word that is sent.
Result<void> read_credential(ProviderAccess& access) {
    if (access.secret.empty()) {
        return {};
    }
    if (access.wire == Wire::bedrock) {
        auto credential = parse_aws_credential(access.secret);
        if (!credential) {
            return tl::unexpected(std::move(credential.error()));
        }
        access.aws = std::move(*credential);
        return {};
    }
    if (access.wire == Wire::azure || access.wire == Wire::azure_anthropic) {
        return read_entra_client(access);
    }
    // No key is a JSON document, and a credential of another type is not for sending.
    return access.secret.starts_with('{') ? read_service_account(access) : Result<void>();
}

void take_out(std::string& text, std::string_view secret) {
    constexpr std::size_t kShortest = 4;  // what is shorter stands in any text
    for (std::size_t at = secret.size() < kShortest ? std::string::npos : text.find(secret);
         at != std::string::npos; at = text.find(secret, at)) {
        text.replace(at, secret.size(), "***");
    }
}

}  // namespace

std::string_view ProviderAccess::option(std::string_view option_name) const {
    return find_option(options, option_name);
}

void ProviderAccess::scrub(std::string& text, std::string_view token) const {
    take_out(text, secret);
    take_out(text, token);
    if (aws) {
        take_out(text, aws->access_key.secret);
        take_out(text, aws->access_key.session_token);
    }
}

ProviderAccess make_access(const ProviderKey& key, const Vault& vault) {
    // A key that is switched off is not asked for: its source may be a command.
    return make_access(key, key.enabled ? read_secret(key, vault) : std::string());
}

ProviderAccess make_access(const ProviderKey& key, Result<std::string> secret) {
    ProviderAccess access;
    access.label = key.label;
    access.provider = catalog::find_provider(key.provider);
    access.name = access.provider != nullptr ? key.provider : key.label;
    access.wire = access.provider != nullptr ? access.provider->wire : Wire::openai;
    access.quirks = access.provider != nullptr ? quirks_of(access.provider->id) : nullptr;
    access.weight = key.weight;
    access.enabled = key.enabled;
    access.region = key.region;
    access.options = key.options;
    auto url = parse_base_url(key.base_url);
    if (!url || !secret) {
        access.problem = !url ? std::move(url.error()) : std::move(secret.error());
        return access;
    }
    access.url = std::move(*url);
    access.secret = std::move(*secret);
    if (auto understood = read_credential(access); !understood) {
        access.problem = std::move(understood.error());
    }
    return access;
}

}  // namespace llmgw
