// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/selection.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/providers.h"
#include "daemon/gateway/resolve.h"
#include "daemon/gateway/serve_route.h"
#include "daemon/portkey/inline_key.h"

namespace llmgw {

namespace {

using Selected = Result<std::shared_ptr<const RouteCall>>;

struct Refused {
    std::string message;
    std::string field;
    std::string hint;
    std::string code = "invalid_config";
};

tl::unexpected<Error> refuse(Refused why) {
    Error error;
    error.kind = Errc::invalid_request;
    error.message = std::move(why.message);
    error.hint = std::move(why.hint);
    error.param = std::move(why.field);
    error.code = std::move(why.code);
    return tl::unexpected(std::move(error));
}

// A body's model without the slug that a header has overruled.
std::string_view bare_model(std::string_view model) {
    const std::size_t slash = model.find('/');
    return model.starts_with('@') && slash != std::string_view::npos ? model.substr(slash + 1)
                                                                     : model;
}

// Whether the request brings the key of a provider's account of its own.
bool brings_key(const PortkeyRequest& request) {
    return !request.provider_key.empty() && !request.provider.empty() &&
           !request.provider.starts_with('@') && request.virtual_key.empty() &&
           request.config.empty();
}

bool is_inline(const PortkeyRequest& request) {
    return is_config_document(request.config) || !request.custom_host.empty() ||
           !request.details.empty() || brings_key(request);
}

// Portkey's own codes for what organisations do not allow.
tl::unexpected<Error> refuse_inline(const PortkeyRequest& request) {
    const std::string allow = "; llmgw config set portkey.inline_config true allows it";
    if (is_config_document(request.config)) {
        return refuse({"a config in a request is not used", "x-portkey-config",
                       "llmgw import-portkey makes a route of it" + allow,
                       "inline_config_blocked"});
    }
    if (!request.custom_host.empty()) {
        return refuse({"an address in a request is not used", "x-portkey-custom-host",
                       "llmgw providers add --base-url stores it" + allow,
                       "inline_custom_host_blocked"});
    }
    std::string field = "authorization";
    if (!request.details.empty()) {
        field = "x-portkey-" + request.details.front().first;
        std::replace(field.begin(), field.end(), '_', '-');
    }
    return refuse({"a provider key in a request is not used", std::move(field),
                   "llmgw providers add stores it; send the gateway key alone then" + allow,
                   "inline_provider_blocked"});
}

// The stored key that a slug has become, as a route names it.
Result<std::string> stored_key(const Snapshot& snapshot, std::string_view slug,
                               std::string_view field) {
    if (std::string label = stored_label(snapshot, slug); !label.empty()) {
        return "@" + label;
    }
    const std::string_view bare = slug.starts_with('@') ? slug.substr(1) : slug;
    return refuse({"there is no provider key \"" + printable(bare) + "\"", std::string(field),
                   "llmgw providers add PROVIDER --name " + portkey_label(bare)});
}

// A provider by Portkey's name or by llmgw's; what is custom here is a key of that label.
Result<std::string> provider_of(const Snapshot& snapshot, std::string_view id) {
    const PortkeyProvider* const known = find_portkey_provider(id);
    if (known != nullptr && known->provider.empty()) {
        return refuse({"llmgw cannot ask the provider \"" + std::string(known->id) +
                           "\": " + std::string(known->remark),
                       "x-portkey-provider", ""});
    }
    if (known != nullptr && known->provider != "custom") {
        return std::string(known->provider);
    }
    if (catalog::find_provider(id) != nullptr) {
        return std::string(id);
    }
    if (snapshot.find_access(id) != nullptr) {
        return "@" + std::string(id);
    }
    if (known != nullptr) {
        std::string address(known->base_url.empty() ? "URL" : known->base_url);
        return refuse(
            {"there is no provider key \"" + std::string(id) + "\"", "x-portkey-provider",
             "llmgw providers add custom --name " + std::string(id) + " --base-url " + address});
    }
    return refuse({"Invalid provider passed: \"" + printable(id) + "\" is not known",
                   "x-portkey-provider", "llmgw providers catalog"});
}

// Whom the headers name; empty: nobody.
Result<std::string> named_provider(const Snapshot& snapshot, const PortkeyRequest& request) {
    if (!request.virtual_key.empty()) {
        return stored_key(snapshot, request.virtual_key, "x-portkey-virtual-key");
    }
    if (request.provider.starts_with('@')) {
        return stored_key(snapshot, request.provider, "x-portkey-provider");
    }
    return request.provider.empty() ? Result<std::string>(std::string())
                                    : provider_of(snapshot, request.provider);
}

// Whether headers say how the provider is to be asked.
bool has_terms(const PortkeyRequest& request) {
    return request.timeout_ms || request.retries || request.cache ||
           !request.forward_headers.empty() || !request.provider_headers.empty();
}

void add_terms(RouteCall& route, const PortkeyRequest& request) {
    route.metadata = request.metadata;
    route.timeout_ms = request.timeout_ms;
    if (!request.forward_headers.empty()) {
        route.forward_headers = request.forward_headers;
    }
}

// A route of one target.
Selected one_target(RouteNode leaf, std::string_view model, const PortkeyRequest& request) {
    leaf.headers = request.provider_headers;
    if (request.retries) {
        leaf.retry.emplace().attempts = *request.retries;
    }
    if (request.cache) {
        leaf.cache.emplace().enabled = *request.cache;
    }
    auto tree = compile_route(leaf);
    if (!tree) {
        return tl::unexpected(std::move(tree.error()));
    }
    auto route = std::make_shared<RouteCall>();
    route->tree = std::move(*tree);
    route->model = model;
    add_terms(*route, request);
    return std::shared_ptr<const RouteCall>(std::move(route));
}

// A request without a config.
Selected select_provider(const Snapshot& snapshot, const PortkeyRequest& request,
                         std::string_view model) {
    if (model.empty()) {
        return refuse(
            {"the field \"model\" is required", "model", "", "missing_required_parameter"});
    }
    auto provider = named_provider(snapshot, request);
    if (!provider) {
        return tl::unexpected(std::move(provider.error()));
    }
    const bool route = is_route_name(behind_aliases(snapshot, model));
    if (provider->empty() && (route || !has_terms(request))) {
        return std::shared_ptr<const RouteCall>();
    }
    RouteNode leaf;
    // A model that names a key says more than the name of a provider does.
    if (model.starts_with('@') && !provider->starts_with('@')) {
        return one_target(std::move(leaf), model, request);
    }
    leaf.provider = *provider;
    return one_target(std::move(leaf), bare_model(model), request);
}

// A saved config is a route now, or an alias for one, or for a model.
Selected select_saved(const Snapshot& snapshot, const PortkeyRequest& request,
                      const PortkeyBody& body) {
    const std::string_view meant = behind_aliases(snapshot, request.config);
    const bool route = is_route_name(meant);
    if (meant == request.config && !route && !snapshot.routes.find(meant)) {
        return refuse({"Invalid config passed: there is no route \"" + printable(meant) +
                           "\", nor an alias of that name for one",
                       "x-portkey-config", "llmgw routes list, llmgw models list --aliases"});
    }
    if (meant != request.config && !route) {
        RouteNode leaf;
        leaf.model = meant;
        return one_target(std::move(leaf), {}, request);
    }
    std::string name = route ? std::string(meant) : std::string(kRoutePrefix) + std::string(meant);
    if (!body.model.empty()) {
        name += '/';
        name += body.model;
    }
    auto found = find_route(snapshot, body.key_route, name);
    if (!found) {
        return found;
    }
    return with_portkey_headers(snapshot, **found, request);
}

Selected select_inline(const Snapshot& snapshot, InlineConfigs& configs,
                       const PortkeyRequest& request, std::string_view model) {
    const bool stored = !request.virtual_key.empty() || request.provider.starts_with('@');
    if (!request.custom_host.empty() && stored) {
        return refuse({"a stored key is not sent to an address from a request",
                       "x-portkey-custom-host", "llmgw providers add --base-url stores both",
                       "inline_custom_host_blocked"});
    }
    auto whole = whole_config(request);
    if (!whole) {
        return tl::unexpected(std::move(whole.error()));
    }
    auto config = configs.get(snapshot, *whole);
    if (!config) {
        return tl::unexpected(std::move(config.error()));
    }
    if (!request.custom_host.empty() && (*config)->keys.empty()) {
        return refuse({"x-portkey-custom-host is of no use without a provider",
                       "x-portkey-custom-host", "", "inline_custom_host_blocked"});
    }
    auto route = std::make_shared<RouteCall>();
    route->tree = (*config)->tree;
    route->model = model;
    route->keys = std::shared_ptr<const std::vector<ProviderAccess>>(*config, &(*config)->keys);
    add_terms(*route, request);
    return std::shared_ptr<const RouteCall>(std::move(route));
}

// What RouteCall has no word for. A target's own retries count more than a header's.
void add_to_targets(RouteStep& step, const PortkeyRequest& request) {
    for (RouteStep& target : step.targets) {
        add_to_targets(target, request);
    }
    RouteLeaf& leaf = step.leaf;
    leaf.headers.insert(leaf.headers.end(), request.provider_headers.begin(),
                        request.provider_headers.end());
    if (request.retries && leaf.retry.attempts == 0) {
        leaf.retry.attempts = *request.retries;
    }
}

}  // namespace

Selected select_by_portkey(const Snapshot& snapshot, InlineConfigs& configs,
                           const PortkeyRequest& request, const PortkeyBody& body) {
    if (request.problem) {
        return tl::unexpected(*request.problem);
    }
    if (is_inline(request)) {
        if (!snapshot.settings.portkey.inline_config) {
            return refuse_inline(request);
        }
        if (!body.key_route.empty()) {
            return refuse({"this gateway key takes the route " + std::string(body.key_route) +
                               ", and no config of a request",
                           "x-portkey-config", "", "inline_config_blocked"});
        }
        return select_inline(snapshot, configs, request, body.model);
    }
    if (!request.config.empty()) {
        return select_saved(snapshot, request, body);
    }
    if (!body.key_route.empty()) {
        return std::shared_ptr<const RouteCall>();
    }
    return select_provider(snapshot, request, body.model);
}

std::shared_ptr<const RouteCall> with_portkey_headers(const Snapshot& snapshot,
                                                      const RouteCall& route,
                                                      const PortkeyRequest& request) {
    auto changed = std::make_shared<RouteCall>(route);
    add_terms(*changed, request);
    const auto provider = named_provider(snapshot, request);
    const bool open = route.tree->targets.empty() && route.tree->leaf.provider.empty();
    const bool adds_provider = open && provider && !provider->empty();
    if (adds_provider || request.retries || !request.provider_headers.empty()) {
        auto tree = std::make_shared<RouteStep>(*route.tree);
        if (adds_provider) {
            tree->leaf.provider = *provider;
        }
        add_to_targets(*tree, request);
        changed->tree = std::move(tree);
    }
    return changed;
}

}  // namespace llmgw
