// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/aws_credential.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace llmgw;

namespace {

// Of no account: the letters are in order.
const std::string kId = "AKIAABCDEFGHIJKLMNOP";
const std::string kTemporaryId = "ASIAABCDEFGHIJKLMNOP";
const std::string kSecret = "abcdefghijklmnop/ABCDEFGHIJKLMNOP+abcdef";
const std::string kToken = "token/abc+def==";

AwsCredential good(const std::string& text) {
    const auto credential = parse_aws_credential(text);
    CAPTURE(text);
    if (!credential) {
        FAIL(credential.error().message);
    }
    return *credential;
}

std::optional<std::string> from_env(const std::map<std::string, std::string, std::less<>>& env) {
    return aws_credential_from_env([&](std::string_view name) -> std::optional<std::string> {
        const auto at = env.find(name);
        return at == env.end() ? std::nullopt : std::optional(at->second);
    });
}

std::string auth_fields(const std::string& secret,
                        std::string_view path = "/model/m%3A0/converse") {
    BedrockCall call;
    call.host = "bedrock-runtime.us-east-1.amazonaws.com";
    call.path = path;
    call.region = "us-east-1";
    call.body = {"{", "}"};
    call.unix_seconds = 1440938160;
    return bedrock_auth_fields(good(secret), call);
}

}  // namespace

TEST_CASE("aws credential: a Bedrock API key is one word") {
    CHECK(good("ABSKabcdef0123==").api_key == "ABSKabcdef0123==");
    CHECK(good(" bedrock-api-key-YWJj \n").api_key == "bedrock-api-key-YWJj");
    CHECK(good("x").access_key.id.empty());
}

TEST_CASE("aws credential: access keys as text") {
    const AwsCredential plain = good(kId + ":" + kSecret);
    CHECK(plain.api_key.empty());
    CHECK(plain.access_key.id == kId);
    CHECK(plain.access_key.secret == kSecret);
    CHECK(plain.access_key.session_token.empty());
    const AwsCredential temporary = good(kTemporaryId + ":" + kSecret + ":" + kToken + "\n");
    CHECK(temporary.access_key.id == kTemporaryId);
    CHECK(temporary.access_key.secret == kSecret);
    CHECK(temporary.access_key.session_token == kToken);
}

TEST_CASE("aws credential: access keys as JSON, in our spelling and in the AWS CLI's") {
    const AwsCredential ours =
        good(R"( {"access_key_id":")" + kTemporaryId + R"(","secret_access_key":")" + kSecret +
             R"(", "session_token":")" + kToken + R"("})");
    CHECK(ours.access_key.id == kTemporaryId);
    CHECK(ours.access_key.secret == kSecret);
    CHECK(ours.access_key.session_token == kToken);
    const AwsCredential cli =
        good(R"({"Version": 1, "AccessKeyId": ")" + kId + R"(", "SecretAccessKey": ")" + kSecret +
             R"(", "SessionToken": null, "Expiration": "2026-01-01"})");
    CHECK(cli.access_key.id == kId);
    CHECK(cli.access_key.session_token.empty());
}

TEST_CASE("aws credential: what is none is refused without being shown") {
    const std::vector<std::string> bad = {
        std::string(),
        std::string(" \n"),
        "two words",
        "line\nbreak",
        kId,
        kTemporaryId,
        kId + ":",
        ":" + kSecret,
        kId + ":" + kSecret + ":",
        "short:" + kSecret,
        kId + ":has space",
        kId + ":" + kSecret + ":tok en",
        kId + ":" + kSecret + "\r\nx: y",
        kTemporaryId + ":" + kSecret,
        std::string("{"),
        std::string("{}"),
        "{\"access_key_id\":\"" + kId + "\"}",
        "{\"access_key_id\":\"" + kId + "\",\"secret_access_key\":12}",
        "{\"access_key_id\":\"a\\nb\",\"secret_access_key\":\"" + kSecret + "\"}",
        "{\"access_key_id\":\"" + kId + "\",\"secret_access_key\":\"a\\r\\nb\"}",
        std::string("caf\xC3\xA9")};
    for (const std::string& text : bad) {
        CAPTURE(text);
        const auto credential = parse_aws_credential(text);
        REQUIRE_FALSE(credential);
        const Error& error = credential.error();
        CHECK(error.kind == Errc::auth);
        for (const std::string& secret : {kId, kSecret, kToken, kTemporaryId}) {
            CHECK(error.message.find(secret) == std::string::npos);
            CHECK(error.hint.find(secret) == std::string::npos);
        }
    }
}

TEST_CASE("aws credential: the environment's variables, as the SDKs rank them") {
    CHECK_FALSE(from_env({}));
    CHECK_FALSE(from_env({{"AWS_ACCESS_KEY_ID", kId}}));
    CHECK_FALSE(from_env({{"AWS_ACCESS_KEY_ID", kId}, {"AWS_SECRET_ACCESS_KEY", ""}}));
    CHECK(*from_env({{"AWS_ACCESS_KEY_ID", kId}, {"AWS_SECRET_ACCESS_KEY", kSecret}}) ==
          kId + ":" + kSecret);
    const auto temporary = from_env({{"AWS_ACCESS_KEY_ID", kTemporaryId},
                                     {"AWS_SECRET_ACCESS_KEY", kSecret},
                                     {"AWS_SESSION_TOKEN", kToken}});
    REQUIRE(temporary);
    CHECK(good(*temporary).access_key.session_token == kToken);
    CHECK(*from_env({{"AWS_BEARER_TOKEN_BEDROCK", "key"},
                     {"AWS_ACCESS_KEY_ID", kId},
                     {"AWS_SECRET_ACCESS_KEY", kSecret}}) == "key");
}

TEST_CASE("aws credential: an API key is sent, an access key signs") {
    CHECK(auth_fields("key") == "authorization: Bearer key\r\n");
    const std::string fields = auth_fields(kTemporaryId + ":" + kSecret + ":" + kToken);
    CHECK(fields.starts_with("x-amz-date: 20150830T123600Z\r\nx-amz-security-token: " + kToken +
                             "\r\nauthorization: AWS4-HMAC-SHA256 Credential=" + kTemporaryId +
                             "/20150830/us-east-1/bedrock/aws4_request, SignedHeaders="
                             "host;x-amz-date;x-amz-security-token, Signature="));
    CHECK(fields.find(kSecret) == std::string::npos);
}

TEST_CASE("aws credential: path and query are signed apart") {
    const std::string access_key = kId + ":" + kSecret;
    SigV4Request request;
    request.method = "POST";
    request.path = "/model/m%3A0/converse";
    request.query = "a=b";
    request.headers = {{"host", "bedrock-runtime.us-east-1.amazonaws.com"}};
    request.body = {"{}"};
    SigV4Scope scope;
    scope.region = "us-east-1";
    scope.service = "bedrock";
    scope.unix_seconds = 1440938160;
    const AwsAccessKey key{kId, kSecret, ""};
    CHECK(auth_fields(access_key, "/model/m%3A0/converse?a=b") ==
          sign_sigv4(request, key, scope).fields);
    request.query = "";
    CHECK(auth_fields(access_key) == sign_sigv4(request, key, scope).fields);
}
