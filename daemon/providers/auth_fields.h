// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/catalog/catalog.h"

namespace llmgw {

/// Whether a secret is an API key of Google Cloud, not an access token or what is exchanged for
/// one.
[[nodiscard]] bool is_google_api_key(std::string_view secret);

/// Appends the header line that carries a provider key in a format; nothing for an empty secret.
/// Always one line: providers refuse requests with two kinds of credentials.
void append_auth_field(std::string& head, Wire wire, std::string_view secret);

}  // namespace llmgw
