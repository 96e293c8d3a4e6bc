// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/authorization.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "daemon/providers/auth_fields.h"
#include "daemon/providers/bedrock.h"

namespace llmgw {

namespace {

std::string aws_fields(const ProviderAccess& access, const AdaptedRequest& request) {
    const std::string path = access.url.path + request.path;
    const std::string region = bedrock_signing_region(access.url.host, access.region);
    BedrockCall call;
    call.host = access.url.host_header();
    call.path = path;
    call.region = region;
    call.body = request.body;
    call.unix_seconds = unix_ms() / 1000;
    return bedrock_auth_fields(*access.aws, call);
}

// Whom Google charges, where that is another project than the credential's own.
std::string_view quota_project(const ProviderAccess& access) {
    const auto* const account =
        access.tokens ? std::get_if<ServiceAccount>(access.tokens.get()) : nullptr;
    return account == nullptr ? std::string_view() : std::string_view(account->quota_project_id);
}

}  // namespace

std::string authorization_fields(const Candidate& candidate, const AdaptedRequest& request,
                                 std::string_view secret) {
    const ProviderAccess& access = *candidate.access;
    if (access.aws) {
        return aws_fields(access, request);
    }
    std::string fields;
    append_auth_field(fields, access.wire, secret);
    if (const std::string_view project = quota_project(access); !project.empty()) {
        fields += "x-goog-user-project: ";
        fields += project;
        fields += "\r\n";
    }
    return fields;
}

std::string masked_authorization(const Candidate& candidate) {
    const ProviderAccess& access = *candidate.access;
    if (access.aws && access.aws->api_key.empty()) {
        return "Authorization: AWS4-HMAC-SHA256 (signed when it is sent)\r\n";
    }
    std::string fields;
    if (access.tokens) {
        append_auth_field(fields, access.wire, "(a token that is fetched when it is sent)");
    } else if (!access.secret.empty()) {
        append_auth_field(fields, access.wire, mask_secret(access.secret));
    }
    return fields;
}

}  // namespace llmgw
