// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "common/base/text.h"
#include "common/base/url.h"
#include "common/catalog/catalog.h"
#include "daemon/gateway/gateway.h"
#include "daemon/providers/azure.h"
#include "daemon/providers/bedrock.h"
#include "daemon/providers/vertex.h"

namespace llmgw {

namespace {

Result<ProviderAddress> azure_address(const std::string& base_url) {
    auto endpoint = read_azure_url(base_url);
    if (!endpoint) {
        return tl::unexpected(std::move(endpoint.error()));
    }
    ProviderAddress address;
    address.base_url = std::move(endpoint->base_url);
    if (!endpoint->deployment.empty()) {
        address.options.emplace_back("deployment", std::move(endpoint->deployment));
    }
    if (!endpoint->api_version.empty()) {
        address.options.emplace_back("api_version", std::move(endpoint->api_version));
    }
    return address;
}

// One of the regions that the catalog lists for the provider.
Result<std::string> listed_region_url(const Provider& provider, const std::string& region) {
    std::vector<std::string_view> names;
    for (const RegionEndpoint& endpoint : provider.regions) {
        if (endpoint.region != region) {
            names.push_back(endpoint.region);
            continue;
        }
        // The catalog names the region's host; the version path is the provider's.
        const auto host = parse_base_url(endpoint.url);
        const auto usual = parse_base_url(provider.base_url);
        if (!host) {
            return fail(Errc::usage,
                        "the address of region '" + region + "' depends on your account",
                        "give it with --base-url");
        }
        return host->path.empty() && usual ? host->text() + usual->path : host->text();
    }
    if (names.empty()) {
        return std::string(provider.base_url);
    }
    const auto near = nearest(region, names);
    return fail(Errc::usage,
                std::string(provider.name) + " has no region '" + printable(region) + "'",
                near.empty() ? "llmgw providers catalog --json lists them"
                             : "did you mean " + near.front() + "?");
}

Result<std::string> region_url(const Provider& provider, const std::string& region) {
    switch (provider.wire) {
        case Wire::bedrock:
            return bedrock_base_url(region.empty() ? provider.default_region : region);
        case Wire::vertex:
        case Wire::vertex_anthropic:
            return vertex_base_url(region.empty() ? "global" : region);
        default:
            return region.empty() ? std::string(provider.base_url)
                                  : listed_region_url(provider, region);
    }
}

}  // namespace

Result<ProviderAddress> provider_address(const Provider& provider, const std::string& base_url,
                                         const std::string& region) {
    const bool azure = provider.wire == Wire::azure || provider.wire == Wire::azure_anthropic;
    if (azure && !base_url.empty()) {
        return azure_address(base_url);
    }
    ProviderAddress address;
    address.base_url = base_url;
    if (base_url.empty()) {
        auto url = region_url(provider, region);
        if (!url) {
            url.error().kind = Errc::usage;
            return tl::unexpected(std::move(url.error()));
        }
        address.base_url = std::move(*url);
    }
    if (address.base_url.empty()) {
        const std::string id(provider.id);
        return fail(Errc::usage,
                    "the address of " + std::string(provider.name) +
                        " depends on your account: it needs --base-url",
                    "llmgw providers add " + id + " --base-url URL");
    }
    return address;
}

}  // namespace llmgw
