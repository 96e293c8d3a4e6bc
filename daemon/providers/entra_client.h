// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// An application that Microsoft Entra ID knows, with its secret, for Azure's AI services.
struct EntraClient {
    std::string tenant;
    std::string client_id;
    std::string client_secret;
    std::string authority = "https://login.microsoftonline.com";  ///< of other clouds: another
    std::string scope = "https://cognitiveservices.azure.com/.default";
};

/// The address of the tenant's v2.0 token endpoint. A tenant is an id or a domain: nothing that
/// could lead elsewhere.
[[nodiscard]] Result<std::string> entra_token_uri(const EntraClient& client);

/// The body of the request for a token (client credentials grant, RFC 6749 §4.4).
[[nodiscard]] std::string entra_form(const EntraClient& client);

}  // namespace llmgw
