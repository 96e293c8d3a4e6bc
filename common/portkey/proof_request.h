// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/portkey/proof_case.h"

namespace llmgw {

/// What a request says for conditions: values as JSON, by their field ("metadata.plan",
/// "params.max_tokens", "url.pathname").
using ProofFields = std::map<std::string, std::string>;

/// A row for such a request. It has a model, and the input that its path wants, in any case.
[[nodiscard]] ProofCase proof_request(const ProofFields& fields);

/// Values that make a query hold or not, by field, the likeliest to make it hold first. None for a
/// field that a request of llmgw's could not have otherwise.
using TrialValues = std::vector<std::pair<std::string, std::vector<std::string>>>;
[[nodiscard]] TrialValues trial_values(std::string_view query);

}  // namespace llmgw
