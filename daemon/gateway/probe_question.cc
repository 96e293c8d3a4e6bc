// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/probe_question.h"

#include <utility>

#include "daemon/gateway/attempt.h"
#include "daemon/gateway/authorization.h"
#include "daemon/providers/anthropic.h"

namespace llmgw {

namespace {

constexpr std::string_view kNoModel =
    R"({"model":"llmgw-no-such-model","max_tokens":1,"messages":[{"role":"user","content":"hi"}]})";
// At Azure a key's option may name a deployment, and then any model is answered.
constexpr std::string_view kNoRole =
    R"({"model":"llmgw-no-such-model","messages":[{"role":"nobody","content":"hi"}]})";

bool lists_models(Wire wire) {
    return wire == Wire::openai || wire == Wire::anthropic || wire == Wire::gemini;
}

}  // namespace

bool ProbeQuestion::is_accepted(int status) const {
    if (status >= 200 && status < 300) {
        return true;
    }
    // "Not found" is the model, unless a deployment was named that should be there.
    const bool no_model = status == 404 && candidate.access->option("deployment").empty();
    return call != nullptr && (status == 400 || status == 422 || no_model);
}

Result<ProbeQuestion> make_probe_question(const ProviderAccess& access) {
    ProbeQuestion question;
    question.candidate.access = &access;
    if (lists_models(access.wire)) {
        question.made.request.path = "/models";
        question.made.request.fields = access.wire == Wire::anthropic ? kAnthropicVersion : "";
        return question;
    }
    auto call = InferenceCall::parse(Endpoint::chat_completions,
                                     std::string(access.wire == Wire::azure ? kNoRole : kNoModel));
    if (!call) {
        return tl::unexpected(std::move(call.error()));
    }
    question.call = std::move(*call);
    question.candidate.upstream_model = question.call->model;
    auto made = adapt_call(*question.call, question.candidate);
    if (!made) {
        return tl::unexpected(std::move(made.error()));
    }
    question.made = std::move(*made);
    return question;
}

std::string probe_head(const ProbeQuestion& question, std::string_view secret) {
    const AdaptedRequest& request = question.made.request;
    const std::string authorization = authorization_fields(question.candidate, request, secret);
    if (question.call) {
        return upstream_head(question.candidate, request, *question.call, {}, authorization);
    }
    const BaseUrl& url = question.candidate.access->url;
    return "GET " + url.path + request.path +
           " HTTP/1.1\r\nHost: " + std::string(url.host_header()) +
           "\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n"
           "User-Agent: llmgw/" LLMGW_VERSION "\r\nConnection: close\r\n" +
           authorization + request.fields + "\r\n";
}

}  // namespace llmgw
