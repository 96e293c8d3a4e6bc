// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/routes/document.h"
#include "common/routes/route.h"

namespace llmgw {

/// Reads what a node says of itself and of all below it: parameters, retries, timeout, cache,
/// headers. Mistakes are noted in the document.
void read_node_settings(const DocumentObject& in, RouteNode& out);

/// A leaf's provider or "@LABEL", and its model.
[[nodiscard]] std::string read_provider_name(const DocumentValue& value);
[[nodiscard]] std::string read_model_name(const DocumentValue& value);

/// HTTP statuses.
[[nodiscard]] std::vector<int> read_statuses(const DocumentValue& value);

}  // namespace llmgw
