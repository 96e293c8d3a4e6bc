// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/resolve.h"
#include "daemon/gateway/route_call.h"

namespace llmgw {

/// Whom a target of a route asks. Points into the route, the snapshot and the model's name.
struct RouteTarget {
    Offers offers;
    /// llmgw's router chooses among them, with all its failover; else one of them is drawn by
    /// weight for each call, and asked whatever is known of it.
    bool routed = false;
    bool own_keys = false;  ///< the key came with the request: no health is kept of it
};

/// The model that a request brings, whose body names `named`: an alias of a route is one, if it
/// does not say another.
[[nodiscard]] std::string_view requested_model(const RouteCall& route, std::string_view named);
/// The model that a target asks for: its own, else `requested`, else its `default`; empty: none.
[[nodiscard]] std::string_view model_of(const RouteLeaf& leaf, std::string_view requested);

/// Finds them. Errors are those of a target that cannot be asked: no such key, no model, or that
/// the route refuses the request here ("route_refused").
[[nodiscard]] Result<RouteTarget> find_target(const Snapshot& snapshot, const RouteCall& route,
                                              const RouteLeaf& leaf, std::string_view model,
                                              const RequestNeeds& needs);

/// One of the offers, by the weights of their keys, from 64 random bits. Those that `left_out`
/// holds for are only taken when there are no others.
[[nodiscard]] const Candidate& draw_candidate(
    const Offers& offers, std::uint64_t bits,
    const std::function<bool(const Candidate&)>& left_out);

/// The request that a target gets: the client's with the target's parameters. It is the client's
/// own when nothing is to be changed. Errors are Errc::invalid_request.
[[nodiscard]] Result<std::shared_ptr<const InferenceCall>> call_for_target(
    const std::shared_ptr<const InferenceCall>& call, const RouteLeaf& leaf,
    std::string_view model);

}  // namespace llmgw
