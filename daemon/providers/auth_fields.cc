// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/auth_fields.h"

namespace llmgw {

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
        default:
            head += "Authorization: Bearer ";
            break;
    }
    head += secret;
    head += "\r\n";
}

}  // namespace llmgw
