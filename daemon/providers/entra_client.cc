// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/entra_client.h"

#include <utility>

#include "daemon/providers/access_token.h"

namespace llmgw {

Result<std::string> entra_token_uri(const EntraClient& client) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    const std::string& tenant = client.tenant;
    if (tenant.empty() || tenant.front() == '.' ||
        tenant.find_first_not_of(kAllowed) != std::string::npos) {
        return fail(Errc::invalid_file, "the tenant is not a tenant's id or domain");
    }
    if (client.client_id.empty() || client.client_secret.empty()) {
        return fail(Errc::invalid_file, "the Entra client has no id or no secret");
    }
    auto authority = parse_token_endpoint(client.authority);
    if (!authority) {
        return tl::unexpected(std::move(authority.error()));
    }
    return authority->text() + "/" + tenant + "/oauth2/v2.0/token";
}

std::string entra_form(const EntraClient& client) {
    return form_body({{"client_id", client.client_id},
                      {"client_secret", client.client_secret},
                      {"scope", client.scope},
                      {"grant_type", "client_credentials"}});
}

}  // namespace llmgw
