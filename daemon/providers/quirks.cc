// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/quirks.h"

#include <algorithm>
#include <array>

namespace llmgw {

namespace {

constexpr std::array<FieldRename, 1> kRandomSeed = {{{"seed", "random_seed"}}};

// "Deep thinking": the open hybrid models of Qwen3's first generation. "parameter.enable_thinking
// must be set to false for non-streaming calls".
constexpr std::array<std::string_view, 8> kOpenQwen3 = {
    "qwen3-0.6b",    "qwen3-1.7b", "qwen3-14b", "qwen3-235b-a22b",
    "qwen3-30b-a3b", "qwen3-32b",  "qwen3-4b",  "qwen3-8b"};

// In the order of the ids.
constexpr std::array kQuirks = {
    // Qwen thinks when it is told to ("Deep thinking", `enable_thinking`).
    Quirks{.provider = "alibaba",
           .thinking_switch = "enable_thinking",
           .think_in_streams = kOpenQwen3},
    // "Reasoning": `reasoning` in messages and deltas.
    Quirks{.provider = "cerebras", .says_reasoning = true},
    // Servers outside the catalog. vLLM and SGLang declare fields with defaults as never null, and
    // both names of thoughts, one of them null; Ollama has `reasoning`.
    Quirks{.provider = "custom", .rejects_nulls = true, .says_reasoning = true},
    // "Thinking mode": later turns give `reasoning_content` back, or the answer is 400; an empty
    // one will do.
    Quirks{.provider = "deepseek", .wants_reasoning = true},
    // "Reasoning": where the model's thoughts are not parsed, they stand in its content.
    Quirks{.provider = "fireworks", .thinks_in_tags = true},
    // "Reasoning", `reasoning_format: parsed`. "json mode cannot be combined with tool/function
    // calling"; "Structured Outputs" says the same of schemas.
    Quirks{.provider = "groq", .tools_exclude_json = true, .says_reasoning = true},
    // "OpenAI API": without `reasoning_split`, thoughts stand in <think> tags.
    Quirks{.provider = "minimax", .thinks_in_tags = true},
    // API reference: `random_seed`, `tool_choice: any`. "Tool call id was … but must be a-z, A-Z,
    // 0-9, with a length of 9". Magistral's content has parts of type `thinking`.
    Quirks{.provider = "mistral",
           .renames = kRandomSeed,
           .required_tool_choice = "any",
           .short_tool_ids = true,
           .thinks_in_content = true},
    // "Sonar reasoning pro": a <think> section before the answer. `citations` and `search_results`
    // stand beside `choices`, in every chunk of a stream.
    Quirks{.provider = "perplexity", .thinks_in_tags = true, .lists_sources = true},
    // "Reasoning": `reasoning` in messages and deltas; of some models, <think> tags in the content.
    Quirks{.provider = "together-ai", .says_reasoning = true, .thinks_in_tags = true},
};

}  // namespace

const Quirks* quirks_of(std::string_view provider) {
    const auto* const found = std::lower_bound(
        kQuirks.begin(), kQuirks.end(), provider,
        [](const Quirks& quirks, std::string_view id) { return quirks.provider < id; });
    return found != kQuirks.end() && found->provider == provider ? &*found : nullptr;
}

}  // namespace llmgw
