// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/service_account.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"
#include "common/base/json_writer.h"
#include "common/base/text.h"
#include "common/secrets/crypto.h"
#include "daemon/providers/access_token.h"

namespace llmgw {

namespace {

constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::string_view kTokenUri = "https://oauth2.googleapis.com/token";
constexpr std::string_view kGrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";
// A claim dated in the future is refused: this machine's clock may be a little ahead.
constexpr std::int64_t kClockSkew = 10;
constexpr std::int64_t kLongestClaim = 3600;

using Bio = std::unique_ptr<BIO, OpensslDeleter<BIO_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;

std::string text_of(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? std::string() : json_text(field->value).value_or("");
}

// Files that went through an environment variable often have their line breaks escaped twice.
std::string with_line_breaks(std::string pem) {
    if (pem.find('\n') != std::string::npos) {
        return pem;
    }
    for (auto at = pem.find("\\n"); at != std::string::npos; at = pem.find("\\n", at + 1)) {
        pem.replace(at, 2, "\n");
    }
    return pem;
}

std::string base64_url(std::string_view bytes) {
    std::string text = to_base64(bytes);
    text.erase(text.find_last_not_of('=') + 1);
    for (char& c : text) {
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    return text;
}

// An encrypted key would otherwise ask for its password on the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) {
    return 0;
}

PrivateKey read_key(const std::string& pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    PrivateKey key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr)
                       : nullptr);
    ERR_clear_error();
    if (key && EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
        key.reset();
    }
    return key;
}

Result<std::string> sign(const PrivateKey& key, std::string_view text) {
    const EvpDigestContext context(EVP_MD_CTX_new());
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    bool ok = context != nullptr &&
              EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
    std::string signature(size, '\0');
    ok = ok && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                              &size, bytes, text.size()) == 1;
    ERR_clear_error();
    if (!ok) {
        return fail(Errc::invalid_file, "the service account's key cannot sign");
    }
    signature.resize(size);
    return signature;
}

}  // namespace

bool is_service_account(std::string_view secret) {
    const auto fields = scan_object(secret);
    return fields && text_of(*fields, "type") == "service_account";
}

Result<ServiceAccount> parse_service_account(std::string_view json) {
    const auto fields = scan_object(json);
    if (!fields) {
        return fail(Errc::invalid_file, "the service account is not a JSON object");
    }
    const std::string type = text_of(*fields, "type");
    if (type != "service_account") {
        return fail(Errc::invalid_file, "a credential of type \"" + printable(type.substr(0, 50)) +
                                            "\" cannot be used, only \"service_account\"");
    }
    ServiceAccount account;
    account.client_email = text_of(*fields, "client_email");
    account.private_key = with_line_breaks(text_of(*fields, "private_key"));
    account.private_key_id = text_of(*fields, "private_key_id");
    account.token_uri = text_of(*fields, "token_uri");
    account.project_id = text_of(*fields, "project_id");
    account.quota_project_id = text_of(*fields, "quota_project_id");
    if (account.token_uri.empty()) {
        account.token_uri = kTokenUri;
    }
    if (account.client_email.empty() || account.private_key.empty()) {
        return fail(Errc::invalid_file,
                    std::string("the service account has no ") +
                        (account.client_email.empty() ? "client_email" : "private_key"));
    }
    if (account.quota_project_id.find_first_of("\r\n") != std::string::npos) {
        return fail(Errc::invalid_file, "the service account's quota_project_id is not an id");
    }
    if (auto endpoint = parse_token_endpoint(account.token_uri); !endpoint) {
        return tl::unexpected(std::move(endpoint.error()));
    }
    if (!read_key(account.private_key)) {
        return fail(Errc::invalid_file, "the service account's private_key is not an RSA key");
    }
    return account;
}

Result<std::string> make_assertion(const ServiceAccount& account, std::int64_t now) {
    JsonWriter header;
    header.begin_object().key("alg").string("RS256").key("typ").string("JWT");
    if (!account.private_key_id.empty()) {
        header.key("kid").string(account.private_key_id);
    }
    header.end_object();
    const std::int64_t issued = now - kClockSkew;
    JsonWriter claims;
    claims.begin_object().key("iss").string(account.client_email).key("scope").string(kScope);
    claims.key("aud").string(account.token_uri);
    claims.key("iat").number(issued).key("exp").number(issued + kLongestClaim).end_object();
    std::string assertion = base64_url(header.text()) + "." + base64_url(claims.text());

    const PrivateKey key = read_key(account.private_key);
    if (!key) {
        return fail(Errc::invalid_file, "the service account's private_key is not an RSA key");
    }
    auto signature = sign(key, assertion);
    if (!signature) {
        return signature;
    }
    assertion += "." + base64_url(*signature);
    return assertion;
}

Result<std::string> service_account_form(const ServiceAccount& account, std::int64_t now) {
    auto assertion = make_assertion(account, now);
    if (!assertion) {
        return assertion;
    }
    return form_body({{"grant_type", kGrantType}, {"assertion", *assertion}});
}

}  // namespace llmgw
