// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>

#include "common/base/error.h"
#include "common/base/url.h"
#include "common/portkey/key.h"
#include "daemon/gateway/snapshot.h"

namespace llmgw {

/// A key of a request's config, ready for use; nullopt: it names a stored one, which is there. An
/// address in a request is its client's choice, and the gateway reaches networks that the client
/// does not (server-side request forgery): such a key is marked `public_only`, unless its host is
/// among `portkey.trusted_hosts`. Fails with Errc::invalid_request for what must not be: a stored
/// key with an address, an expression for a secret, a token endpoint of the client's own.
[[nodiscard]] Result<std::optional<ProviderAccess>> inline_access(const Snapshot& snapshot,
                                                                  const PortkeyKey& key);

/// Whether an address from a request leads to a host of that list: by its name, without a look-up.
[[nodiscard]] bool is_trusted_host(const BaseUrl& url, std::span<const std::string> trusted);

}  // namespace llmgw
