// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_scan.h"
#include "common/routes/route_tree.h"

namespace llmgw {

/// Whether a target changes any request's parameters, but for the model.
[[nodiscard]] bool changes_parameters(const RouteLeaf& leaf);

/// A body, whose members are `fields`, with a target's parameters: first its `default`s where the
/// body has nothing, then what it `set`s, then without what it `drop`s. The model is `model`,
/// whatever the body and the target say. All else stays as the bytes that it is.
[[nodiscard]] std::string apply_parameters(const std::vector<JsonField>& fields,
                                           const RouteLeaf& leaf, std::string_view model);

}  // namespace llmgw
