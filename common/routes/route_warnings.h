// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/routes/route.h"
#include "common/store/store.h"

namespace llmgw {

/// What is likely not meant, although a route can be used as it is: "/targets/0/provider: …".
/// `keys` are the provider keys there are, those of the environment too.
[[nodiscard]] std::vector<std::string> route_warnings(const RouteNode& root,
                                                      std::span<const ProviderKey> keys,
                                                      std::span<const ModelAlias> aliases);

}  // namespace llmgw
