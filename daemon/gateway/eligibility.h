// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/gateway/offers.h"
#include "daemon/gateway/request_needs.h"
#include "daemon/gateway/snapshot.h"

namespace llmgw {

/// Whether a key can be used at all.
[[nodiscard]] Exclusion exclusion_of(const ProviderAccess& access);

/// Whether a key can serve its model to a request, as far as the set-up and the catalog know. The
/// last things it looks at are those one can do without: see is_preference().
[[nodiscard]] Exclusion exclusion_of(const Snapshot& snapshot, const Candidate& candidate,
                                     const RequestNeeds& needs);

/// A reason to ask others first, but no reason against asking when there are no others: a request
/// for reasoning is answered without, which `x-llmgw-changed` tells.
[[nodiscard]] constexpr bool is_preference(Exclusion exclusion) {
    return exclusion == Exclusion::unstable || exclusion == Exclusion::no_reasoning;
}

/// Whether the catalog is sure that the model can do all that a request needs.
[[nodiscard]] bool surely_can(const Mapping& mapping, const RequestNeeds& needs);

/// The region of a key: its own, or else its provider's default; empty when none is known.
[[nodiscard]] std::string_view region_of(const ProviderAccess& access);

}  // namespace llmgw
