// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/gateway/offers.h"
#include "daemon/gateway/request_needs.h"
#include "daemon/gateway/snapshot.h"

namespace llmgw {

/// 404 `model_not_found`, with the nearest names.
[[nodiscard]] tl::unexpected<Error> unknown_model(const Snapshot& snapshot, std::string_view name);

/// The same for a model that the catalog does not have at this provider.
[[nodiscard]] tl::unexpected<Error> unknown_at_provider(const ProviderAccess& access,
                                                        std::string_view model);

/// 400 `no_provider_key`: a known model or provider that cannot be used as things are set up.
[[nodiscard]] tl::unexpected<Error> model_refused(std::string message, std::string hint);

/// Why this key, which was named, is not used.
[[nodiscard]] tl::unexpected<Error> cannot_use(const ProviderAccess& access);

/// A provider that was named and has no key, or none in this region.
[[nodiscard]] tl::unexpected<Error> no_key_for(std::string_view provider);
[[nodiscard]] tl::unexpected<Error> no_key_in(const Snapshot& snapshot, const Provider& provider,
                                              std::string_view region);

/// Why none of the candidates of a model of the catalog is asked; when it is for what the request
/// needs, with models that could.
[[nodiscard]] tl::unexpected<Error> nobody_serves(const Snapshot& snapshot, const Model& model,
                                                  const Offers& offers, const RequestNeeds& needs);

/// "images, tools, 9000 tokens of prompt": what cannot be had everywhere.
[[nodiscard]] std::string list_needs(const RequestNeeds& needs);

}  // namespace llmgw
