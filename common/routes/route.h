// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"

namespace llmgw {

/// What a node of a route does with its targets.
enum class RouteMode {
    single,       // asks the first of them; a node without targets is a leaf and asks a provider
    fallback,     // one after the other, until one gives no status that leads on
    loadbalance,  // one, at random by weight; it is not made up for by another
    conditional,  // the one that the first matching condition names
};

/// As documents have it: "fallback".
[[nodiscard]] std::string_view route_mode_name(RouteMode mode);
[[nodiscard]] std::optional<RouteMode> find_route_mode(std::string_view name);

/// How often a leaf asks again by itself.
struct RouteRetry {
    int attempts = 0;  ///< further ones
    std::vector<int> statuses{429, 500, 502, 503, 504, 529};
    bool use_retry_after = false;  ///< waits as long as a 429 asks for, up to a minute
};

/// What the response cache does for a node's requests.
struct RouteCache {
    bool enabled = true;
    std::optional<std::int64_t> ttl_ms;  ///< not set: `cache.ttl`
};

/// `then` is the name of the target that a matching query leads to. A query is a JSON object of
/// Portkey's kind, whose members' order matters: metadata.NAME, params.NAME and url.pathname are
/// read as there, two segments deep. Besides there are headers.NAME (of any case; a text, absent as
/// undefined) and body.NAME.NAME.…, which goes to any depth.
struct RouteCondition {
    std::string query;
    std::string then;
};

/// Has requests that agree in these fields go to the same target of a loadbalance node.
struct RouteSticky {
    std::vector<std::string> fields;  ///< "metadata.user"; empty: the session
    std::int64_t ttl_ms = 3'600'000;
};

/// Parameters by name, with their values as JSON text.
using RouteParameters = std::vector<std::pair<std::string, std::string>>;

/// A node of a route's tree.
struct RouteNode {
    RouteMode mode = RouteMode::single;
    std::string name;   ///< for conditions, logs and people; may be empty
    double weight = 1;  ///< among the targets of a loadbalance node; 0: off

    // Of a leaf.
    /// A provider's id: any of its keys; "@LABEL": that provider key; empty: whoever serves the
    /// model.
    std::string provider;
    std::string model;   ///< as that provider or llmgw knows it; empty: the request's
    std::string refuse;  ///< nobody is asked any more: a 400 with this text; empty: not so

    // Of a group.
    std::vector<RouteNode> targets;  ///< empty: a leaf
    /// fallback: the statuses that lead on; not set: all but 2xx; empty: none.
    std::optional<std::vector<int>> on_status;
    std::vector<RouteCondition> conditions;
    std::string otherwise;  ///< conditional: when no condition matches; empty: that is an error
    std::optional<RouteSticky> sticky;

    // For this node and all below it. `set`, `defaults` and `headers` are merged by name, and the
    // node nearest to the leaf wins; so it does, as a whole, with everything else.
    RouteParameters set;            ///< replace what the client sends; null is sent as null
    RouteParameters defaults;       ///< where the client sends nothing
    std::vector<std::string> drop;  ///< removed last: "metadata", "tools[*].strict"
    std::optional<RouteRetry> retry;
    std::optional<std::int64_t> timeout_ms;  ///< of one call, until its answer begins; 0: none
    std::optional<RouteCache> cache;
    std::vector<std::pair<std::string, std::string>> headers;  ///< go upstream as well
    std::optional<std::vector<std::string>> forward_headers;   ///< so do these of the client's
};

/// A named route: `route/NAME`.
struct Route {
    std::string name;
    RouteNode root;
};

// What a document may hold, as Portkey's configs may.
inline constexpr int kMaxRouteDepth = 8;  ///< of nodes; the root is the first
inline constexpr std::size_t kMaxRootTargets = 100;
inline constexpr std::size_t kMaxConditionalTargets = 1000;  ///< of a conditional root
inline constexpr std::size_t kMaxNestedTargets = 50;
inline constexpr std::size_t kMaxRouteBytes = 1 << 20;

/// Reads a route's document, or one of LLM Gateway's `{"entry":…,"nodes":[…]}`. Fails with
/// Errc::invalid_file: "line 7, column 12: /targets/1/weight must be …". The column counts
/// characters; the line is that of the value, or of a member's name where the name is wrong.
[[nodiscard]] Result<RouteNode> parse_route(std::string_view json);
/// The document again, without what is at its default; it reads back as the same tree. `indent` <
/// 0: one line.
[[nodiscard]] std::string print_route(const RouteNode& root, int indent = -1);

/// Whether a document is one of LLM Gateway's graphs; false for what is no JSON object.
[[nodiscard]] bool is_dynamic_route(std::string_view json);

}  // namespace llmgw
