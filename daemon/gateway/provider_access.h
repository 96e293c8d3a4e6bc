// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/url.h"
#include "common/catalog/catalog.h"
#include "common/secrets/vault.h"
#include "common/store/store.h"
#include "daemon/gateway/token_source.h"
#include "daemon/providers/aws_credential.h"
#include "daemon/providers/quirks.h"

namespace llmgw {

/// A provider key ready for use: its address and its secret, which belongs to that address.
struct ProviderAccess {
    std::string label;
    const Provider* provider = nullptr;  ///< nullptr: a custom server outside the catalog
    std::string name;                    ///< what answers call it: the catalog's id, or the label
    BaseUrl url;
    std::string secret;  ///< empty: none is sent
    std::string region;  ///< empty: the provider's default
    std::vector<std::pair<std::string, std::string>> options;
    std::int64_t weight = 1;      ///< among the keys of its provider
    std::int64_t renewed_at = 0;  ///< rests that began before it are over; Unix milliseconds
    bool enabled = true;
    std::optional<Error> problem;   ///< why it cannot be used: no secret, a bad URL
    bool from_environment = false;  ///< not stored: found in the provider's usual variable
    bool public_only = false;       ///< came with a request: only public addresses are connected to

    Wire wire = Wire::openai;
    const Quirks* quirks = nullptr;
    /// The secret is not sent but exchanged for access tokens (Google, Microsoft Entra).
    std::shared_ptr<const TokenCredential> tokens;
    std::optional<AwsCredential> aws;

    /// Not all of the catalog's formats can be sent to.
    [[nodiscard]] bool usable() const { return enabled && !problem && catalog::can_send(wire); }
    [[nodiscard]] std::string_view option(std::string_view name) const;
    /// Takes the secret, what it consists of, and the token that was got for it out of a text that
    /// a provider sent back.
    void scrub(std::string& text, std::string_view token) const;
};

/// A stored provider key with its secret read and understood. What is wrong with it is its
/// `problem`.
[[nodiscard]] ProviderAccess make_access(const ProviderKey& key, const Vault& vault);
/// The same with a secret that is known already.
[[nodiscard]] ProviderAccess make_access(const ProviderKey& key, Result<std::string> secret);

/// Adds the providers whose usual variables hold a key, and that have no stored one.
void add_accesses_from_environment(std::vector<ProviderAccess>& accesses);

/// A provider key's secret from wherever it comes; empty for a key without one.
[[nodiscard]] Result<std::string> read_secret(const ProviderKey& key, const Vault& vault);

}  // namespace llmgw
