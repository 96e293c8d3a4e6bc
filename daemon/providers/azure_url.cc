// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "daemon/providers/azure.h"

namespace llmgw {

namespace {

constexpr std::string_view kHint =
    "copy the endpoint of the resource from the Azure portal, such as "
    "https://NAME.openai.azure.com or https://NAME.services.ai.azure.com/openai/v1";

// What a call's address may end with.
constexpr std::array<std::string_view, 6> kOperations = {
    "/chat/completions", "/completions", "/embeddings", "/responses", "/messages", "/models",
};

tl::unexpected<Error> refused(const std::string& why) {
    return fail(Errc::usage, "the Azure URL is not usable: " + why, std::string(kHint));
}

// Sites for people, whose addresses are easily taken for the API's.
bool is_portal(std::string_view host) {
    return host == "portal.azure.com" || host == "ai.azure.com" || host == "oai.azure.com" ||
           host == "learn.microsoft.com";
}

Result<std::string> version_of(std::string_view query) {
    std::string version;
    for (const std::string_view pair : split(query, '&')) {
        const std::size_t sign = pair.find('=');
        if (pair.substr(0, sign) != "api-version" || sign == std::string_view::npos) {
            return refused("its query may hold api-version and nothing else");
        }
        version = pair.substr(sign + 1);
    }
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (version.empty() || version.find_first_not_of(kAllowed) != std::string::npos) {
        return refused("its api-version is neither \"v1\" nor a date such as 2024-10-21");
    }
    return version;
}

// Takes the operation off the end of an address of a call.
void drop_operation(std::string& path) {
    // Longer ones first: "/chat/completions" ends with "/completions". Foundry's "/models" is part
    // of its base URL, unless it is the list of OpenAI's models.
    for (const std::string_view operation : kOperations) {
        const bool is_base = operation == "/models" && !path.ends_with("/openai/v1/models") &&
                             !path.ends_with("/openai/models");
        if (path.ends_with(operation) && !is_base) {
            path.resize(path.size() - operation.size());
            return;
        }
    }
}

bool drop_suffix(std::string& path, std::string_view suffix) {
    if (!path.ends_with(suffix)) {
        return false;
    }
    path.resize(path.size() - suffix.size());
    return true;
}

Result<void> take_deployment(std::string& path, AzureEndpoint& out) {
    constexpr std::string_view kBefore = "/openai/deployments";
    const std::size_t at = path.find(kBefore);
    if (at == std::string::npos) {
        return {};
    }
    const std::string rest = path.substr(at + kBefore.size());
    path.resize(at);
    if (rest.empty() || rest == "/") {
        return {};
    }
    out.deployment = rest.substr(1);
    if (out.deployment.find('/') != std::string::npos) {
        return refused("it goes on behind the deployment with something that is no known call");
    }
    return {};
}

}  // namespace

Result<AzureEndpoint> read_azure_url(std::string_view text) {
    AzureEndpoint out;
    const std::size_t question = text.find('?');
    auto url = parse_base_url(text.substr(0, question));
    if (!url) {
        return tl::unexpected(std::move(url.error()));
    }
    if (is_portal(url->host)) {
        return refused("it is the address of a web site for people, not of a resource");
    }
    if (question != std::string_view::npos) {
        auto version = version_of(text.substr(question + 1));
        if (!version) {
            return tl::unexpected(std::move(version.error()));
        }
        out.api_version = std::move(*version);
    }
    std::string& path = url->path;
    drop_operation(path);
    if (auto taken = take_deployment(path, out); !taken) {
        return tl::unexpected(std::move(taken.error()));
    }
    // A project's models are those of its resource, and are asked there.
    if (const std::size_t project = path.find("/api/projects/"); project != std::string::npos) {
        const bool v1 = path.ends_with("/openai/v1");
        path.resize(project);
        path += v1 ? "/openai/v1" : "";
    }
    // What is completed anyway.
    if (!drop_suffix(path, "/openai") && !drop_suffix(path, "/anthropic/v1")) {
        drop_suffix(path, "/anthropic");
    }
    out.base_url = url->text();
    return out;
}

}  // namespace llmgw
