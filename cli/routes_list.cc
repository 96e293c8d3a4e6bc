// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <utility>

#include "cli/output.h"
#include "cli/route_outline.h"
#include "cli/routes.h"
#include "cli/secret_input.h"
#include "cli/session.h"
#include "common/base/json_layout.h"
#include "common/base/json_writer.h"
#include "common/base/text.h"
#include "common/routes/route.h"
#include "common/routes/route_mode.h"

namespace llmgw {
namespace {

// The names of the keys whose requests take a route.
std::vector<std::string> bound_keys(const std::vector<GatewayKey>& keys, const std::string& route) {
    std::vector<std::string> names;
    for (const GatewayKey& key : keys) {
        if (!key.revoked_at && key.route == route) {
            names.push_back(key.name);
        }
    }
    return names;
}

void write_route(JsonWriter& out, const StoredRoute& route, const std::vector<GatewayKey>& keys,
                 bool with_document) {
    const auto root = parse_route(route.document);
    out.begin_object();
    out.key("name").string(route.name);
    out.key("strategy");
    if (root) {
        out.string(route_mode_name(root->mode));
    } else {
        out.null();
    }
    out.key("targets").number(std::uint64_t{root ? count_leaves(*root) : 0});
    out.key("source").string(route.source);
    out.key("keys").begin_array();
    for (const std::string& name : bound_keys(keys, route.name)) {
        out.string(name);
    }
    out.end_array();
    out.key("created_at").string(rfc3339(route.created_at));
    out.key("updated_at").string(rfc3339(route.updated_at));
    out.key("problem");
    if (root) {
        out.null();
    } else {
        out.string(root.error().message);
    }
    if (with_document) {
        // What cannot be read may be no JSON either.
        out.key("document");
        root ? out.raw(route.document) : out.string(route.document);
    }
    out.end_object();
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

// A stored route, with what is said about it.
struct OpenRoute {
    Session session;
    StoredRoute route;
    std::vector<GatewayKey> keys;  // all there are
};

Result<OpenRoute> open_route(const std::string& name) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    auto route = find_route(*session->store, name);
    if (!route) {
        return tl::unexpected(std::move(route.error()));
    }
    auto keys = session->store->gateway_keys();
    if (!keys) {
        return tl::unexpected(std::move(keys.error()));
    }
    return OpenRoute{*std::move(session), *std::move(route), *std::move(keys)};
}

std::string route_json(const OpenRoute& open) {
    JsonWriter out;
    write_route(out, open.route, open.keys, true);
    return indent_json(out.text(), 2) + "\n";
}

}  // namespace

Result<StoredRoute> find_route(Store& store, const std::string& name) {
    auto route = store.route(name);
    if (!route) {
        return tl::unexpected(std::move(route.error()));
    }
    if (*route) {
        return **std::move(route);
    }
    std::vector<std::string> names;
    for (const auto& each : store.routes().value_or(std::vector<StoredRoute>{})) {
        names.push_back(each.name);
    }
    const std::string shown = looks_like_secret(name) ? "" : " '" + printable(name) + "'";
    return fail(Errc::not_found, "there is no route" + shown,
                suggest(name, names, "llmgw routes list shows the names"));
}

Result<int> run_routes_list(const GlobalOptions& global) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto routes = session->store->routes();
    if (!routes) {
        return tl::unexpected(routes.error());
    }
    const auto keys = session->store->gateway_keys();
    if (!keys) {
        return tl::unexpected(keys.error());
    }
    if (global.json) {
        JsonWriter out;
        out.begin_array();
        for (const StoredRoute& route : *routes) {
            write_route(out, route, *keys, false);
        }
        out.end_array();
        write_out(indent_json(out.text(), 2) + "\n");
        return 0;
    }
    if (routes->empty()) {
        note(global, "there is no route yet; next: llmgw routes set NAME FILE");
        return 0;
    }
    const bool terminal = is_terminal(STDOUT_FILENO);
    Table table({"NAME", "STRATEGY", "TARGETS", "KEYS", "SOURCE", "UPDATED"});
    for (const StoredRoute& route : *routes) {
        const auto root = parse_route(route.document);
        const auto bound = joined(bound_keys(*keys, route.name));
        table.add({{route.name},
                   {root ? route_summary(*root) : "unreadable", root ? Style::plain : Style::red},
                   {.text = root ? std::to_string(count_leaves(*root)) : "?", .right = true},
                   {bound.empty() ? "-" : bound},
                   {route.source},
                   {show_time(route.updated_at, terminal)}});
    }
    table.print(global);
    return 0;
}

Result<int> run_routes_show(const GlobalOptions& global, const RouteName& options) {
    const auto open = open_route(options.name);
    if (!open) {
        return tl::unexpected(open.error());
    }
    if (global.json) {
        write_out(route_json(*open));
        return 0;
    }
    const auto root = parse_route(open->route.document);
    if (!root) {
        warn(global, "the route cannot be used: " + root.error().message);
        write_out(open->route.document + "\n");
        return 0;
    }
    // In a pipe only what `routes set` takes.
    const bool terminal = is_terminal(STDOUT_FILENO);
    write_out((terminal ? route_outline(*root) + "\n" : "") + print_route(*root, 2) + "\n");
    return 0;
}

Result<int> run_routes_remove(const GlobalOptions& global, const RouteName& options) {
    const auto open = open_route(options.name);
    if (!open) {
        return tl::unexpected(open.error());
    }
    const std::string& name = open->route.name;
    const std::string bound = joined(bound_keys(open->keys, name));
    if (!options.yes) {
        const auto sure = confirm(
            global,
            "Remove the route " + name + "?" +
                (bound.empty() ? "" : " Requests with these keys will fail: " + bound + "."),
            "--yes");
        if (!sure) {
            return tl::unexpected(sure.error());
        }
        if (!*sure) {
            return fail(Errc::failed, "nothing was removed");
        }
    }
    if (auto removed = open->session.store->remove_route(name); !removed) {
        return tl::unexpected(std::move(removed.error()));
    }
    if (!bound.empty()) {
        warn(global, "requests with these keys fail from now on: " + bound);
    }
    if (global.json) {
        write_out(route_json(*open));
    } else {
        note(global, "removed route/" + name);
    }
    return 0;
}

}  // namespace llmgw
