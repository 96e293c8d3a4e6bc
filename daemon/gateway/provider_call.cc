// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/provider_call.h"

#include <utility>

#include "common/base/json_writer.h"
#include "daemon/providers/openai.h"

namespace llmgw {

namespace {

WireTarget target_of(const Candidate& candidate) {
    WireTarget target;
    target.provider = candidate.access->provider;
    target.mapping = candidate.mapping;
    target.model = candidate.upstream_model;
    target.region = candidate.access->region;
    target.options = &candidate.access->options;
    return target;
}

Error no_such_endpoint(const InferenceCall& call, const Candidate& candidate) {
    Error error;
    error.kind = Errc::invalid_request;
    error.code = "unsupported_endpoint";
    error.param = "model";
    error.message = std::string(candidate.provider_name()) + " has nothing like " +
                    std::string(endpoint_path(call.endpoint)) + ": it answers chat completions";
    return error;
}

}  // namespace

Wire wire_of(const Candidate& candidate) {
    const Provider* const provider = candidate.access->provider;
    return provider == nullptr ? Wire::openai : provider->wire;
}

Result<ProviderCall> adapt_call(const InferenceCall& call, const Candidate& candidate) {
    ProviderCall out;
    const WireAdapter* const adapter = adapter_for(wire_of(candidate));
    if (adapter == nullptr) {
        out.request = adapt_openai(call, candidate);
        return out;
    }
    if (call.endpoint != Endpoint::chat_completions) {
        return tl::unexpected(no_such_endpoint(call, candidate));
    }
    auto chat = read_chat_request(call);
    if (!chat) {
        return tl::unexpected(std::move(chat.error()));
    }
    out.translation = std::make_unique<Translation>(
        Translation{*adapter, std::move(*chat), target_of(candidate)});
    auto request = adapter->encode(out.translation->chat, out.translation->target);
    if (!request) {
        return tl::unexpected(std::move(request.error()));
    }
    out.request = std::move(*request);
    return out;
}

std::unique_ptr<UpstreamAnswer> translate_answer(std::unique_ptr<UpstreamAnswer> answer,
                                                 std::unique_ptr<Translation> translation,
                                                 std::string_view request_id,
                                                 std::int64_t unix_seconds) {
    ChatAnswerIdentity identity;
    identity.id = "chatcmpl-" + std::string(request_id);
    identity.created = unix_seconds;
    identity.model = translation->target.model;
    std::unique_ptr<ChatWriter> writer;
    if (translation->chat.stream) {
        writer = std::make_unique<ChunkWriter>(std::move(identity));
    } else {
        writer = std::make_unique<CompletionWriter>(std::move(identity));
    }
    return std::make_unique<TranslatedAnswer>(std::move(answer), std::move(translation),
                                              std::move(writer));
}

TranslatedRefusal translate_refusal(const Translation& translation, const ResponseHead& head,
                                    std::string body) {
    TranslatedRefusal out;
    const ProviderError error = translation.adapter.read_error(head.status, head, body);
    out.status = error.status == 0 ? head.status : error.status;
    if (error.retry_after_ms) {
        const std::string seconds = std::to_string((*error.retry_after_ms + 999) / 1000);
        out.retry_fields = "retry-after: " + seconds +
                           "\r\nretry-after-ms: " + std::to_string(*error.retry_after_ms) + "\r\n";
    }
    if (error.message.empty()) {
        out.body = std::move(body);
        return out;
    }
    JsonWriter json;
    json.begin_object().key("error").begin_object();
    json.key("message").string(error.message);
    json.key("type").string(error.type.empty() ? "upstream_error" : error.type);
    json.key("param").null().key("code");
    if (error.code.empty()) {
        json.null();
    } else {
        json.string(error.code);
    }
    json.end_object().end_object();
    out.body = json.take();
    return out;
}

}  // namespace llmgw
