// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "cli/chat_stdin.h"
#include "cli/output.h"
#include "cli/route_outline.h"
#include "cli/routes.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/base/json_layout.h"
#include "common/base/json_writer.h"
#include "common/base/text.h"
#include "common/routes/route.h"
#include "common/routes/route_warnings.h"

namespace llmgw {
namespace {

Result<std::string> read_document(const GlobalOptions& global, const std::string& file) {
    if (file != "-") {
        return read_file(file);
    }
    Cancel cancel;
    return Stdin(global, cancel).read_all("the route");
}

struct RouteReading {
    RouteNode root;
    bool dynamic = false;  ///< it was one of LLM Gateway's
};

Result<RouteReading> read_route(const GlobalOptions& global, const std::string& file) {
    const auto text = read_document(global, file);
    if (!text) {
        return tl::unexpected(text.error());
    }
    auto root = parse_route(*text);
    if (!root) {
        Error error = std::move(root.error());
        error.message = (file == "-" ? "standard input" : printable(file)) + ": " + error.message;
        return tl::unexpected(std::move(error));
    }
    return RouteReading{std::move(*root), is_dynamic_route(*text)};
}

// What may not be meant, as far as it can be told without a set-up.
std::vector<std::string> warnings_of(const RouteReading& reading, Store* store) {
    std::vector<ProviderKey> keys;
    std::vector<ModelAlias> aliases;
    if (store != nullptr) {
        keys = store->provider_keys().value_or(std::vector<ProviderKey>{});
        aliases = store->aliases().value_or(std::vector<ModelAlias>{});
    }
    for (ProviderKey& key : environment_keys(keys)) {
        keys.push_back(std::move(key));
    }
    auto warnings = route_warnings(reading.root, keys, aliases);
    if (reading.dynamic && print_route(reading.root).find("\"metadata.") != std::string::npos) {
        warnings.emplace_back(
            "LLM Gateway's own metadata (plan, orgId, …) is what clients send in "
            "x-llmgw-metadata here");
    }
    return warnings;
}

void write_warnings(const GlobalOptions& global, const std::vector<std::string>& warnings,
                    JsonWriter& out) {
    out.key("warnings").begin_array();
    for (const std::string& warning : warnings) {
        warn(global, warning);
        out.string(warning);
    }
    out.end_array();
}

}  // namespace

Result<int> run_routes_validate(const GlobalOptions& global, const RouteFile& options) {
    const auto reading = read_route(global, options.file);
    if (!reading) {
        return tl::unexpected(reading.error());
    }
    auto session = open_existing_session();
    JsonWriter out;
    out.begin_object();
    out.key("valid").boolean(true);
    out.key("targets").number(std::uint64_t{count_leaves(reading->root)});
    write_warnings(global, warnings_of(*reading, session ? session->store.get() : nullptr), out);
    out.end_object();
    if (global.json) {
        write_out(indent_json(out.text(), 2) + "\n");
    } else {
        note(global, "the route is valid");
    }
    return 0;
}

Result<int> run_routes_set(const GlobalOptions& global, const RouteFile& options) {
    if (auto checked = check_name("a route's name", options.name); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    const auto reading = read_route(global, options.file);
    if (!reading) {
        return tl::unexpected(reading.error());
    }
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto before = session->store->route(options.name);
    if (!before) {
        return tl::unexpected(before.error());
    }
    StoredRoute route;
    route.name = options.name;
    route.document = print_route(reading->root);
    route.created_at = route.updated_at = unix_ms();
    // What an import wrote and a person confirms as it is stays the import's.
    const bool changed = !*before || (*before)->document != route.document;
    if (changed) {
        if (auto set = session->store->set_route(route); !set) {
            return tl::unexpected(std::move(set.error()));
        }
    }
    JsonWriter out;
    out.begin_object();
    out.key("name").string(route.name);
    out.key("created").boolean(!*before);
    out.key("changed").boolean(changed);
    out.key("document").raw(route.document);
    write_warnings(global, warnings_of(*reading, session->store.get()), out);
    out.end_object();
    if (global.json) {
        write_out(indent_json(out.text(), 2) + "\n");
    } else {
        note(global, !changed ? "route/" + route.name + " is like that already"
                     : *before
                         ? "changed route/" + route.name
                         : "set route/" + route.name + "; next: llmgw chat -m route/" + route.name);
    }
    return 0;
}

}  // namespace llmgw
