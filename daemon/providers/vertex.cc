// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/vertex.h"

#include <utility>

#include "daemon/providers/anthropic.h"
#include "daemon/providers/gemini.h"

namespace llmgw {

namespace {

constexpr std::string_view kGlobal = "global";

// The ids of projects and regions: they become part of the host or the path.
bool is_id(std::string_view text) {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
           text.find_first_not_of(kAllowed) == std::string_view::npos;
}

// Projects of Google Workspace domains look like "example.com:project".
bool is_project(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return is_id(text);
    }
    constexpr std::string_view kDomain = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    const std::string_view domain = text.substr(0, colon);
    return !domain.empty() && domain.front() != '.' &&
           domain.find_first_not_of(kDomain) == std::string_view::npos &&
           is_id(text.substr(colon + 1));
}

// Other providers can be asked all the same, which the code says.
tl::unexpected<Error> unusable(std::string message) {
    auto error = fail(Errc::invalid_request, std::move(message));
    error.value().code = "unsupported_configuration";
    return error;
}

}  // namespace

Result<std::string> vertex_base_url(std::string_view region) {
    if (!is_id(region)) {
        return unusable("the region is not one of Vertex AI's");
    }
    const std::string name(region);
    if (region == kGlobal) {
        return "https://aiplatform.googleapis.com/v1";
    }
    if (region == "us" || region == "eu") {  // several regions behind one address
        return "https://aiplatform." + name + ".rep.googleapis.com/v1";
    }
    return "https://" + name + "-aiplatform.googleapis.com/v1";
}

std::string_view vertex_region(const WireTarget& target) {
    if (!target.region.empty()) {
        return target.region;
    }
    if (const std::string_view option = target.option("region"); !option.empty()) {
        return option;
    }
    const Provider* const provider = target.provider;
    return provider != nullptr && !provider->default_region.empty() ? provider->default_region
                                                                    : kGlobal;
}

Result<std::string> vertex_model_path(std::string_view publisher, const WireTarget& target) {
    const std::string_view project = target.option("project");
    const std::string_view region = vertex_region(target);
    if (!is_project(project)) {
        return unusable(project.empty() ? "the provider key has no option \"project\""
                                        : "the option \"project\" is not a project's id");
    }
    if (!is_id(region)) {
        return unusable("the region is not one of Vertex AI's");
    }
    return "/projects/" + std::string(project) + "/locations/" + std::string(region) +
           "/publishers/" + std::string(publisher) + "/models/" + google_path_segment(target.model);
}

Result<AdaptedRequest> encode_vertex(const ChatRequest& request, const WireTarget& target) {
    if (target.option("project").empty()) {
        return encode_gemini_at("/publishers/google/models/" + google_path_segment(target.model),
                                request, target);
    }
    auto path = vertex_model_path("google", target);
    if (!path) {
        return tl::unexpected(std::move(path.error()));
    }
    return encode_gemini_at(std::move(*path), request, target);
}

Result<AdaptedRequest> encode_vertex_anthropic(const ChatRequest& request,
                                               const WireTarget& target) {
    auto path = vertex_model_path("anthropic", target);
    if (!path) {
        return tl::unexpected(std::move(path.error()));
    }
    AdaptedRequest out;
    auto body = anthropic_body(request, target, AnthropicHost::vertex, out);
    if (!body) {
        return tl::unexpected(std::move(body.error()));
    }
    out.path = *path + (request.stream ? ":streamRawPredict" : ":rawPredict");
    out.body.push_back(out.owned.emplace_back(std::move(*body)));
    return out;
}

ProviderError read_vertex_anthropic_error(int status, const ResponseHead& head,
                                          std::string_view body) {
    // Only Google's errors have a status word.
    ProviderError google = read_gemini_error(status, head, body);
    return google.code.empty() ? read_anthropic_error(status, head, body) : google;
}

const WireAdapter kVertexAdapter = {encode_vertex, gemini_decoder, read_gemini_error};
// Unlike Anthropic's own API, Google's takes "only base64 image sources" (Anthropic's docs, Vision,
// supported platforms).
const WireAdapter kVertexAnthropicAdapter = {encode_vertex_anthropic, anthropic_decoder,
                                             read_vertex_anthropic_error, true};

}  // namespace llmgw
