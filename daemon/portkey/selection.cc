// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/selection.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "daemon/gateway/resolve.h"

namespace llmgw {

namespace {

constexpr std::string_view kRoute = "route/";

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

// A slug may be written with the "@" that it has in a model's name.
std::string_view bare_slug(std::string_view slug) {
    return slug.starts_with('@') ? slug.substr(1) : slug;
}

// A body's model without the slug that a header has overruled.
std::string_view bare_model(std::string_view model) {
    const std::size_t slash = model.find('/');
    return model.starts_with('@') && slash != std::string_view::npos ? model.substr(slash + 1)
                                                                     : model;
}

// Portkey's own codes for what organisations do not allow.
Result<void> check_inline(const PortkeyRequest& request) {
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
    const bool brings_key = !request.provider_key.empty() && !request.provider.empty() &&
                            !request.provider.starts_with('@') && request.config.empty();
    if (request.details.empty() && !brings_key) {
        return {};
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

// The route that a saved config has become.
Result<std::string> saved_config(const Snapshot& snapshot, std::string_view slug,
                                 std::string_view model) {
    std::string target(behind_aliases(snapshot, slug));
    if (target == slug) {
        target.insert(0, kRoute);
    }
    if (target.starts_with(kRoute) && !model.empty()) {
        target += '/';
        target += model;
    }
    return target;
}

// The provider key that a slug has become.
Result<std::string> stored_key(const Snapshot& snapshot, std::string_view slug,
                               std::string_view model, std::string_view field) {
    const std::string_view label = bare_slug(slug);
    if (snapshot.find_access(label) == nullptr) {
        return refuse({"there is no provider key \"" + printable(label) + "\"", std::string(field),
                       "llmgw providers add PROVIDER --name " + printable(label)});
    }
    return "@" + std::string(label) + "/" + std::string(bare_model(model));
}

Result<std::string> provider_of(const Snapshot& snapshot, std::string_view id,
                                std::string_view model) {
    // A model that names a key says more than a provider does.
    if (model.starts_with('@')) {
        return std::string(model);
    }
    if (catalog::find_provider(id) != nullptr) {
        return std::string(id) + "/" + std::string(model);
    }
    if (snapshot.find_access(id) != nullptr) {
        return "@" + std::string(id) + "/" + std::string(model);
    }
    return refuse({"Invalid provider passed: \"" + printable(id) + "\" is not known",
                   "x-portkey-provider", "llmgw providers catalog"});
}

}  // namespace

bool is_config_document(std::string_view config) {
    if (config.starts_with('{') || config.starts_with('[')) {
        return true;
    }
    // "{" begins with an "e" in base64.
    const auto decoded = config.starts_with('e') ? from_base64(config) : std::nullopt;
    return decoded && decoded->starts_with('{');
}

Result<std::string> select_by_portkey(const Snapshot& snapshot, const PortkeyRequest& request,
                                      std::string_view model) {
    if (request.problem) {
        return tl::unexpected(*request.problem);
    }
    if (!snapshot.settings.portkey.inline_config) {
        if (auto allowed = check_inline(request); !allowed) {
            return tl::unexpected(std::move(allowed.error()));
        }
    }
    if (!request.config.empty()) {
        return saved_config(snapshot, request.config, model);
    }
    if (model.empty()) {
        return refuse(
            {"the field \"model\" is required", "model", "", "missing_required_parameter"});
    }
    if (!request.virtual_key.empty()) {
        return stored_key(snapshot, request.virtual_key, model, "x-portkey-virtual-key");
    }
    if (request.provider.starts_with('@')) {
        return stored_key(snapshot, request.provider, model, "x-portkey-provider");
    }
    if (!request.provider.empty()) {
        return provider_of(snapshot, request.provider, model);
    }
    return std::string(model);
}

}  // namespace llmgw
