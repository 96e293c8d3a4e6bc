// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "common/base/error.h"
#include "daemon/gateway/offers.h"
#include "daemon/gateway/request_needs.h"
#include "daemon/gateway/snapshot.h"

namespace llmgw {

/// What a model's name means:
///   MODEL                    all providers that serve it
///   PROVIDER/MODEL[:REGION]  that provider, in that region; the others as not `named`
///   LABEL/MODEL[:REGION]     the same with one provider key
///   @LABEL/MODEL             that key alone, and any model
///   auto                     the cheapest model that can do what the request needs
/// or an alias of one of these. At least one named candidate is not excluded. What is named is
/// asked whatever the catalog says of its abilities, and an `unknown` ability counts as one. Points
/// into the snapshot and the name. Errors: 404 `model_not_found` with the nearest names; 400 when
/// no key can serve the model or none can do what is needed, with what would help.
[[nodiscard]] Result<Offers> resolve_model(const Snapshot& snapshot, std::string_view name,
                                           const RequestNeeds& needs);

/// The same for a name that is no alias.
[[nodiscard]] Result<Offers> resolve_name(const Snapshot& snapshot, std::string_view name,
                                          const RequestNeeds& needs);

/// A key that is asked for a model, whether or not the catalog knows that it has it.
[[nodiscard]] Candidate candidate_at(const ProviderAccess& access, std::string_view model);
/// The built-in provider, asked for one.
[[nodiscard]] Candidate mock_candidate(std::string_view model);

/// "route/NAME": a route instead of a model.
inline constexpr std::string_view kRoutePrefix = "route/";
[[nodiscard]] inline bool is_route_name(std::string_view name) {
    return name.starts_with(kRoutePrefix);
}

/// What an alias stands for in the end; any other name as it is.
[[nodiscard]] std::string_view behind_aliases(const Snapshot& snapshot, std::string_view name);

/// The model's providers without a key, as excluded candidates, for explanations.
void add_providers_without_key(const Snapshot& snapshot, Offers& offers);

}  // namespace llmgw
