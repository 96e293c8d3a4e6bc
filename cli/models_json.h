// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/model_rows.h"

namespace llmgw {

/// `models list --json`: prices of the cheapest provider, in US dollars for a million tokens; null
/// where unknown. `usable` are the providers there is a key for.
[[nodiscard]] std::string model_list_json(const std::vector<ModelRow>& rows,
                                          const std::vector<std::string>& usable);

/// `models show --json`: every provider of the model.
[[nodiscard]] std::string model_json(const Model& model, const std::string& today);

}  // namespace llmgw
