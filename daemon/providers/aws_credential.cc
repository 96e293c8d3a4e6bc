// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/aws_credential.h"

#include <algorithm>
#include <utility>

#include "common/base/json_scan.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr const char* kHint =
    "give a Bedrock API key, or ID:SECRET or ID:SECRET:SESSION_TOKEN of an access key";

tl::unexpected<Error> unreadable(const char* what) {
    return fail(Errc::auth, std::string("the AWS credential is not usable: ") + what, kHint);
}

// What may stand in a header line as one word. All of AWS's secrets are such.
bool is_one_word(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_access_key_id(std::string_view text) {
    return text.size() >= 16 && text.size() <= 128 &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '_';
           });
}

// Long-term ids begin with AKIA, temporary ones with ASIA (IAM user guide, "IAM identifiers").
bool looks_like_access_key_id(std::string_view text) {
    return text.size() == 20 && (text.starts_with("AKIA") || text.starts_with("ASIA")) &&
           is_access_key_id(text);
}

Result<AwsCredential> checked(AwsAccessKey key) {
    if (!is_access_key_id(key.id)) {
        return unreadable("what should be an access key id is none");
    }
    if (!is_one_word(key.secret)) {
        return unreadable("the access key has no secret, or one with spaces");
    }
    if (!key.session_token.empty() && !is_one_word(key.session_token)) {
        return unreadable("the session token holds spaces");
    }
    if (key.session_token.empty() && looks_like_access_key_id(key.id) &&
        key.id.starts_with("ASIA")) {
        return unreadable("it is a temporary access key without its session token");
    }
    AwsCredential out;
    out.access_key = std::move(key);
    return out;
}

std::string text_member(const std::vector<JsonField>& fields, std::string_view name,
                        std::string_view other_name) {
    const JsonField* field = find_field(fields, name);
    field = field == nullptr ? find_field(fields, other_name) : field;
    return field == nullptr ? "" : json_text(field->value).value_or("");
}

Result<AwsCredential> parse_json_key(std::string_view text) {
    const auto fields = scan_object(text);
    if (!fields) {
        return unreadable("it begins like JSON and is none");
    }
    return checked({text_member(*fields, "access_key_id", "AccessKeyId"),
                    text_member(*fields, "secret_access_key", "SecretAccessKey"),
                    text_member(*fields, "session_token", "SessionToken")});
}

}  // namespace

Result<AwsCredential> parse_aws_credential(std::string_view secret) {
    const std::string_view text = trim(secret);
    if (text.starts_with('{')) {
        return parse_json_key(text);
    }
    const std::size_t first = text.find(':');
    if (first != std::string_view::npos) {
        const std::string_view rest = text.substr(first + 1);
        const std::size_t second = std::min(rest.find(':'), rest.size());
        const std::string_view token = rest.substr(second);
        if (token == ":") {
            return unreadable("its session token is empty");
        }
        return checked({std::string(text.substr(0, first)), std::string(rest.substr(0, second)),
                        std::string(token.substr(token.empty() ? 0 : 1))});
    }
    if (!is_one_word(text)) {
        return unreadable("it is empty or holds spaces");
    }
    if (looks_like_access_key_id(text)) {
        return unreadable("it is an access key id without its secret");
    }
    AwsCredential out;
    out.api_key = text;
    return out;
}

std::optional<std::string> aws_credential_from_env(const EnvLookup& lookup) {
    const auto get = [&](std::string_view name) { return lookup(name).value_or(""); };
    if (std::string api_key = get("AWS_BEARER_TOKEN_BEDROCK"); !api_key.empty()) {
        return api_key;
    }
    const std::string id = get("AWS_ACCESS_KEY_ID");
    const std::string secret = get("AWS_SECRET_ACCESS_KEY");
    if (id.empty() || secret.empty()) {
        return std::nullopt;
    }
    const std::string token = get("AWS_SESSION_TOKEN");
    return id + ":" + secret + (token.empty() ? "" : ":" + token);
}

std::string bedrock_auth_fields(const AwsCredential& credential, const BedrockCall& call) {
    if (!credential.api_key.empty()) {
        return "authorization: Bearer " + credential.api_key + "\r\n";
    }
    SigV4Request request;
    request.method = "POST";
    request.path = call.path.substr(0, call.path.find('?'));
    request.query = call.path.substr(std::min(request.path.size() + 1, call.path.size()));
    request.headers = {{"host", call.host}};
    request.body = call.body;
    SigV4Scope scope;
    scope.region = call.region;
    scope.service = "bedrock";
    scope.unix_seconds = call.unix_seconds;
    return sign_sigv4(request, credential.access_key, scope).fields;
}

}  // namespace llmgw
