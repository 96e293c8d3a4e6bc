// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/probe_request.h"

#include <utility>

#include "common/base/text.h"
#include "daemon/gateway/authorization.h"
#include "daemon/gateway/provider_call.h"
#include "daemon/gateway/upstream_head.h"
#include "daemon/providers/anthropic.h"
#include "daemon/providers/auth_fields.h"
#include "daemon/providers/azure.h"
#include "daemon/providers/json_members.h"
#include "daemon/providers/vertex.h"

namespace llmgw {

namespace {

constexpr std::string_view kNoSuchModel = "llmgw-probe.no-such-model";
constexpr std::size_t kMostWords = 300;

WireTarget probe_target(const ProviderAccess& access) {
    WireTarget target;
    target.provider = access.provider;
    target.region = access.region;
    target.options = &access.options;
    return target;
}

// Where a provider lists its models; empty: nowhere.
std::string models_target(const ProviderAccess& access) {
    std::string base = access.url.path;
    switch (access.wire) {
        case Wire::bedrock:  // has a list, but at another host and with a permission of its own
        case Wire::vertex:
        case Wire::vertex_anthropic:
        case Wire::azure_anthropic:
            return {};
        case Wire::azure:
            return azure_models_target(probe_target(access), access.url);
        case Wire::cohere:
            // The chat of version 2 has still the list of version 1
            // (docs.cohere.com/reference/list-models).
            if (base.ends_with("/v2")) {
                base.back() = '1';
            }
            return base + "/models";
        default:
            return base + "/models";
    }
}

// Only in Vertex AI's express mode, which takes API keys, does a request name no project.
Result<void> check_project(const ProviderAccess& access) {
    const bool express = access.wire == Wire::vertex && is_google_api_key(access.secret);
    if ((access.wire != Wire::vertex && access.wire != Wire::vertex_anthropic) || express) {
        return {};
    }
    const auto path = vertex_model_path("google", probe_target(access));
    return path ? Result<void>() : tl::unexpected(path.error());
}

Result<void> make_chat(const ProviderAccess& access, ProbeRequest& out) {
    auto call = InferenceCall::parse(Endpoint::chat_completions,
                                     R"({"model":"probe","max_tokens":1,)"
                                     R"("messages":[{"role":"user","content":"hi"}]})");
    if (!call) {
        return tl::unexpected(std::move(call.error()));
    }
    // A chosen deployment would be asked whatever the model is called, and answer for money.
    ProviderAccess open = access;
    std::erase_if(open.options, [](const auto& option) { return option.first == "deployment"; });
    Candidate candidate;
    candidate.access = &open;
    candidate.upstream_model = kNoSuchModel;
    auto made = adapt_call(**call, candidate, RequestImages());
    if (!made) {
        return tl::unexpected(std::move(made.error()));
    }
    out.call = std::move(*call);
    out.chat = std::move(made->request);
    out.target = access.url.path + out.chat.path;
    return {};
}

ProviderError read_probe_error(const ProviderAccess& access, const ResponseHead& head,
                               std::string_view body) {
    ProviderError error;
    if (const WireAdapter* const adapter = adapter_for(access.wire)) {
        error = adapter->read_error(head.status, head, body);
    }
    // As OpenAI says it, and what stands in front of other APIs: a gateway's own refusal is seldom
    // in the format of the API behind it.
    const JsonMembers members(body);
    const JsonMembers inner = members.object("error");
    for (const auto& words :
         {inner.text("message"), members.text("error"), members.text("message")}) {
        if (error.message.empty()) {
            error.message = words;
        }
    }
    if (error.code.empty()) {
        error.code = inner.text("code");
    }
    return error;
}

// Whether the model is all that was wrong with the request.
bool misses_the_model(int status, const ProviderError& error, bool json) {
    if (status == 400) {  // Bedrock's and Foundry's ways to say it
        return error.code == "ValidationException" || error.code == "unknown_model";
    }
    // Azure's gateway says "404" to a path that is not there, AWS that there is no such operation.
    return status == 404 && json && error.code != "404" &&
           error.code != "UnknownOperationException";
}

ProbeVerdict verdict_of(Errc kind, std::string verdict, std::string detail, std::string hint) {
    return {kind, std::move(verdict), std::move(detail), std::move(hint)};
}

}  // namespace

Result<ProbeRequest> make_probe_request(const ProviderAccess& access) {
    if (auto checked = check_project(access); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    ProbeRequest request;
    request.target = models_target(access);
    if (request.target.empty()) {
        if (auto made = make_chat(access, request); !made) {
            return tl::unexpected(std::move(made.error()));
        }
    }
    return request;
}

std::string probe_head(const ProviderAccess& access, const ProbeRequest& request,
                       std::string_view secret) {
    Candidate candidate;
    candidate.access = &access;
    const std::string authorization = authorization_fields(candidate, request.chat, secret);
    if (!request.lists_models()) {
        return upstream_head(candidate, request.chat, *request.call, RequestHead(), authorization);
    }
    std::string head = "GET " + request.target +
                       " HTTP/1.1\r\nHost: " + std::string(access.url.host_header()) + "\r\n" +
                       authorization;
    if (access.wire == Wire::anthropic) {
        head += kAnthropicVersion;
    }
    return head +
           "Accept: application/json\r\nAccept-Encoding: identity\r\n"
           "User-Agent: llmgw/" LLMGW_VERSION "\r\n\r\n";
}

ProbeVerdict judge_probe(const ProviderAccess& access, const ProbeRequest& request,
                         const ResponseHead& head, std::string_view body, std::string_view token) {
    const std::string show = "llmgw providers show " + access.label;
    if (to_lower(head.header("content-type")).starts_with("text/html")) {
        return verdict_of(Errc::upstream, "a web page",
                          "status " + std::to_string(head.status) +
                              " with HTML: a proxy or a wrong base URL, not an API",
                          show);
    }
    ProviderError error = read_probe_error(access, head, body);
    access.scrub(error.message, token);
    const std::string words = printable(error.message.substr(0, kMostWords));
    const int status = error.status != 0 ? error.status : head.status;
    if (status >= 200 && status < 300) {
        return verdict_of(Errc::failed, "ok", "", "llmgw models list -p " + access.label);
    }
    if (!request.lists_models() && misses_the_model(status, error, JsonMembers(body).valid())) {
        return verdict_of(Errc::failed, "ok",
                          "the key is good: asked for a model that does not exist, the provider "
                          "said so",
                          "llmgw models list -p " + access.label);
    }
    if (status == 401 || status == 403) {
        return verdict_of(
            Errc::auth, "key refused", words,
            "llmgw providers remove " + access.label + ", then add it with another key");
    }
    if (status == 404 || status == 405) {
        const std::string what =
            request.lists_models() ? "there is no list of models at " : "there is no API at ";
        return verdict_of(Errc::upstream, "not found",
                          what + printable(request.target) + (words.empty() ? "" : "; " + words),
                          "check the path of the base URL: " + show);
    }
    return verdict_of(Errc::upstream,
                      status == 429 ? "rate limited" : "status " + std::to_string(status), words,
                      "try again later");
}

ProbeVerdict judge_token_failure(const ProviderAccess& access, const Error& error) {
    const bool refused = error.kind == Errc::auth;
    std::string detail = error.message;
    access.scrub(detail, {});
    return verdict_of(
        error.kind, refused ? "token refused" : "no token", printable(detail),
        refused ? "llmgw providers remove " + access.label + ", then add it with another key"
                : "try again later");
}

}  // namespace llmgw
