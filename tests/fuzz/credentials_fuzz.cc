// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "daemon/providers/access_token.h"
#include "daemon/providers/aws_credential.h"
#include "daemon/providers/azure.h"
#include "daemon/providers/bedrock.h"
#include "daemon/providers/entra_client.h"
#include "daemon/providers/service_account.h"
#include "daemon/providers/vertex.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

// The secret must not be in what is said about it. Secrets have digits, and messages of mistakes
// none: what is found of them would else be pieces of the messages themselves.
void require_silent(const Error& error, std::string_view secret) {
    constexpr std::size_t kTelling = 8;
    const bool telling =
        secret.size() >= kTelling && secret.find_first_of("0123456789") != std::string_view::npos;
    require(!telling || error.message.find(secret) == std::string::npos,
            "an error tells no secret");
}

void try_secrets(std::string_view text) {
    const auto aws = parse_aws_credential(text);
    if (aws) {
        BedrockCall call;
        call.host = "bedrock-runtime.us-east-1.amazonaws.com";
        call.path = "/model/m/converse";
        call.region = "us-east-1";
        const std::string fields = bedrock_auth_fields(*aws, call);
        require(fields.ends_with("\r\n"), "a header line has an end");
        require(fields.find("\r\n\r\n") == std::string::npos, "headers are not ended by a secret");
    } else {
        require_silent(aws.error(), text);
    }
    const auto account = parse_service_account(text);
    if (!account) {
        require_silent(account.error(), text);
    } else if (const auto form = service_account_form(*account, 1'700'000'000); !form) {
        require_silent(form.error(), account->private_key);
    }
    for (const int status : {200, 400, 500}) {
        if (const auto token = read_token_answer(status, text)) {
            require(token->lifetime_ms >= 0, "a token's life is no debt");
            require(token->text.find_first_of("\r\n") == std::string::npos, "a token is one line");
        }
    }
}

void require_https_host(const Result<std::string>& url, std::string_view suffix) {
    if (!url) {
        return;
    }
    const auto parsed = parse_base_url(*url);
    require(parsed.has_value(), "a base URL that is made is one");
    require(parsed->tls && ("." + parsed->host).ends_with(suffix), "it leads to its provider only");
}

void try_addresses(std::string_view text) {
    if (const auto url = parse_base_url(text)) {
        const auto again = parse_base_url(url->text());
        require(again && again->text() == url->text(), "a base URL is read as it is written");
    }
    if (const auto azure = read_azure_url(text)) {
        const auto base = parse_base_url(azure->base_url);
        require(base.has_value(), "Azure's base URL is one");
        require(base->path.find("/openai/deployments/") == std::string::npos,
                "Azure's base URL holds no deployment");
    }
    static_cast<void>(parse_token_endpoint(text));
    require_https_host(bedrock_base_url(text), ".amazonaws.com");
    require_https_host(vertex_base_url(text), ".googleapis.com");
    EntraClient client;
    client.tenant = text;
    client.client_id = "id";
    client.client_secret = "secret";
    require_https_host(entra_token_uri(client), ".login.microsoftonline.com");
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    llmgw::fuzz::try_secrets(llmgw::fuzz::text_of(data, size));
    llmgw::fuzz::try_addresses(llmgw::fuzz::text_of(data, size));
    return 0;
}
