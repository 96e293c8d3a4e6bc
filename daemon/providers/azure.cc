// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/azure.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "common/base/percent_encode.h"
#include "common/base/text.h"
#include "daemon/providers/json_members.h"
#include "daemon/providers/request_parts.h"

namespace llmgw {

namespace {

// The newest version that is generally available and dated; "v1" has taken their place.
constexpr std::string_view kDefaultVersion = "2024-10-21";
// The first version of Foundry's own `/models` API, and still its only one.
constexpr std::string_view kModelsVersion = "2024-05-01-preview";
// No dated version without "preview" has the Responses API.
constexpr std::string_view kResponsesVersion = "2025-04-01-preview";
constexpr std::string_view kFirstWithResponses = "2025-03-01";
constexpr std::string_view kFirstWithStreamOptions = "2024-09-01";
constexpr std::string_view kFoundryHost = ".services.ai.azure.com";

constexpr std::array<std::string_view, 1> kStreamOptions = {"stream_options"};
constexpr Quirks kBeforeStreamOptions{.provider = "azure", .rejects = kStreamOptions};

// The four shapes of addresses.
enum class AzureShape {
    deployments,  // …/openai/deployments/NAME/OPERATION?api-version=DATE
    v1,           // …/openai/v1/OPERATION
    models,       // …/models/OPERATION?api-version=DATE
    anthropic,    // …/anthropic/v1/messages
};

// How a resource is asked, and what of the path its base URL has said already.
struct AzureRoute {
    AzureShape shape;
    std::string_view said;  // "", "/openai", "/openai/v1", "/openai/deployments/NAME", "/models"…
};

bool is_v1(std::string_view version) {
    return version == "v1" || version == "preview" || version == "latest";
}

// ".../openai/deployments/NAME" as its last part; empty when the path does not end so.
std::string_view deployment_part(std::string_view path) {
    constexpr std::string_view kBefore = "/openai/deployments/";
    const std::size_t at = path.rfind(kBefore);
    const bool last = at != std::string_view::npos && at + kBefore.size() < path.size() &&
                      path.find('/', at + kBefore.size()) == std::string_view::npos;
    return last ? path.substr(at) : std::string_view();
}

AzureRoute route_of(const WireTarget& target, const BaseUrl& url) {
    const std::string_view path = url.path;
    const std::string_view version = target.option("api_version");
    if (target.provider != nullptr && target.provider->wire == Wire::azure_anthropic) {
        constexpr std::string_view kWhole = "/anthropic/v1";
        constexpr std::string_view kHalf = "/anthropic";
        return {AzureShape::anthropic, path.ends_with(kWhole)  ? kWhole
                                       : path.ends_with(kHalf) ? kHalf
                                                               : std::string_view()};
    }
    if (path.ends_with("/openai/v1")) {
        return {AzureShape::v1, "/openai/v1"};
    }
    if (path.ends_with("/models")) {
        return {AzureShape::models, "/models"};
    }
    if (const std::string_view part = deployment_part(path); !part.empty()) {
        return {AzureShape::deployments, part};
    }
    const std::string_view said = path.ends_with("/openai") ? "/openai" : "";
    if (is_v1(version)) {
        return {AzureShape::v1, said};
    }
    if (url.host.ends_with(kFoundryHost) && said.empty()) {
        // A dated version says that Foundry's older API is meant.
        return {version.empty() ? AzureShape::v1 : AzureShape::models, said};
    }
    return {AzureShape::deployments, said};
}

// "?api-version=…", or "&…" behind a query that is there already.
std::string version_query(std::string_view path, std::string_view version) {
    const char* const begin = path.find('?') == std::string_view::npos ? "?" : "&";
    return begin + ("api-version=" + percent_encode(version));
}

Result<std::string> deployment_path(const AdaptedRequest& request, const WireTarget& target) {
    if (request.path == "/responses") {  // its body names the deployment
        const std::string_view asked = target.option("api_version");
        const bool has_it = asked >= kFirstWithResponses;
        return "/openai/responses" + version_query("", has_it ? asked : kResponsesVersion);
    }
    const std::string_view deployment = azure_deployment(target);
    if (deployment.empty() || deployment == "." || deployment == "..") {
        return cannot_express("\"" + std::string(deployment) + "\" cannot be an Azure deployment",
                              "model");
    }
    const std::string_view asked = target.option("api_version");
    return "/openai/deployments/" + percent_encode(deployment) + request.path +
           version_query(request.path, asked.empty() ? kDefaultVersion : asked);
}

Result<std::string> models_path(const AdaptedRequest& request, const WireTarget& target) {
    if (request.path == "/responses") {
        return cannot_express(
            "this model needs the Responses API, which Azure has only at a base URL that ends "
            "with /openai/v1",
            "model");
    }
    const std::string_view asked = target.option("api_version");
    return "/models" + request.path +
           version_query(request.path, asked.empty() ? kModelsVersion : asked);
}

// Version 1 has no dates; "preview" admits features that are not yet part of it.
std::string v1_path(const AdaptedRequest& request, const WireTarget& target) {
    const std::string_view asked = target.option("api_version");
    const bool preview = asked == "preview" || asked == "latest";
    return request.path + (preview ? version_query(request.path, asked) : std::string());
}

// The whole path of a call, from the resource's root.
Result<std::string> whole_path(AzureShape shape, const AdaptedRequest& request,
                               const WireTarget& target) {
    switch (shape) {
        case AzureShape::deployments:
            return deployment_path(request, target);
        case AzureShape::v1:
            return "/openai/v1" + v1_path(request, target);
        case AzureShape::models:
            return models_path(request, target);
        case AzureShape::anthropic:
            return "/anthropic/v1" + request.path;
    }
    return request.path;
}

}  // namespace

std::string_view azure_deployment(const WireTarget& target) {
    const std::string_view chosen = target.option("deployment");
    return chosen.empty() ? target.model : chosen;
}

Result<void> complete_azure_path(AdaptedRequest& request, const WireTarget& target,
                                 const BaseUrl& url) {
    const AzureRoute route = route_of(target, url);
    if (route.said.starts_with("/openai/deployments/")) {
        if (request.path == "/responses") {
            return cannot_express(
                "this model needs the Responses API, which no Azure deployment's own address has: "
                "the base URL should be the resource's",
                "model");
        }
        const std::string_view asked = target.option("api_version");
        request.path += version_query(request.path, asked.empty() ? kDefaultVersion : asked);
        return {};
    }
    auto path = whole_path(route.shape, request, target);
    if (!path) {
        return tl::unexpected(std::move(path.error()));
    }
    request.path = path->substr(route.said.size());
    return {};
}

std::string azure_models_target(const WireTarget& target, const BaseUrl& url) {
    const AzureRoute route = route_of(target, url);
    const std::string root = url.path.substr(0, url.path.size() - route.said.size());
    const std::string_view asked = target.option("api_version");
    switch (route.shape) {
        case AzureShape::deployments:
            return root + "/openai/models" +
                   version_query("", asked.empty() ? kDefaultVersion : asked);
        case AzureShape::v1: {
            AdaptedRequest list;
            list.path = "/models";
            return root + "/openai/v1" + v1_path(list, target);
        }
        case AzureShape::models:
        case AzureShape::anthropic:
            break;
    }
    return {};
}

const Quirks* azure_quirks(const WireTarget& target, const BaseUrl& url) {
    const std::string_view version = target.option("api_version");
    const bool dated = route_of(target, url).shape == AzureShape::deployments && !version.empty();
    return dated && version < kFirstWithStreamOptions ? &kBeforeStreamOptions : nullptr;
}

bool is_azure_prelude(std::string_view chunk) {
    const JsonMembers members(chunk);
    return json_kind(members.raw("choices")) == JsonKind::array &&
           members.elements("choices").empty() && !members.has("usage") && !members.has("error");
}

std::string azure_auth_field(Wire wire, std::string_view secret) {
    // A JWT is three parts in base64url, and the first begins with `{"` (RFC 7515 §7.1).
    if (secret.starts_with("eyJ") && std::count(secret.begin(), secret.end(), '.') == 2) {
        return "authorization: Bearer " + std::string(secret) + "\r\n";
    }
    const char* const name = wire == Wire::azure_anthropic ? "x-api-key: " : "api-key: ";
    return name + std::string(secret) + "\r\n";
}

}  // namespace llmgw
