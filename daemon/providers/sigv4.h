// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmgw {

/// An AWS access key, as signatures use it. Bedrock's API keys are no such thing: they are sent.
struct AwsAccessKey {
    std::string id;
    std::string secret;
    std::string session_token;  ///< of temporary keys (STS); empty: none
};

/// What Signature Version 4 signs of a request. Views; valid for the call only.
struct SigV4Request {
    std::string_view method;
    std::string_view path;   ///< as it is on the wire, percent-encoded
    std::string_view query;  ///< behind "?"; may be empty
    /// The headers to sign, `host` among them, in any order and case.
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    std::vector<std::string_view> body;  ///< in pieces
};

/// For whom, when and how it is signed.
struct SigV4Scope {
    std::string_view region;
    std::string_view service;  ///< "bedrock"
    std::int64_t unix_seconds = 0;
    /// Every service but S3 encodes the path of the wire once more for the signature: "%3A" there
    /// is "%253A" here.
    bool encode_path = true;
    /// Every service but S3 removes "." and ".." and empty segments before.
    bool normalize_path = true;
    /// Sends and signs `x-amz-content-sha256`, which S3 demands. The body is signed either way.
    bool content_hash_header = false;
    /// A few services want the session token sent without being signed.
    bool sign_session_token = true;
};

struct SigV4Signature {
    std::string canonical_request;
    std::string string_to_sign;
    std::string signature;  ///< 64 hex digits
    /// Header lines to add to the request: "x-amz-date: …\r\n…authorization: …\r\n".
    std::string fields;
};

/// Signs a request with AWS Signature Version 4 in its headers
/// (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). Pure. The
/// result holds for the body and about five minutes, so it is made anew for each attempt.
[[nodiscard]] SigV4Signature sign_sigv4(const SigV4Request& request, const AwsAccessKey& key,
                                        const SigV4Scope& scope);

}  // namespace llmgw
