// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// How Claude is to think. Models up to 4.6 think within a budget of tokens; later ones decide for
/// themselves and are only told an effort ("Adaptive thinking" in Anthropic's documentation).
struct AnthropicThinking {
    enum class Kind { unset, disabled, budget, adaptive };
    Kind kind = Kind::unset;
    std::uint64_t budget = 0;
    std::string effort;  ///< of adaptive; empty: the model's default

    [[nodiscard]] bool on() const { return kind == Kind::budget || kind == Kind::adaptive; }
};

/// What becomes of the request's wish to think, within an answer of `max_tokens`. Where it cannot
/// be met, it is dropped and named.
[[nodiscard]] AnthropicThinking plan_anthropic_thinking(const ChatRequest& request,
                                                        const WireTarget& target,
                                                        std::uint64_t max_tokens,
                                                        AdaptedRequest& changes);

}  // namespace llmgw
