// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "common/portkey/proof_case.h"

namespace llmgw {

enum class ModelMatch : std::uint8_t {
    no,
    yes,
    fails,    ///< Portkey answers 400: there is no such operator
    unknown,  ///< this model cannot tell
};

/// Whether a condition's query holds for a request, as Portkey's router evaluates it.
[[nodiscard]] ModelMatch evaluate_portkey_query(std::string_view query, const ProofCase& request);

}  // namespace llmgw
