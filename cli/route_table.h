// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/store/log_store.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

/// Why a request goes where it goes, in words: "it has the best score".
[[nodiscard]] std::string_view reason_text(RouteReason reason);

/// Why a candidate is not asked: "rests: it refused the key (401: invalid key), for another 4m".
/// `rests` are those that may say more about it.
[[nodiscard]] std::string exclusion_text(const CandidateFacts& facts,
                                         std::span<const RestRow> rests);

/// How a route led to whom it asked, a line for each choice; empty when there was none.
[[nodiscard]] std::string choices_text(const Decision& decision);

/// A decision for a person: who is asked and why, the candidates in their order with what is known
/// of them and every term of their scores, and those that were excluded.
struct DecisionView {
    const Decision& decision;
    std::optional<ScoreWeights> weights;  ///< none: the terms are shown without
    std::span<const RestRow> rests;
};
[[nodiscard]] std::string decision_text(const DecisionView& view, bool color);

}  // namespace llmgw
