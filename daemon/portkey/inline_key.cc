// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/inline_key.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "common/base/text.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

namespace {

tl::unexpected<Error> refuse(std::string message) {
    Error error;
    error.kind = Errc::invalid_request;
    error.message = std::move(message);
    error.param = "x-portkey-config";
    error.code = "invalid_config";
    return tl::unexpected(std::move(error));
}

// Where the key belongs to.
Result<ProviderKey> addressed(const PortkeyKey& key) {
    ProviderKey out;
    out.label = key.label;
    out.provider = key.provider;
    out.region = key.region;
    out.options = key.options;
    out.base_url = key.base_url;
    const Provider* const provider = catalog::find_provider(key.provider);
    if (provider == nullptr) {
        if (key.provider != "custom" || key.base_url.empty()) {
            return refuse("Invalid provider passed: llmgw cannot ask the provider of \"" +
                          printable(key.label) + "\"");
        }
        return out;
    }
    auto address = provider_address(*provider, key.base_url, key.region);
    if (!address) {
        return refuse("Invalid config passed: " + address.error().message);
    }
    out.base_url = std::move(address->base_url);
    out.options.insert(out.options.end(), address->options.begin(), address->options.end());
    return out;
}

// Tokens of a service account are fetched from where its document says.
bool fetches_tokens_elsewhere(const ProviderAccess& access) {
    const auto* const account =
        access.tokens ? std::get_if<ServiceAccount>(access.tokens.get()) : nullptr;
    return account != nullptr && account->token_uri != "https://oauth2.googleapis.com/token";
}

}  // namespace

bool is_trusted_host(const BaseUrl& url, std::span<const std::string> trusted) {
    return std::any_of(trusted.begin(), trusted.end(), [&](const std::string& host) {
        return equals_ignoring_case(host, url.host);
    });
}

std::string stored_label(const Snapshot& snapshot, std::string_view slug) {
    const std::string_view bare = slug.starts_with('@') ? slug.substr(1) : slug;
    for (std::string label : {std::string(bare), portkey_label(bare)}) {
        if (snapshot.find_access(label) != nullptr) {
            return label;
        }
    }
    return {};
}

Result<ProviderAccess> inline_access(const Snapshot& snapshot, const PortkeyKey& key) {
    if (!key.env.empty()) {
        return refuse("Invalid config passed: a provider key is an expression");
    }
    auto addressed_key = addressed(key);
    if (!addressed_key) {
        return tl::unexpected(std::move(addressed_key.error()));
    }
    ProviderAccess access = make_access(*addressed_key, Result<std::string>(key.secret));
    if (access.problem) {
        return refuse("Invalid config passed: " + access.problem->message);
    }
    if (fetches_tokens_elsewhere(access)) {
        return refuse("a service account in a request gets its tokens from Google alone");
    }
    access.public_only = !is_trusted_host(access.url, snapshot.settings.portkey.trusted_hosts);
    if (access.secret.empty() && access.public_only) {
        return refuse("Invalid config passed: the key of \"" + printable(key.label) +
                      "\" is missing, masked, or a placeholder");
    }
    return access;
}

}  // namespace llmgw
