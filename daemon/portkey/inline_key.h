// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/url.h"
#include "common/portkey/key.h"
#include "daemon/gateway/snapshot.h"

namespace llmgw {

/// A key that a request brings, ready for use. An address in a request is its client's choice, and
/// the gateway reaches networks that the client does not (server-side request forgery): such a key
/// is marked `public_only`, unless its host is among `portkey.trusted_hosts`. Fails with
/// Errc::invalid_request for what must not be: an expression for a secret, a token endpoint of the
/// client's own.
[[nodiscard]] Result<ProviderAccess> inline_access(const Snapshot& snapshot, const PortkeyKey& key);

/// The label of the stored key that a slug means; empty: there is none.
[[nodiscard]] std::string stored_label(const Snapshot& snapshot, std::string_view slug);

/// Whether an address from a request leads to a host of that list: by its name, without a look-up.
[[nodiscard]] bool is_trusted_host(const BaseUrl& url, std::span<const std::string> trusted);

}  // namespace llmgw
