// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// A Google service account's key, as its JSON file says. No error holds anything of the key.
struct ServiceAccount {
    std::string client_email;
    std::string private_key;  ///< PEM
    std::string private_key_id;
    std::string token_uri;
    std::string project_id;        ///< may be empty
    std::string quota_project_id;  ///< goes into `x-goog-user-project`; may be empty
};

/// Whether a secret is such a file rather than a key or a token.
[[nodiscard]] bool is_service_account(std::string_view secret);

[[nodiscard]] Result<ServiceAccount> parse_service_account(std::string_view json);

/// The signed claim that the token endpoint exchanges for a token (RFC 7523, RS256).
/// `now` is Unix seconds.
[[nodiscard]] Result<std::string> make_assertion(const ServiceAccount& account, std::int64_t now);

/// The body of the request for a token.
[[nodiscard]] Result<std::string> service_account_form(const ServiceAccount& account,
                                                       std::int64_t now);

}  // namespace llmgw
