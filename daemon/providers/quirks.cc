// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/quirks.h"

#include <algorithm>
#include <array>

namespace llmgw {

namespace {

constexpr std::array<FieldRename, 1> kRandomSeed = {{{"seed", "random_seed"}}};

// In the order of the ids.
constexpr std::array kQuirks = {
    // Qwen thinks when it is told to ("Deep thinking", `enable_thinking`).
    Quirks{.provider = "alibaba", .thinking_switch = "enable_thinking"},
    // "Reasoning": `reasoning` in messages and deltas.
    Quirks{.provider = "cerebras", .says_reasoning = true},
    // "Thinking mode": later turns give `reasoning_content` back, or the answer is 400; an empty
    // one
    // will do. "Context caching": `prompt_cache_hit_tokens` within `prompt_tokens`.
    Quirks{.provider = "deepseek",
           .wants_reasoning = true,
           .usage = {.cached_tokens = "prompt_cache_hit_tokens"}},
    // "Reasoning", `reasoning_format: parsed`. Streams repeat their usage in `x_groq`.
    Quirks{.provider = "groq", .says_reasoning = true, .usage = {.envelope = "x_groq"}},
    // API reference: `random_seed`, `tool_choice: any`. "Tool call id was … but must be a-z, A-Z,
    // 0-9, with a length of 9". Magistral's content has parts of type `thinking`.
    Quirks{.provider = "mistral",
           .renames = kRandomSeed,
           .required_tool_choice = "any",
           .short_tool_ids = true,
           .thinks_in_content = true},
    // API reference: `usage.cached_tokens`.
    Quirks{.provider = "moonshot", .usage = {.cached_tokens = "cached_tokens"}},
    // "Reasoning": `reasoning` in messages and deltas.
    Quirks{.provider = "together-ai", .says_reasoning = true},
    // "Consumption and rate limits": reasoning tokens are counted apart from `completion_tokens`.
    Quirks{.provider = "xai", .usage = {.reasoning_outside_completion = true}},
};

}  // namespace

const Quirks* quirks_of(std::string_view provider) {
    const auto* const found = std::lower_bound(
        kQuirks.begin(), kQuirks.end(), provider,
        [](const Quirks& quirks, std::string_view id) { return quirks.provider < id; });
    return found != kQuirks.end() && found->provider == provider ? &*found : nullptr;
}

}  // namespace llmgw
