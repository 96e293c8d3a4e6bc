// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/provider_call.h"

#include <utility>

#include "common/base/json_writer.h"
#include "daemon/providers/azure.h"
#include "daemon/providers/openai.h"
#include "daemon/providers/responses.h"

namespace llmgw {

namespace {

bool is_azure(Wire wire) {
    return wire == Wire::azure || wire == Wire::azure_anthropic;
}

WireTarget target_of(const Candidate& candidate) {
    WireTarget target;
    target.provider = candidate.access->provider;
    target.mapping = candidate.mapping;
    target.model = candidate.upstream_model;
    target.region = candidate.access->region;
    target.options = &candidate.access->options;
    if (is_azure(candidate.access->wire)) {
        target.model = azure_deployment(target);
    }
    return target;
}

// Some of OpenAI's models are only offered by its newer API, at Azure as well.
const WireAdapter* adapter_of(const Candidate& candidate) {
    const Wire wire = candidate.access->wire;
    const bool of_openai = wire == Wire::openai || wire == Wire::azure;
    if (of_openai && candidate.mapping != nullptr && candidate.mapping->responses_only) {
        return &kResponsesAdapter;
    }
    return adapter_for(wire);
}

// A request in OpenAI's own format.
Result<AdaptedRequest> adapt_same_format(const InferenceCall& call, const Candidate& candidate) {
    const ProviderAccess& access = *candidate.access;
    if (access.wire != Wire::azure) {
        return adapt_openai(call, candidate, access.quirks);
    }
    const WireTarget target = target_of(candidate);
    Candidate deployed = candidate;
    deployed.upstream_model = target.model;
    AdaptedRequest request = adapt_openai(call, deployed, azure_quirks(target, access.url));
    if (auto completed = complete_azure_path(request, target, access.url); !completed) {
        return tl::unexpected(std::move(completed.error()));
    }
    return request;
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

Error needs_bytes(const Candidate& candidate, std::string param) {
    Error error;
    error.kind = Errc::invalid_request;
    error.code = kImageAddressUnsupported;
    error.message = std::string(candidate.provider_name()) +
                    " takes images as bytes, not by their address: send " + param +
                    " as a data URL";
    error.param = std::move(param);
    error.hint = "llmgw config set fetch.images true lets llmgw fetch them";
    return error;
}

// Puts the bytes of images where their addresses are.
Result<void> place_images(ChatRequest& chat, const RequestImages& images,
                          const Candidate& candidate) {
    for (std::size_t m = 0; m < chat.messages.size(); m++) {
        auto& content = chat.messages[m].content;
        for (std::size_t c = 0; c < content.size(); c++) {
            if (!is_image_by_address(content[c])) {
                continue;
            }
            const auto image = images.by_url.find(content[c].url);
            if (image == images.by_url.end()) {
                return tl::unexpected(images.failure ? *images.failure
                                                     : needs_bytes(candidate, image_param(m, c)));
            }
            content[c].url.clear();
            content[c].media_type = image->second.media_type;
            content[c].data = image->second.base64;
        }
    }
    return {};
}

}  // namespace

bool is_image_by_address(const ContentPart& part) {
    return part.kind == ContentPart::Kind::image && !part.url.empty();
}

std::string image_param(std::size_t message, std::size_t part) {
    return "messages[" + std::to_string(message) + "].content[" + std::to_string(part) +
           "].image_url";
}

bool lacks_images(const Result<ProviderCall>& made) {
    return !made && made.error().code == kImageAddressUnsupported;
}

Result<ProviderCall> adapt_call(const InferenceCall& call, const Candidate& candidate,
                                const RequestImages& images) {
    ProviderCall out;
    const WireAdapter* const adapter = adapter_of(candidate);
    if (adapter == nullptr) {
        auto request = adapt_same_format(call, candidate);
        if (!request) {
            return tl::unexpected(std::move(request.error()));
        }
        out.request = std::move(*request);
        return out;
    }
    if (call.endpoint != Endpoint::chat_completions) {
        return tl::unexpected(no_such_endpoint(call, candidate));
    }
    auto chat = read_chat_request(call);
    if (!chat) {
        return tl::unexpected(std::move(chat.error()));
    }
    if (adapter->needs_image_bytes) {
        auto placed = place_images(*chat, images, candidate);
        if (!placed) {
            return tl::unexpected(std::move(placed.error()));
        }
    }
    out.translation = std::make_unique<Translation>(
        Translation{*adapter, std::move(*chat), target_of(candidate)});
    auto request = adapter->encode(out.translation->chat, out.translation->target);
    if (!request) {
        return tl::unexpected(std::move(request.error()));
    }
    out.request = std::move(*request);
    if (is_azure(candidate.access->wire)) {
        auto completed =
            complete_azure_path(out.request, out.translation->target, candidate.access->url);
        if (!completed) {
            return tl::unexpected(std::move(completed.error()));
        }
    }
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
