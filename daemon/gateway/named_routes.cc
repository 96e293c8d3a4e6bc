// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/named_routes.h"

#include <algorithm>

#include "common/base/text.h"
#include "daemon/log.h"

namespace llmgw {

namespace {

bool wants_cache(const RouteNode& node) {
    return (node.cache && node.cache->enabled) ||
           std::any_of(node.targets.begin(), node.targets.end(), wants_cache);
}

}  // namespace

NamedRoutes::NamedRoutes(const std::vector<StoredRoute>& stored) {
    for (const StoredRoute& route : stored) {
        const auto root = parse_route(route.document);
        auto tree = root ? compile_route(*root) : tl::unexpected(root.error());
        if (!tree) {
            log(LogLevel::warn, "a route cannot be read, requests for it are refused",
                {{"route", route.name}, {"error", tree.error().message}});
        }
        use_cache_ = use_cache_ || (root && wants_cache(*root));
        routes_.emplace(route.name, std::move(tree));
    }
}

RouteTree NamedRoutes::find(std::string_view name) const {
    const auto found = routes_.find(name);
    return found == routes_.end() || !found->second ? nullptr : *found->second;
}

Error NamedRoutes::missing(std::string_view name) const {
    Error error;
    const auto found = routes_.find(name);
    if (found != routes_.end() && !found->second) {
        error.kind = Errc::invalid_request;
        error.code = "route_unreadable";
        error.message =
            "the route " + found->first + " cannot be read: " + found->second.error().message;
        error.hint = "llmgw routes set " + found->first + " FILE";
        return error;
    }
    error.kind = Errc::not_found;
    error.code = "model_not_found";
    error.message = "there is no route \"" + printable(name) + "\"";
    const auto near = nearest(name, names());
    for (const std::string& each : near) {
        error.hint += (error.hint.empty() ? "did you mean route/" : ", route/") + each;
    }
    error.hint += error.hint.empty() ? "llmgw routes list" : "?";
    return error;
}

std::vector<std::string_view> NamedRoutes::names() const {
    std::vector<std::string_view> names;
    names.reserve(routes_.size());
    for (const auto& [name, root] : routes_) {
        names.emplace_back(name);
    }
    return names;
}

}  // namespace llmgw
