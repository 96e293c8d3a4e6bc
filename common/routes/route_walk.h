// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/routes/route_tree.h"

namespace llmgw {

/// What a request gives to the choice between targets.
struct WalkInput {
    ConditionInput condition;
    std::string_view route;                 ///< its name, which tells it from others
    std::string session;                    ///< for `sticky` without fields; empty: none
    std::function<std::uint64_t()> random;  ///< 64 random bits
    std::int64_t now = 0;                   ///< Unix milliseconds
};

/// A choice that was made on the way to a target, for logs and explanations.
struct RouteChoice {
    std::string path;  ///< of the target that was chosen; as RouteStep::path
    std::string name;
    RouteMode mode = RouteMode::single;    ///< of the node that chose
    std::optional<std::size_t> condition;  ///< conditional: which one matched; not set: `otherwise`
    double weight = 0, weights = 0;        ///< loadbalance: its weight, and that of all
    bool sticky = false;                   ///< loadbalance: the request's fields decided
    std::optional<int> after_status;       ///< fallback: how the one before it went
};

/// A failed target may count as several statuses: no connection is Portkey's 500 and llmgw's 502.
using LeafStatuses = std::vector<int>;

/// Goes through a route's tree, target by target. Makes every choice, and nothing else: whoever
/// walks asks the targets and tells how that went. Pure, but for `random`.
class RouteWalk {
  public:
    /// `tree` and what `input` points into stay for as long as it lives.
    RouteWalk(const RouteStep& tree, WalkInput input) : tree_(&tree), input_(std::move(input)) {}

    /// The target to ask first. Errors are Errc::invalid_request: nobody is to be asked. Their
    /// codes are "no_route_target" (no condition matched, or no weight is set),
    /// "unknown_route_target" and "unsupported_operator", with the name in `param`.
    [[nodiscard]] Result<const RouteStep*> first();
    /// The target to ask after the last one has answered so; nullptr: its answer is the route's.
    [[nodiscard]] Result<const RouteStep*> next(const LeafStatuses& statuses);
    /// The statuses of success that lead on from here, because a fallback lists them.
    [[nodiscard]] std::vector<int> unwanted_successes() const;

    /// All choices so far.
    [[nodiscard]] const std::vector<RouteChoice>& choices() const { return choices_; }

  private:
    struct Frame {
        const RouteStep* group;
        std::size_t target;

        [[nodiscard]] const RouteStep& chosen() const { return group->targets[target]; }
    };

    [[nodiscard]] Result<const RouteStep*> descend(const RouteStep& from);
    [[nodiscard]] Result<std::size_t> choose(const RouteStep& group, RouteChoice& choice);
    [[nodiscard]] Result<std::size_t> choose_by_condition(const RouteStep& group,
                                                          RouteChoice& choice) const;
    [[nodiscard]] Result<std::size_t> choose_by_weight(const RouteStep& group,
                                                       RouteChoice& choice) const;
    [[nodiscard]] std::optional<std::uint64_t> sticky_bits(const RouteStep& group) const;
    [[nodiscard]] static bool has_next(const Frame& frame);
    [[nodiscard]] static bool leads_on(const Frame& frame, const LeafStatuses& statuses);

    const RouteStep* tree_;
    WalkInput input_;
    std::vector<Frame> frames_;
    std::vector<RouteChoice> choices_;
};

}  // namespace llmgw
