// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/routes/condition.h"
#include "common/routes/drop_path.h"
#include "common/routes/route.h"

namespace llmgw {

/// What holds for one target of a route: its own settings and those of the groups around it.
struct RouteLeaf {
    std::string provider, model, refuse;  ///< as RouteNode's
    std::string default_model;            ///< where neither the target nor the request has one
    RouteParameters set;                  ///< without the model, which is in `model`
    RouteParameters defaults;
    std::vector<DropPath> drop;
    RouteRetry retry;
    std::int64_t timeout_ms = 0;  ///< 0: none
    std::optional<RouteCache> cache;
    std::vector<std::pair<std::string, std::string>> headers;
    std::vector<std::string> forward_headers;
};

/// A node of a route that is ready for requests.
struct RouteStep {
    struct Branch {
        Condition condition;
        std::string then;
    };

    RouteMode mode = RouteMode::single;
    std::string path;  ///< "targets[1].targets[0]"; empty: the root
    std::string name;
    double weight = 1;
    std::vector<RouteStep> targets;  ///< empty: a leaf
    std::optional<std::vector<int>> on_status;
    std::vector<Branch> branches;
    std::string otherwise;
    std::optional<RouteSticky> sticky;
    RouteLeaf leaf;  ///< of a leaf
};

/// A route that was read, with all that can be done once done: conditions compiled, settings
/// inherited. Never changed; any thread may read it.
using RouteTree = std::shared_ptr<const RouteStep>;

/// Errc::invalid_file: a query or a path of `drop` is malformed, which parse_route() refuses.
[[nodiscard]] Result<RouteTree> compile_route(const RouteNode& root);

}  // namespace llmgw
