// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/routes/route_tree.h"
#include "common/store/store.h"

namespace llmgw {

/// The routes of a set-up, read once: what a request for `route/NAME` finds. Never changed; any
/// thread may read it.
class NamedRoutes {
  public:
    NamedRoutes() = default;
    /// One that cannot be read is kept with its problem, and told in the log.
    explicit NamedRoutes(const std::vector<StoredRoute>& stored);

    /// nullptr when there is none, or it cannot be read: missing() tells which.
    [[nodiscard]] RouteTree find(std::string_view name) const;
    /// The answer to a request for a route that find() does not have: 404 with the nearest names,
    /// or 400 with what is wrong with the stored document.
    [[nodiscard]] Error missing(std::string_view name) const;

    [[nodiscard]] std::vector<std::string_view> names() const;
    [[nodiscard]] bool empty() const { return routes_.empty(); }
    /// One of them has answers stored although others are not.
    [[nodiscard]] bool use_cache() const { return use_cache_; }

  private:
    std::map<std::string, Result<RouteTree>, std::less<>> routes_;
    bool use_cache_ = false;
};

}  // namespace llmgw
