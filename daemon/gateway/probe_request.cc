// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/probe_request.h"

#include <algorithm>
#include <utility>

#include "daemon/gateway/attempt.h"
#include "daemon/gateway/authorization.h"
#include "daemon/gateway/provider_call.h"
#include "daemon/gateway/resolve.h"
#include "daemon/providers/anthropic.h"
#include "daemon/providers/auth_fields.h"

namespace llmgw {

namespace {

bool lists_models(Wire wire) {
    return wire == Wire::openai || wire == Wire::anthropic || wire == Wire::gemini;
}

ProbeRequest list_request(const ProviderAccess& access) {
    ProbeRequest out;
    out.path = "/models";
    out.head = "GET " + access.url.path + out.path +
               " HTTP/1.1\r\nHost: " + access.url.host_header() +
               "\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n"
               "User-Agent: llmgw/" LLMGW_VERSION "\r\nConnection: close\r\n";
    append_auth_field(out.head, access.wire, access.secret);
    if (access.wire == Wire::anthropic) {
        out.head += kAnthropicVersion;
    }
    out.head += "\r\n";
    return out;
}

// A chat model that the provider has, so that the refusal is not about its name.
Candidate any_chat_model(const ProviderAccess& access, std::string_view today) {
    Candidate candidate;
    candidate.access = &access;
    candidate.upstream_model = "probe";
    for (const Model& model : catalog::models()) {
        const Mapping* const mapping = catalog::find_mapping(model, access.provider->id);
        const bool chats =
            std::find(model.output.begin(), model.output.end(), "text") != model.output.end();
        if (mapping != nullptr && chats && !mapping->responses_only &&
            catalog::is_active(*mapping, today)) {
            candidate.model = &model;
            candidate.mapping = mapping;
            candidate.upstream_model = mapping->upstream_id;
            break;
        }
    }
    return candidate;
}

}  // namespace

Result<ProbeRequest> probe_request(const ProviderAccess& access, std::string_view token,
                                   std::string_view today) {
    if (access.provider == nullptr || lists_models(access.wire)) {
        return list_request(access);
    }
    const Candidate candidate = any_chat_model(access, today);
    const auto call =
        InferenceCall::parse(Endpoint::chat_completions,
                             R"({"model":"probe","messages":[{"role":"user","content":"-"}]})");
    if (!call) {
        return tl::unexpected(call.error());
    }
    auto made = adapt_call(**call, candidate);
    if (!made) {
        return tl::unexpected(std::move(made.error()));
    }
    ProbeRequest out;
    out.is_empty_call = true;
    out.body = "{}";
    made->request.body.assign(1, out.body);
    const std::string authorization = authorization_fields(
        candidate, made->request, access.tokens ? token : std::string_view(access.secret));
    out.head = upstream_head(candidate, made->request, **call, RequestHead(), authorization);
    out.path = std::move(made->request.path);
    return out;
}

bool is_good_refusal(const ProviderAccess& access, int status, std::string_view body) {
    constexpr int kUnprocessable = 422;
    // Azure looks for the deployment behind the key, and its name is up to the user.
    const bool unknown_deployment = access.wire == Wire::azure && status == 404 &&
                                    body.find("DeploymentNotFound") != std::string_view::npos;
    return status == 400 || status == kUnprocessable || unknown_deployment;
}

}  // namespace llmgw
