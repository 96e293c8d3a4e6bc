// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "daemon/providers/sigv4.h"

namespace llmgw {

/// How a request proves itself to AWS: with a Bedrock API key, which is sent, or signed with an
/// access key.
struct AwsCredential {
    std::string api_key;  ///< empty: signed
    AwsAccessKey access_key;
};

/// Reads a stored secret: a Bedrock API key, "ID:SECRET" or "ID:SECRET:SESSION_TOKEN", or an access
/// key as JSON, spelled `access_key_id` or as the AWS CLI's `credential_process` prints it
/// (`AccessKeyId`). The error is Errc::auth and shows nothing of the secret.
[[nodiscard]] Result<AwsCredential> parse_aws_credential(std::string_view secret);

/// A variable of the environment; nullopt or empty: not set.
using EnvLookup = std::function<std::optional<std::string>(std::string_view name)>;

/// What the AWS SDKs would take from the environment, in a form parse_aws_credential() reads:
/// AWS_BEARER_TOKEN_BEDROCK, else AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with
/// AWS_SESSION_TOKEN. nullopt when neither is complete.
[[nodiscard]] std::optional<std::string> aws_credential_from_env(const EnvLookup& lookup);

/// The request that a credential is for, in its final form.
struct BedrockCall {
    std::string_view host;    ///< as in the Host header, with a port that is not the scheme's own
    std::string_view path;    ///< the whole target: the base URL's path and the request's
    std::string_view region;  ///< bedrock_signing_region()
    std::vector<std::string_view> body;
    std::int64_t unix_seconds = 0;
};

/// The header lines that authorise a POST to Bedrock, each "name: value\r\n". To be made anew for
/// each attempt: a signature holds for one body and a few minutes.
[[nodiscard]] std::string bedrock_auth_fields(const AwsCredential& credential,
                                              const BedrockCall& call);

}  // namespace llmgw
