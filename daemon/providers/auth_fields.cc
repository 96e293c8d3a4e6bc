// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/auth_fields.h"

#include "daemon/providers/azure.h"

namespace llmgw {

bool is_google_api_key(std::string_view secret) {
    return secret.starts_with("AIza") || secret.starts_with("AQ.");
}

void append_auth_field(std::string& head, Wire wire, std::string_view secret) {
    if (secret.empty()) {
        return;
    }
    switch (wire) {
        case Wire::anthropic:
            head += "x-api-key: ";
            break;
        case Wire::gemini:
            head += "x-goog-api-key: ";
            break;
        case Wire::vertex:  // access tokens, and in express mode API keys
        case Wire::vertex_anthropic:
            head += is_google_api_key(secret) ? "x-goog-api-key: " : "Authorization: Bearer ";
            break;
        case Wire::azure:
        case Wire::azure_anthropic:
            head += azure_auth_field(wire, secret);
            return;
        default:
            head += "Authorization: Bearer ";
            break;
    }
    head += secret;
    head += "\r\n";
}

}  // namespace llmgw
