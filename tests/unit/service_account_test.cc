// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/service_account.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <string>
#include <string_view>

#include "common/base/json_scan.h"
#include "common/base/json_writer.h"
#include "daemon/providers/access_token.h"
#include "daemon/providers/entra_client.h"
#include "service_key.h"

using namespace llmgw;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;

std::string account_json(const std::string& pem, const std::string& more = "") {
    return R"({"type":"service_account","project_id":"proj-1","private_key_id":"kid1",)"
           R"("client_email":"me@proj-1.iam.gserviceaccount.com","private_key":)" +
           json_quote(pem) + more + "}";
}

std::string from_base64_url(std::string text) {
    for (char& c : text) {
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    const std::size_t padding = (4 - text.size() % 4) % 4;
    text.append(padding, '=');
    std::string out(text.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    REQUIRE(size >= 0);
    out.resize(static_cast<std::size_t>(size) - padding);
    return out;
}

}  // namespace

TEST_CASE("service account: the file") {
    const test::ServiceKey key;
    const auto account = parse_service_account(
        account_json(key.pem(), R"(,"quota_project_id":"quota-2","universe_domain":"x")"));
    REQUIRE(account);
    CHECK(account->client_email == "me@proj-1.iam.gserviceaccount.com");
    CHECK(account->private_key_id == "kid1");
    CHECK(account->project_id == "proj-1");
    CHECK(account->quota_project_id == "quota-2");
    CHECK(account->token_uri == "https://oauth2.googleapis.com/token");
    CHECK(is_service_account(account_json(key.pem())));
    CHECK_FALSE(is_service_account("ya29.token"));
    CHECK_FALSE(is_service_account(R"({"type":"authorized_user"})"));
    SUBCASE("line breaks that were escaped twice") {
        std::string pem = key.pem();
        for (auto at = pem.find('\n'); at != std::string::npos; at = pem.find('\n', at)) {
            pem.replace(at, 1, "\\n");
        }
        const auto again = parse_service_account(account_json(pem));
        REQUIRE(again);
        CHECK(again->private_key == key.pem());
    }
}

TEST_CASE("service account: the assertion is signed and says what it must") {
    const test::ServiceKey key;
    const auto account = parse_service_account(account_json(key.pem()));
    REQUIRE(account);
    const auto assertion = make_assertion(*account, kNow);
    REQUIRE(assertion);
    const std::size_t first = assertion->find('.');
    const std::size_t second = assertion->rfind('.');
    REQUIRE(first != second);
    CHECK(from_base64_url(assertion->substr(0, first)) ==
          R"({"alg":"RS256","typ":"JWT","kid":"kid1"})");
    CHECK(from_base64_url(assertion->substr(first + 1, second - first - 1)) ==
          R"({"iss":"me@proj-1.iam.gserviceaccount.com",)"
          R"("scope":"https://www.googleapis.com/auth/cloud-platform",)"
          R"("aud":"https://oauth2.googleapis.com/token","iat":1799999990,"exp":1800003590})");
    CHECK(assertion->find_first_of("+/=") == std::string::npos);
    const std::string signature = from_base64_url(assertion->substr(second + 1));
    CHECK(key.verifies(assertion->substr(0, second), signature));
    CHECK_FALSE(key.verifies(assertion->substr(0, second) + "x", signature));

    const auto form = service_account_form(*account, kNow);
    REQUIRE(form);
    CHECK(*form == "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" +
                       *assertion);
}

TEST_CASE("service account: what is wrong is said without the key") {
    const test::ServiceKey key;
    const std::string part = key.pem().substr(60, 40);
    const std::string no_key =
        account_json("-----BEGIN PRIVATE KEY-----\n" + part + "\n-----END PRIVATE KEY-----\n");
    std::string no_mail = account_json(key.pem());
    no_mail.replace(no_mail.find("client_email"), 12, "client_mail_");
    const std::string bad[] = {
        "",
        "[]",
        part,
        R"({"type":"authorized_user","private_key":")" + part + "\"}",
        R"({"client_email":"a"})",
        no_key,
        no_mail,
        account_json(""),
        account_json(test::ServiceKey::elliptic_pem()),
        account_json(key.pem(), R"(,"token_uri":"http://oauth2.example.com/token")"),
        account_json(key.pem(), R"(,"token_uri":"https://user:pw@example.com/token")"),
        account_json(key.pem(), R"(,"token_uri":"file:///etc/passwd")"),
        account_json(key.pem(), R"(,"quota_project_id":"a\r\nx: y")"),
    };
    for (const std::string& json : bad) {
        const auto account = parse_service_account(json);
        REQUIRE_FALSE(account);
        CHECK(account.error().kind != Errc::bug);
        CHECK(account.error().message.find(part) == std::string::npos);
        CHECK_FALSE(account.error().message.empty());
    }
    CHECK(parse_service_account(
        account_json(key.pem(), R"(,"token_uri":"http://127.0.0.1:8080/token")")));
    ServiceAccount broken;
    broken.private_key = part;
    CHECK_FALSE(make_assertion(broken, kNow));
}

TEST_CASE("entra client: address and form") {
    EntraClient client;
    client.tenant = "contoso.onmicrosoft.com";
    client.client_id = "id-1";
    client.client_secret = "a b&c=d~+\xC3\xA9";
    const auto uri = entra_token_uri(client);
    REQUIRE(uri);
    const auto url = parse_token_endpoint(*uri);
    REQUIRE(url);
    CHECK(url->tls);
    CHECK(url->host == "login.microsoftonline.com");
    CHECK(url->path == "/contoso.onmicrosoft.com/oauth2/v2.0/token");
    CHECK(entra_form(client) ==
          "client_id=id-1&client_secret=a%20b%26c%3Dd~%2B%C3%A9&"
          "scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default&"
          "grant_type=client_credentials");
    for (const char* tenant : {"", "..", "a/b", "a?b", "a#b", "a b", "@evil", ".x"}) {
        CAPTURE(tenant);
        client.tenant = tenant;
        CHECK_FALSE(entra_token_uri(client));
    }
    client.tenant = "t";
    client.authority = "http://login.example.com";
    CHECK_FALSE(entra_token_uri(client));
    client.authority = "http://127.0.0.1:1";
    CHECK(entra_token_uri(client));
    client.client_secret.clear();
    CHECK_FALSE(entra_token_uri(client));
}

TEST_CASE("access token: the endpoint's answer") {
    const auto token = read_token_answer(
        200, R"({"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"})");
    REQUIRE(token);
    CHECK(token->text == "ya29.x");
    CHECK(token->lifetime_ms == 3'599'000);
    CHECK(read_token_answer(200, R"({"access_token":"x","expires_in":"60"})")->lifetime_ms ==
          60'000);
    CHECK(read_token_answer(200, R"({"access_token":"x"})")->lifetime_ms == 300'000);
    CHECK(read_token_answer(200, R"({"access_token":"x","expires_in":99999999999})")->lifetime_ms ==
          86'400'000);
    for (const char* body : {"", "{}", "[]", R"({"access_token":""})", R"({"access_token":7})",
                             R"({"access_token":"a\r\nx: y"})", R"({"access_token":"a b"})",
                             R"({"access_token":"x","expires_in":0})"}) {
        CAPTURE(body);
        const auto none = read_token_answer(200, body);
        REQUIRE_FALSE(none);
        CHECK(none.error().kind == Errc::upstream);
    }
    const auto refused = read_token_answer(
        400, R"({"error":"invalid_grant","error_description":"Invalid JWT.\r\nTrace ID: 1"})");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Errc::auth);
    CHECK(refused.error().message ==
          "the token endpoint answered with status 400 (invalid_grant: Invalid JWT.)");
    const auto down = read_token_answer(503, "<html>");
    REQUIRE_FALSE(down);
    CHECK(down.error().kind == Errc::upstream);
    CHECK(read_token_answer(302, "").error().kind == Errc::upstream);
}
